//===- QatFloatOps.cpp - verifiers of the float ops ===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WindowedSize.h"

#include "qat/Dialect/Qat/IR/ChannelAxes.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qat;

static LogicalResult verifyEpsilon(Operation *op, const APFloat &epsilon) {
  if (epsilon.isFinite() && !(epsilon.isNegative() && !epsilon.isZero()))
    return success();
  return op->emitOpError("expects a finite 'epsilon' of at least 0, but got ")
         << epsilon.convertToFloat();
}

LogicalResult BatchNormOp::verify() {
  auto input = cast<RankedTensorType>(getInput().getType());
  int64_t channels = input.getShape().back();
  if (ShapedType::isDynamic(channels)) // batch_norm_c1
    return emitOpError("expects 'input' to have a static number of channels");
  int64_t got = cast<RankedTensorType>(getGamma().getType()).getDimSize(0);
  if (got != channels) // batch_norm_c1
    return emitOpError("expects 'gamma' to have one element a channel (")
           << channels << "), but got " << got;
  if (failed(verifyEpsilon(*this, getEpsilon()))) // batch_norm_c2
    return failure();
  if (getFrozen() &&
      (!getFoldType() ||
       *getFoldType() == BatchNormFold::FoldingWeights)) // batch_norm_c3
    return emitOpError("expects a frozen batch norm to have 'fold_type' ICN or "
                       "folding_thresh");
  return success();
}

LogicalResult GroupedConv2DOp::verify() {
  auto shapeOf = [](Value value) {
    return cast<RankedTensorType>(value.getType()).getShape();
  };
  ArrayRef<int64_t> input = shapeOf(getInput()), weight = shapeOf(getWeight());
  for (int64_t size : input.drop_front())
    if (ShapedType::isDynamic(size) ||
        size > std::numeric_limits<int32_t>::max()) // grouped_conv2d_c4
      return emitOpError("expects 'input' to have static height, width and "
                         "channels below 2^31, but got ")
             << getInput().getType();
  int64_t groups = getGroups(), channels = weight[0];
  if (input[3] % groups != 0 || channels % groups != 0 ||
      weight[3] != input[3] / groups) // grouped_conv2d_c1
    return emitOpError("expects 'weight' of shape OC x KH x KW x IC/groups "
                       "with 'groups' dividing IC and OC (IC = ")
           << input[3] << ", groups = " << groups << "), but got [" << weight
           << "]";
  if (int64_t biases = shapeOf(getBias())[0];
      biases != channels) // grouped_conv2d_c2
    return emitOpError("expects 'bias' to have one element a channel (")
           << channels << "), but got " << biases;
  ArrayRef<int64_t> pad = getPad(), stride = getStride(),
                    dilation = getDilation();
  SmallVector<int64_t> expected = {
      input[0],
      windowedSize(input[1], pad[0], pad[1], weight[1], stride[0], dilation[0]),
      windowedSize(input[2], pad[2], pad[3], weight[2], stride[1], dilation[1]),
      channels};
  if (shapeOf(getResult()) != ArrayRef(expected) || expected[1] < 1 ||
      expected[2] < 1) // grouped_conv2d_c3
    return emitOpError("expects a result of shape [")
           << expected << "], but got [" << shapeOf(getResult()) << "]";
  return success();
}

LogicalResult RoundedAvgPool2DOp::verify() {
  ArrayRef<int64_t> input =
      cast<RankedTensorType>(getInput().getType()).getShape();
  ArrayRef<int64_t> result =
      cast<RankedTensorType>(getResult().getType()).getShape();
  for (int64_t size : input.drop_front())
    if (ShapedType::isDynamic(size) ||
        size > std::numeric_limits<int32_t>::max()) // rounded_avg_pool2d_c1
      return emitOpError("expects 'input' to have static height, width and "
                         "channels below 2^31, but got ")
             << getInput().getType();
  ArrayRef<int64_t> kernel = getKernel(), stride = getStride(), pad = getPad();
  for (auto [index, size] : llvm::enumerate(pad))
    if (size >= kernel[index / 2]) // rounded_avg_pool2d_c3
      return emitOpError("expects each pad to be smaller than the kernel [")
             << kernel << "], but got [" << pad << "]";
  SmallVector<int64_t> expected = {
      // rounded_avg_pool2d_c1, c2
      input[0], windowedSize(input[1], pad[0], pad[1], kernel[0], stride[0], 1),
      windowedSize(input[2], pad[2], pad[3], kernel[1], stride[1], 1),
      input[3]};
  if (result != ArrayRef(expected) || expected[1] < 1 || expected[2] < 1)
    return emitOpError("expects a result of shape [")
           << expected << "], but got [" << result << "]";
  return success();
}

LogicalResult SoftmaxOp::verify() {
  if (cast<RankedTensorType>(getInput().getType()).getRank() == 0) // softmax_c1
    return emitOpError("expects 'input' to have at least one dimension");
  return success();
}

LogicalResult qat::verifyChannelAxes(Operation *op, RankedTensorType type,
                                     ArrayRef<int64_t> axes) {
  int64_t previous = -1;
  for (int64_t axis : axes) {
    if (axis <= previous || axis >= type.getRank())
      return op->emitOpError("expects 'channel_axes' to be rising dimensions "
                             "of 'weight' (rank ")
             << type.getRank() << "), but got [" << axes << "]";
    previous = axis;
  }
  return success();
}

bool qat::hasKnownSize(ShapedType type) {
  if (!type.hasStaticShape())
    return false;
  int64_t count = 1;
  for (int64_t size : type.getShape()) {
    // Both factors are below 2^31, so the product fits 64 bits.
    if (size < 1 || size > std::numeric_limits<int32_t>::max())
      return false;
    count *= size;
    if (count > std::numeric_limits<int32_t>::max())
      return false;
  }
  return true;
}

int64_t qat::countChannels(RankedTensorType type, ArrayRef<int64_t> axes) {
  int64_t channels = 1;
  for (int64_t axis : axes)
    channels *= type.getDimSize(axis);
  return channels;
}

LogicalResult FoldWeightOp::verify() {
  auto weight = cast<RankedTensorType>(getWeight().getType());
  if (failed(verifyChannelAxes(*this, weight,
                               getChannelAxes()))) // fold_weight_c1
    return failure();
  int64_t channels = countChannels(weight, getChannelAxes());
  int64_t got = cast<RankedTensorType>(getGamma().getType()).getDimSize(0);
  if (got != channels) // fold_weight_c2
    return emitOpError(
               "expects 'gamma' to have one element an output channel (")
           << channels << "), but got " << got;
  return verifyEpsilon(*this, getEpsilon()); // fold_weight_c3
}

Value FoldWeightOp::buildWeightGradient(OpBuilder &builder, Value upstream) {
  return FoldWeightOp::create(builder, getLoc(), upstream.getType(), upstream,
                              getGamma(), getVariance(), getChannelAxes(),
                              getEpsilon());
}

LogicalResult FoldBiasOp::verify() {
  return verifyEpsilon(*this, getEpsilon()); // fold_bias_c1
}
