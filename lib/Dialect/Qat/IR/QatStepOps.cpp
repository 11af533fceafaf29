//===- QatStepOps.cpp - verifiers of form T's ops -----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WindowedSize.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::qat;

//===----------------------------------------------------------------------===//
// Channels
//===----------------------------------------------------------------------===//

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Checks that `vector` has `channels` elements.
static LogicalResult verifyChannels(Operation *op, StringRef name, Value vector,
                                    int64_t channels) {
  if (typeOf(vector).getDimSize(0) == channels)
    return success();
  return op->emitOpError("expects '")
         << name << "' to have one element a channel (" << channels
         << "), but got " << vector.getType();
}

static int64_t countChannels(Value tensor) {
  return typeOf(tensor).getShape().back();
}

static Type getSumsType(Value tensor) {
  return RankedTensorType::get(countChannels(tensor),
                               Float64Type::get(tensor.getContext()));
}

void ChannelMomentsOp::build(OpBuilder &builder, OperationState &state,
                             Value input) {
  Type sums = getSumsType(input);
  build(builder, state, sums, sums, input);
}

LogicalResult ChannelMomentsOp::verify() {
  return verifyChannels(*this, "sum", getSum(),
                        countChannels(getInput())); // channel_moments_c1
}

void ChannelProductsOp::build(OpBuilder &builder, OperationState &state,
                              Value upstream, Value input, Value mean) {
  Type sums = getSumsType(input);
  build(builder, state, sums, sums, upstream, input, mean);
}

LogicalResult ChannelProductsOp::verify() {
  int64_t channels = countChannels(getInput()); // channel_products_c1
  if (failed(verifyChannels(*this, "mean", getMean(), channels)))
    return failure();
  return verifyChannels(*this, "sum", getSum(), channels);
}

LogicalResult SumToOp::verify() {
  ArrayRef<int64_t> from = typeOf(getInput()).getShape();
  ArrayRef<int64_t> to = typeOf(getResult()).getShape();
  bool fits = to.size() <= from.size(); // sum_to_c1
  for (size_t back = 1; fits && back <= to.size(); ++back) {
    int64_t size = to[to.size() - back];
    fits = size == 1 || size == from[from.size() - back];
  }
  if (!fits)
    return emitOpError("expects a result that broadcasts to ")
           << getInput().getType() << ", but got " << getResult().getType();
  return success();
}

//===----------------------------------------------------------------------===//
// Batch norm
//===----------------------------------------------------------------------===//

void BatchStatisticsOp::build(OpBuilder &builder, OperationState &state,
                              Value sum, Value squares, int64_t count) {
  Type vector = typeOf(sum).clone(builder.getF32Type());
  build(builder, state, vector, vector, sum, squares,
        static_cast<uint64_t>(count));
}

LogicalResult BatchStatisticsOp::verify() {
  return verifyChannels(*this, "mean", getMean(),
                        countChannels(getSum())); // batch_statistics_c1
}

LogicalResult BatchNormGradientOp::verify() {
  float epsilon = getEpsilon().convertToFloat();
  if (!(epsilon >= 0) || !std::isfinite(epsilon)) // batch_norm_gradient_c2
    return emitOpError("expects a finite 'epsilon' of at least 0, but got ")
           << epsilon;
  return verifyChannels(*this, "sum", getSum(),
                        countChannels(getGamma())); // batch_norm_gradient_c1
}

LogicalResult ChannelAffineOp::verify() {
  return verifyChannels(*this, "offset", getOffset(),
                        countChannels(getInput())); // channel_affine_c1
}

//===----------------------------------------------------------------------===//
// Gradients of ops of form F
//===----------------------------------------------------------------------===//

LogicalResult ClampGradientOp::verify() {
  if (getMinimum().isNaN() || getMaximum().isNaN()) // clamp_gradient_c1
    return emitOpError("expects bounds that are numbers");
  return success();
}

/// Checks the gradient `upstream` of a pool over `input`.
template <typename OpTy>
static LogicalResult verifyPoolGradient(OpTy op, RankedTensorType input,
                                        RankedTensorType upstream) {
  ArrayRef<int64_t> kernel = op.getKernel(), stride = op.getStride(),
                    pad = op.getPad();
  for (auto [index, size] : llvm::enumerate(pad))
    if (size >= kernel[index / 2])
      return op.emitOpError("expects each pad to be smaller than the kernel [")
             << kernel << "], but got [" << pad << "]";
  SmallVector<int64_t> expected = {
      input.getDimSize(0),
      windowedSize(input.getDimSize(1), pad[0], pad[1], kernel[0], stride[0],
                   /*dilation=*/1),
      windowedSize(input.getDimSize(2), pad[2], pad[3], kernel[1], stride[1],
                   /*dilation=*/1),
      input.getDimSize(3)};
  if (upstream.getShape() != ArrayRef(expected))
    return op.emitOpError("expects 'upstream' to have the shape [")
           << expected << "], but got [" << upstream.getShape() << "]";
  return success();
}

LogicalResult AvgPool2DGradientOp::verify() { // avg_pool2d_gradient_c1, c2, c3
  return verifyPoolGradient(*this, getType(), typeOf(getUpstream()));
}

LogicalResult MaxPool2DGradientOp::verify() { // max_pool2d_gradient_c1, c2, c3
  return verifyPoolGradient(*this, typeOf(getInput()), typeOf(getUpstream()));
}

LogicalResult SoftmaxGradientOp::verify() {
  if (typeOf(getResult()).getRank() == 0) // softmax_gradient_c1
    return emitOpError("expects 'result' to have at least one dimension");
  return success();
}
