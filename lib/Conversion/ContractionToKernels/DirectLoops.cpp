//===- DirectLoops.cpp - contractions of few channels as loops --*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Forward and for the weights' gradient, a vector holds output channels of one
// pixel: every input value of the window, in all lanes, is multiplied by its
// vector of weights, or of the pixel's gradient. For the input's gradient of a
// pointwise convolution a vector holds input channels.
//
//===----------------------------------------------------------------------===//

#include "DirectLoops.h"

#include "VectorLoops.h"
#include "WindowSegments.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::qat;

/// Pixels of a pointwise convolution know no neighbours: all of them as a few
/// long rows, however the caller cuts them into images.
static ContractionGeometry joinPixels(ContractionGeometry g) {
  // The longest chain of additions for a gradient of weights.
  constexpr int64_t longestRow = 4096;
  if (!g.isPointwise())
    return g;
  int64_t pixels = g.batch * g.pixels();
  int64_t rows = llvm::divideCeil(pixels, longestRow);
  while (pixels % rows != 0)
    ++rows;
  if (rows * 64 > pixels)
    rows = 1;
  g.batch = rows;
  g.height = g.outHeight = 1;
  g.width = g.outWidth = pixels / rows;
  return g;
}

namespace {
class DirectLoops : VectorLoops {
public:
  DirectLoops(ImplicitLocOpBuilder &b, const ContractionGeometry &g,
              int64_t lanes)
      : VectorLoops(b), g(joinPixels(g)), lanes(lanes),
        window(g.kernelHeight * g.kernelWidth * g.channels) {}

  void buildForward(Value x, Value w, Value y) {
    Value image = flatten(x), weights = flatten(w), output = flatten(y);
    loopOverChannels(
        g.outChannels, lanes,
        [&](Value channel, int64_t width, int64_t active) {
          SmallVector<Value> factors;
          Value first = scale(channel, window);
          for (int64_t place = 0; place < window; ++place)
            factors.push_back(
                gather(weights, add(first, place), window, width, active));
          loop(0, g.batch, 1, {}, [&](Value n, ValueRange) {
            loopOverPixels(
                n, channel, {},
                [&](Value pixel, const Inputs &inputs, SmallVector<Value> &) {
                  Value sum = getZeros(width);
                  for (auto [place, index] : inputs)
                    sum = multiplyAdd(splat(image, index, width),
                                      factors[place], sum);
                  store(output, pixel, sum, active);
                });
            return SmallVector<Value>();
          });
        });
  }

  void buildWeightGradient(Value x, Value dy, Value dw, bool accumulate) {
    Value image = flatten(x), output = flatten(dy), gradient = flatten(dw);
    loopOverChannels(
        g.outChannels, lanes,
        [&](Value channel, int64_t width, int64_t active) {
          Value first = scale(channel, window);
          for (int64_t place = 0; place < window && !accumulate; ++place)
            scatter(gradient, add(first, place), window, getZeros(width),
                    active);
          loop(0, g.batch, 1, {}, [&](Value n, ValueRange) {
            SmallVector<Value> sums(window, getZeros(width));
            sums = loopOverPixels(
                n, channel, sums,
                [&](Value pixel, const Inputs &inputs,
                    SmallVector<Value> &carried) {
                  Value values = load(output, pixel, width, active);
                  for (auto [place, index] : inputs)
                    carried[place] = multiplyAdd(splat(image, index, width),
                                                 values, carried[place]);
                });
            // The sums of the images are added one by one: shorter chains of
            // additions than through all pixels at once.
            for (auto [place, sum] : llvm::enumerate(sums)) {
              Value index = add(first, place);
              Value total = arith::AddFOp::create(
                  b, gather(gradient, index, window, width, active), sum);
              scatter(gradient, index, window, total, active);
            }
            return SmallVector<Value>();
          });
        });
  }

  void buildInputGradient(Value dy, Value w, Value dx) {
    Value output = flatten(dy), weights = flatten(w), gradient = flatten(dx);
    loopOverChannels(
        g.channels, lanes, [&](Value channel, int64_t width, int64_t active) {
          SmallVector<Value> factors;
          for (int64_t out = 0; out < g.outChannels; ++out)
            factors.push_back(
                load(weights, add(channel, out * g.channels), width, active));
          loop(0, g.batch * g.pixels(), 1, {}, [&](Value pixel, ValueRange) {
            Value sum = getZeros(width), first = scale(pixel, g.outChannels);
            for (int64_t out = 0; out < g.outChannels; ++out)
              sum = multiplyAdd(splat(output, add(first, out), width),
                                factors[out], sum);
            store(gradient, add(scale(pixel, g.channels), channel), sum,
                  active);
            return SmallVector<Value>();
          });
        });
  }

private:
  /// The places in the window that lie inside the image, each with the index of
  /// the input value there.
  using Inputs = SmallVector<std::pair<int64_t, Value>>;
  using Pixel = function_ref<void(Value, const Inputs &, SmallVector<Value> &)>;

  /// Loops over the output pixels of image `n`: `body` gets the index of
  /// channel `channel` of the pixel.
  SmallVector<Value> loopOverPixels(Value n, Value channel,
                                    SmallVector<Value> carried, Pixel body) {
    WindowPlane plane(g, /*forward=*/true);
    int64_t pitch = g.width * g.channels, outPitch = g.outWidth * g.outChannels;
    Value inputs = scale(n, g.height * pitch);
    Value outputs = add(scale(n, g.outHeight * outPitch), channel);
    for (const Segment &row : plane.rows)
      carried =
          loop(row.begin, row.end, 1, carried, [&](Value y, ValueRange inRow) {
            SmallVector<Value> values(inRow);
            Value outputRow = add(outputs, scale(y, outPitch));
            Value inputRow = add(inputs, scale(y, row.otherScale * pitch));
            for (const Segment &column : plane.columns)
              values = loop(column.begin, column.end, 1, values,
                            [&](Value x, ValueRange inColumn) {
                              SmallVector<Value> next(inColumn);
                              Value input =
                                  add(inputRow,
                                      scale(x, column.otherScale * g.channels));
                              body(add(outputRow, scale(x, g.outChannels)),
                                   getInputs(row, column, input, pitch), next);
                              return next;
                            });
            return values;
          });
    return carried;
  }

  Inputs getInputs(const Segment &row, const Segment &column, Value input,
                   int64_t pitch) {
    Inputs inputs;
    for (const Tap &ky : row.taps)
      for (const Tap &kx : column.taps)
        for (int64_t in = 0; in < g.channels; ++in)
          inputs.push_back(
              {(ky.tap * g.kernelWidth + kx.tap) * g.channels + in,
               add(input, ky.offset * pitch + kx.offset * g.channels + in)});
    return inputs;
  }

  ContractionGeometry g;
  int64_t lanes;
  /// Input values that a pixel of the output sees.
  int64_t window;
};
} // namespace

bool mlir::qat::hasDirectLoops(ContractionKind kind,
                               const ContractionGeometry &g) {
  // Of 32 vector registers some hold the sum and the input value.
  constexpr int64_t registers = 28;
  if (g.depthwise || g.groups != 1)
    return false;
  if (kind == ContractionKind::InputGradient)
    return g.isPointwise() && g.channels <= 8 && g.outChannels <= registers;
  bool fits = g.kernelHeight * g.kernelWidth * g.channels <= registers &&
              WindowPlane(g, /*forward=*/true).countTaps() <= 64;
  return fits && (g.isPointwise() ? g.channels <= 8 : g.outChannels <= 16);
}

void mlir::qat::buildDirectLoops(ImplicitLocOpBuilder &b, ContractionKind kind,
                                 const ContractionGeometry &geometry,
                                 Value left, Value right, Value result,
                                 bool accumulate, int64_t lanes) {
  DirectLoops loops(b, geometry, lanes);
  switch (kind) {
  case ContractionKind::Forward:
    return loops.buildForward(left, right, result);
  case ContractionKind::InputGradient:
    return loops.buildInputGradient(left, right, result);
  case ContractionKind::WeightGradient:
    return loops.buildWeightGradient(left, right, result, accumulate);
  }
}
