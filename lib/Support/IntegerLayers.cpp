//===- IntegerLayers.cpp - the integer layers as plain loops -------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/IntegerLayers.h"

#include "qat/Support/Thresholds.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

using namespace llvm;
using namespace mlir::qat;

int64_t IntegerTensor::getNumElements() const {
  return product_of(shape, int64_t(1));
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

static Error checkTensor(const IntegerTensor &tensor, size_t rank,
                         StringRef name) {
  bool positive = all_of(tensor.shape, [](int64_t size) { return size > 0; });
  if (tensor.shape.size() == rank && positive &&
      tensor.getNumElements() == static_cast<int64_t>(tensor.values.size()))
    return Error::success();
  return createStringError(formatv(
      "expected '{0}' to be a tensor of rank {1} with positive sizes, but got "
      "shape [{2}] and {3} values",
      name, rank,
      join(map_range(tensor.shape,
                     [](int64_t size) { return std::to_string(size); }),
           ", "),
      tensor.values.size()));
}

static Error checkOneOrEach(size_t count, int64_t channels, bool mayBeEmpty,
                            StringRef name) {
  if (count == 1 || static_cast<int64_t>(count) == channels ||
      (count == 0 && mayBeEmpty))
    return Error::success();
  return createStringError(formatv(
      "expected '{0}' to have one element, or one a channel ({1}), but got {2}",
      name, channels, count));
}

static Error checkLayer(const LayerWeights &weights,
                        const Requantization &requantization,
                        int64_t channels) {
  if (Error error = checkOneOrEach(weights.zeroPoints.size(), channels,
                                   /*mayBeEmpty=*/false, "zero points"))
    return error;
  if (Error error = checkOneOrEach(requantization.multipliers.size(), channels,
                                   /*mayBeEmpty=*/true, "multipliers"))
    return error;
  int64_t thresholds = requantization.thresholds.size();
  int64_t levels =
      int64_t(requantization.storageMax) - int64_t(requantization.storageMin);
  if (thresholds != 0 && thresholds != channels * levels)
    return createStringError(
        formatv("expected {0} 'thresholds' for each of {1} channels, but got "
                "{2} in all",
                levels, channels, thresholds));
  int64_t falling = requantization.falling.size();
  if (falling != 0 && (falling != channels || thresholds == 0))
    return createStringError(
        formatv("expected 'falling' to have one element a channel ({0}) beside "
                "'thresholds', but got {1}",
                channels, falling));
  if (requantization.biases.empty() ||
      static_cast<int64_t>(requantization.biases.size()) == channels)
    return Error::success();
  return createStringError(
      formatv("expected 'biases' to have one element a channel ({0}), but got "
              "{1}",
              channels, requantization.biases.size()));
}

/// The height (axis 0) or width (axis 1) of a windowed result.
static Expected<int64_t> getOutputSize(int64_t inputSize, int64_t kernel,
                                       const Window &window, int axis) {
  int64_t before = window.pads[2 * axis], after = window.pads[2 * axis + 1];
  int64_t stride = window.stride[axis], dilation = window.dilation[axis];
  int64_t span = inputSize + before + after - (kernel - 1) * dilation - 1;
  if (kernel < 1 || stride < 1 || dilation < 1 || before < 0 || after < 0 ||
      span < 0)
    return createStringError(formatv(
        "a window of {0} with stride {1}, dilation {2} and pads {3} and "
        "{4} does not fit {5} elements",
        kernel, stride, dilation, before, after, inputSize));
  return span / stride + 1;
}

//===----------------------------------------------------------------------===//
// Layers with weights
//===----------------------------------------------------------------------===//

template <typename T> static T oneOrEach(ArrayRef<T> list, int64_t channel) {
  return list[list.size() == 1 ? 0 : channel];
}

static int32_t finish(int64_t acc, int64_t channel,
                      const Requantization &requantization) {
  if (!requantization.thresholds.empty()) {
    int64_t levels =
        int64_t(requantization.storageMax) - int64_t(requantization.storageMin);
    return requantization.storageMin +
           countPassed(
               acc, requantization.thresholds.slice(channel * levels, levels),
               !requantization.falling.empty() &&
                   requantization.falling[channel]);
  }
  if (!requantization.biases.empty())
    acc += requantization.biases[channel];
  if (requantization.multipliers.empty())
    return static_cast<int32_t>(std::clamp<int64_t>(
        acc + requantization.zeroPoint, requantization.storageMin,
        requantization.storageMax));
  return requantize(acc, oneOrEach(requantization.multipliers, channel),
                    requantization.storageMin, requantization.storageMax,
                    requantization.zeroPoint, requantization.rounding);
}

/// Calls `visit(input value index without channel, kernel y, kernel x)` for the
/// elements under the window of output (y, x) in image n that are no pads.
/// Pads hold the zero point, so they add nothing to an accumulator either.
static void
forEachInWindow(const IntegerTensor &input, const Window &window,
                int64_t kernelHeight, int64_t kernelWidth, int64_t n, int64_t y,
                int64_t x,
                function_ref<void(int64_t, int64_t, int64_t)> visit) {
  int64_t height = input.shape[1], width = input.shape[2];
  for (int64_t ky = 0; ky < kernelHeight; ++ky)
    for (int64_t kx = 0; kx < kernelWidth; ++kx) {
      int64_t iy =
          y * window.stride[0] + ky * window.dilation[0] - window.pads[0];
      int64_t ix =
          x * window.stride[1] + kx * window.dilation[1] - window.pads[2];
      if (iy >= 0 && iy < height && ix >= 0 && ix < width)
        visit(((n * height + iy) * width + ix) * input.shape[3], ky, kx);
    }
}

/// Fills an NHWC result by calling `compute(n, y, x, channel)` in order.
static Expected<IntegerTensor> fillWindowed(
    const IntegerTensor &input, const Window &window, int64_t kernelHeight,
    int64_t kernelWidth, int64_t channels,
    function_ref<int32_t(int64_t, int64_t, int64_t, int64_t)> compute) {
  Expected<int64_t> height =
      getOutputSize(input.shape[1], kernelHeight, window, 0);
  if (!height)
    return height.takeError();
  Expected<int64_t> width =
      getOutputSize(input.shape[2], kernelWidth, window, 1);
  if (!width)
    return width.takeError();
  IntegerTensor result{{input.shape[0], *height, *width, channels}, {}};
  result.values.reserve(result.getNumElements());
  for (int64_t n = 0; n < input.shape[0]; ++n)
    for (int64_t y = 0; y < *height; ++y)
      for (int64_t x = 0; x < *width; ++x)
        for (int64_t channel = 0; channel < channels; ++channel)
          result.values.push_back(compute(n, y, x, channel));
  return result;
}

Expected<IntegerTensor>
mlir::qat::referenceConv2d(const IntegerTensor &input, int32_t inputZeroPoint,
                           const LayerWeights &weights, const Window &window,
                           int64_t groups,
                           const Requantization &requantization) {
  const IntegerTensor &kernel = weights.tensor;
  if (Error error = checkTensor(input, 4, "input"))
    return std::move(error);
  if (Error error = checkTensor(kernel, 4, "weights"))
    return std::move(error);
  int64_t channels = kernel.shape[0], kernelHeight = kernel.shape[1],
          kernelWidth = kernel.shape[2], groupSize = kernel.shape[3];
  if (groups < 1 || channels % groups != 0 ||
      input.shape[3] != groups * groupSize)
    return createStringError(formatv(
        "{0} groups do not divide {1} input channels into {2} and {3} output "
        "channels",
        groups, input.shape[3], groupSize, channels));
  if (Error error = checkLayer(weights, requantization, channels))
    return std::move(error);
  return fillWindowed(
      input, window, kernelHeight, kernelWidth, channels,
      [&](int64_t n, int64_t y, int64_t x, int64_t o) {
        int64_t firstInput = o / (channels / groups) * groupSize;
        int32_t zeroPoint = oneOrEach(weights.zeroPoints, o);
        int64_t acc = 0;
        forEachInWindow(
            input, window, kernelHeight, kernelWidth, n, y, x,
            [&](int64_t pixel, int64_t ky, int64_t kx) {
              for (int64_t i = 0; i < groupSize; ++i) {
                int64_t weight =
                    kernel.values[((o * kernelHeight + ky) * kernelWidth + kx) *
                                      groupSize +
                                  i];
                int64_t value = input.values[pixel + firstInput + i];
                acc += (value - inputZeroPoint) * (weight - zeroPoint);
              }
            });
        return finish(acc, o, requantization);
      });
}

Expected<IntegerTensor> mlir::qat::referenceDepthwiseConv2d(
    const IntegerTensor &input, int32_t inputZeroPoint,
    const LayerWeights &weights, const Window &window,
    const Requantization &requantization) {
  const IntegerTensor &kernel = weights.tensor;
  if (Error error = checkTensor(input, 4, "input"))
    return std::move(error);
  if (Error error = checkTensor(kernel, 4, "weights"))
    return std::move(error);
  int64_t kernelHeight = kernel.shape[0], kernelWidth = kernel.shape[1],
          multiplicity = kernel.shape[3];
  int64_t channels = kernel.shape[2] * multiplicity;
  if (input.shape[3] != kernel.shape[2])
    return createStringError(
        formatv("depthwise weights for {0} channels do not fit {1} input "
                "channels",
                kernel.shape[2], input.shape[3]));
  if (Error error = checkLayer(weights, requantization, channels))
    return std::move(error);
  return fillWindowed(
      input, window, kernelHeight, kernelWidth, channels,
      [&](int64_t n, int64_t y, int64_t x, int64_t o) {
        int32_t zeroPoint = oneOrEach(weights.zeroPoints, o);
        int64_t acc = 0;
        forEachInWindow(
            input, window, kernelHeight, kernelWidth, n, y, x,
            [&](int64_t pixel, int64_t ky, int64_t kx) {
              int64_t weight =
                  kernel.values[(ky * kernelWidth + kx) * channels + o];
              int64_t value = input.values[pixel + o / multiplicity];
              acc += (value - inputZeroPoint) * (weight - zeroPoint);
            });
        return finish(acc, o, requantization);
      });
}

Expected<IntegerTensor> mlir::qat::referenceFullyConnected(
    const IntegerTensor &input, int32_t inputZeroPoint,
    const LayerWeights &weights, const Requantization &requantization) {
  const IntegerTensor &matrix = weights.tensor;
  if (Error error = checkTensor(input, 2, "input"))
    return std::move(error);
  if (Error error = checkTensor(matrix, 2, "weights"))
    return std::move(error);
  int64_t channels = matrix.shape[0], features = matrix.shape[1];
  if (input.shape[1] != features)
    return createStringError(
        formatv("weights for {0} features do not fit an input of {1}", features,
                input.shape[1]));
  if (Error error = checkLayer(weights, requantization, channels))
    return std::move(error);
  IntegerTensor result{{input.shape[0], channels}, {}};
  for (int64_t n = 0; n < input.shape[0]; ++n)
    for (int64_t o = 0; o < channels; ++o) {
      int32_t zeroPoint = oneOrEach(weights.zeroPoints, o);
      int64_t acc = 0;
      for (int64_t i = 0; i < features; ++i) {
        int64_t value = input.values[n * features + i];
        int64_t weight = matrix.values[o * features + i];
        acc += (value - inputZeroPoint) * (weight - zeroPoint);
      }
      result.values.push_back(finish(acc, o, requantization));
    }
  return result;
}

//===----------------------------------------------------------------------===//
// Add and concat
//===----------------------------------------------------------------------===//

Expected<IntegerTensor>
mlir::qat::referenceAdd(const IntegerTensor &input1, const Grid &grid1,
                        const IntegerTensor &input2, const Grid &grid2,
                        const Grid &result, const AddRule &rule) {
  size_t rank = input1.shape.size();
  if (Error error = checkTensor(input1, rank, "input1"))
    return std::move(error);
  if (Error error = checkTensor(input2, rank, "input2"))
    return std::move(error);
  if (input1.shape != input2.shape)
    return createStringError("operands of an add differ in shape");
  IntegerTensor sum{input1.shape, {}};
  for (auto [x1, x2] : zip_equal(input1.values, input2.values))
    sum.values.push_back(addRequantize(x1, grid1, x2, grid2, result, rule));
  return sum;
}

IntegerTensor mlir::qat::referenceRescale(const IntegerTensor &input,
                                          const Grid &grid, const Grid &result,
                                          const AddRule &rule) {
  IntegerTensor moved{input.shape, {}};
  for (int32_t x : input.values)
    moved.values.push_back(rescale(x, grid, result, rule));
  return moved;
}

Expected<IntegerTensor>
mlir::qat::referenceConcat(ArrayRef<IntegerTensor> inputs) {
  if (inputs.empty() || inputs.front().shape.empty())
    return createStringError("a concat needs operands of rank 1 or more");
  IntegerTensor result{inputs.front().shape, {}};
  result.shape.back() = 0;
  for (const IntegerTensor &input : inputs) {
    if (Error error = checkTensor(input, result.shape.size(), "operand"))
      return std::move(error);
    if (ArrayRef<int64_t>(input.shape).drop_back() !=
        ArrayRef<int64_t>(result.shape).drop_back())
      return createStringError(
          "operands of a concat differ in a dimension that is not the last");
    result.shape.back() += input.shape.back();
  }
  int64_t rows = result.getNumElements() / result.shape.back();
  for (int64_t row = 0; row < rows; ++row)
    for (const IntegerTensor &input : inputs) {
      int64_t size = input.shape.back();
      append_range(result.values,
                   ArrayRef<int32_t>(input.values).slice(row * size, size));
    }
  return result;
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

/// Fills a pool with `reduce(values under the window)`.
static Expected<IntegerTensor>
fillPool(const IntegerTensor &input, const Window &window,
         function_ref<int32_t(ArrayRef<int32_t>)> reduce) {
  if (Error error = checkTensor(input, 4, "input"))
    return std::move(error);
  bool padsOnly = false;
  Expected<IntegerTensor> result = fillWindowed(
      input, window, window.kernel[0], window.kernel[1], input.shape[3],
      [&](int64_t n, int64_t y, int64_t x, int64_t channel) -> int32_t {
        SmallVector<int32_t> values;
        forEachInWindow(input, window, window.kernel[0], window.kernel[1], n, y,
                        x, [&](int64_t pixel, int64_t, int64_t) {
                          values.push_back(input.values[pixel + channel]);
                        });
        padsOnly |= values.empty();
        return values.empty() ? 0 : reduce(values);
      });
  if (result && padsOnly)
    return createStringError("a window of the pool lies in its pads alone");
  return result;
}

Expected<IntegerTensor>
mlir::qat::referenceAvgPool2d(const IntegerTensor &input, int32_t zeroPoint,
                              const Window &window, Rounding rounding) {
  return fillPool(input, window, [&](ArrayRef<int32_t> values) {
    int64_t sum = 0;
    for (int32_t value : values)
      sum += int64_t(value) - zeroPoint;
    return static_cast<int32_t>(
        roundAverage(sum, static_cast<int64_t>(values.size()), rounding) +
        zeroPoint);
  });
}

Expected<IntegerTensor>
mlir::qat::referenceMaxPool2d(const IntegerTensor &input,
                              const Window &window) {
  return fillPool(input, window, [](ArrayRef<int32_t> values) {
    return *llvm::max_element(values);
  });
}
