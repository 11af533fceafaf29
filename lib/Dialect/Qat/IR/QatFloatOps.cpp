//===- QatFloatOps.cpp - verifiers of the float ops ===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

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

LogicalResult FoldBiasOp::verify() {
  return verifyEpsilon(*this, getEpsilon()); // fold_bias_c1
}
