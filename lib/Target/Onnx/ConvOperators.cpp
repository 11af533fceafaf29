//===- ConvOperators.cpp - convolutions ---------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Operators.h"
#include "Window.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/Twine.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;
using namespace mlir::qat::onnx;

namespace {
/// A convolution as the model has it; a signal's has kernels of height 1.
struct Convolution {
  int64_t groups = 1, outputs = 0, groupInputs = 0;
  std::array<int64_t, 2> kernel{};
  /// OIHW, I the input channels of a group.
  std::vector<float> weights;
  /// Empty where there is none.
  std::vector<float> bias;

  int64_t pixels() const { return kernel[0] * kernel[1]; }
};
} // namespace

/// OIHW to OHWI.
static std::vector<float> toOHWI(const Convolution &conv) {
  std::vector<float> result;
  result.reserve(conv.weights.size());
  for (int64_t o = 0; o < conv.outputs; ++o)
    for (int64_t pixel = 0; pixel < conv.pixels(); ++pixel)
      for (int64_t i = 0; i < conv.groupInputs; ++i)
        result.push_back(
            conv.weights[(o * conv.groupInputs + i) * conv.pixels() + pixel]);
  return result;
}

/// (C*M)x1xHxW to HxWxCxM: the output channels keep their order.
static std::vector<float> toHWCM(const Convolution &conv) {
  std::vector<float> result;
  result.reserve(conv.weights.size());
  for (int64_t pixel = 0; pixel < conv.pixels(); ++pixel)
    for (int64_t o = 0; o < conv.outputs; ++o)
      result.push_back(conv.weights[o * conv.pixels() + pixel]);
  return result;
}

/// Makes scale * x + offset of the input a part of the convolution. With an
/// offset there must be no padding: that is zero after the map, not before.
static void takeUp(const Pending &pending, Convolution &conv) {
  auto at = [](ArrayRef<double> values, int64_t channel) {
    return values[values.size() == 1 ? 0 : channel];
  };
  std::vector<double> bias(conv.bias.begin(), conv.bias.end());
  if (pending.hasOffset())
    bias.resize(conv.outputs, 0.0);
  size_t index = 0;
  for (int64_t o = 0; o < conv.outputs; ++o) {
    int64_t first = o / (conv.outputs / conv.groups) * conv.groupInputs;
    for (int64_t i = 0; i < conv.groupInputs; ++i)
      for (int64_t pixel = 0; pixel < conv.pixels(); ++pixel, ++index) {
        float &weight = conv.weights[index];
        if (pending.hasOffset())
          bias[o] += weight * at(pending.offset, first + i);
        weight *= at(pending.scale, first + i);
      }
  }
  conv.bias.assign(bias.begin(), bias.end());
}

/// Reads what does not depend on the window.
static LogicalResult readConvolution(NodeContext &node, ArrayRef<int64_t> shape,
                                     Convolution &conv) {
  FailureOr<const Constant *> weight = node.reals(1, "weight");
  if (failed(weight) || failed(node.read("group", conv.groups)))
    return failure();
  ArrayRef<int64_t> dims = (*weight)->dims;
  size_t rank = shape.size() - 2;
  int64_t inputs = shape[1], groups = conv.groups;
  if (dims.size() != shape.size() || (*weight)->floats.empty())
    return node.refuse("its weight has the shape " + formatShape(dims) +
                       "; a " + Twine(rank) + "-D convolution needs " +
                       (rank == 1 ? "three" : "four") + " dimensions");
  conv.outputs = dims[0];
  conv.groupInputs = dims[1];
  if (groups < 1 || inputs % groups != 0 || conv.outputs % groups != 0)
    return node.refuse(Twine(groups) + " groups do not divide " +
                       Twine(inputs) + " input and " + Twine(conv.outputs) +
                       " output channels");
  if (dims[1] != inputs / groups)
    return node.refuse("its weight has the shape " + formatShape(dims) +
                       ", which does not fit " + Twine(inputs) +
                       " input channels in " + Twine(groups) + " groups");
  std::vector<int64_t> own(dims.begin() + 2, dims.end()), kernel = own;
  if (failed(node.read("kernel_shape", kernel)))
    return failure();
  if (kernel != own)
    return node.refuse("its kernel_shape " + formatShape(kernel) +
                       " is not that of its weight, " + formatShape(dims));
  conv.kernel = {rank == 1 ? 1 : own.front(), own.back()};
  conv.weights = (*weight)->floats;
  if (!node.has(2))
    return success();
  FailureOr<const Constant *> bias = node.reals(2, "bias");
  if (failed(bias))
    return failure();
  if (ArrayRef<int64_t>((*bias)->dims) != ArrayRef(conv.outputs))
    return node.refuse("its bias has the shape " + formatShape((*bias)->dims) +
                       "; expected " + Twine(conv.outputs));
  conv.bias = (*bias)->floats;
  return success();
}

LogicalResult qat::onnx::importConv(NodeContext &node) {
  FailureOr<Data> input = node.unsettled(0);
  if (failed(input))
    return failure();
  if (!input->isImage())
    return node.refuseShape(0, *input, "images (NxCxHxW) and signals (NxCxW)");
  if (input->pending && input->pending->kind == Pending::Kind::Affine &&
      input->pending->axis != 1)
    node.settle(0, *input);
  Convolution conv;
  if (failed(readConvolution(node, input->shape, conv)))
    return failure();
  FailureOr<Image> image = node.image(*input);
  if (failed(image))
    return failure();
  FailureOr<Window> window = readWindow(node, conv.kernel, *image);
  if (failed(window) || failed(node.checkAllRead(3)))
    return failure();
  SmallVector<int64_t, 4> shape =
      image->shape(conv.outputs, window->output[0], window->output[1]);
  if (!countElements(shape))
    return node.refuse("its result has the impossible shape " +
                       formatShape(shape));
  if (image->pending && image->pending->kind == Pending::Kind::Affine) {
    if (image->pending->hasOffset() && window->hasPads()) {
      node.settle(0, *input);
      image = node.image(*input);
    } else {
      takeUp(*image->pending, conv);
    }
  }

  Emitter &emit = node.emit();
  Value value = cropToWindows(node, *window, *image);
  RankedTensorType type = emit.type(
      {image->batch, window->output[0], window->output[1], conv.outputs});
  bool isDepthwise = conv.groups == image->channels && conv.groups > 1;
  auto [height, width] = conv.kernel;
  Value weights =
      isDepthwise
          ? node.parameter(
                node.layer(), "weight",
                {height, width, conv.groups, conv.outputs / conv.groups},
                toHWCM(conv))
          : node.parameter(node.layer(), "weight",
                           {conv.outputs, height, width, conv.groupInputs},
                           toOHWI(conv));
  Value bias = node.bias(conv.bias, conv.outputs);
  OpBuilder &builder = node.builder();
  Operation *op;
  if (conv.groups > 1 && !isDepthwise) {
    op = GroupedConv2DOp::create(builder, node.loc(), type, value, weights,
                                 bias, window->pad, window->stride,
                                 window->dilation, conv.groups);
  } else {
    Value zeroPoint = emit.zeros(node.loc(), 1);
    Type accumulator = builder.getF32Type();
    if (isDepthwise)
      op = tosa::DepthwiseConv2DOp::create(
          builder, node.loc(), type, value, weights, bias, zeroPoint, zeroPoint,
          window->pad, window->stride, window->dilation, accumulator);
    else
      op = tosa::Conv2DOp::create(
          builder, node.loc(), type, value, weights, bias, zeroPoint, zeroPoint,
          window->pad, window->stride, window->dilation, accumulator);
  }
  Data data;
  data.value = op->getResult(0);
  data.shape = shape;
  data.layout = Layout::channelsLast(shape);
  data.producer.kind = Producer::Kind::Layer;
  data.producer.layer = node.layer().str();
  data.producer.biasFree = conv.bias.empty() ? op : nullptr;
  data.producer.isDepthwise = isDepthwise;
  data.producer.channels = conv.outputs;
  return node.result(std::move(data));
}
