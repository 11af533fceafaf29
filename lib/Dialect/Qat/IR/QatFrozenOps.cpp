//===- QatFrozenOps.cpp - the frozen network in training ------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/ChannelAxes.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/IR/Builders.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qat;

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

/// One step for the tensor, or one a channel.
static LogicalResult verifyStep(Operation *op, Value step, int64_t channels) {
  auto type = cast<RankedTensorType>(step.getType());
  if (type.getRank() == 0 || type.getDimSize(0) == channels)
    return success();
  return op->emitOpError("expects 'weight_step' of rank 0 or with one element "
                         "a channel (")
         << channels << "), but got " << type;
}

static LogicalResult verifyChannels(Operation *op, Value weight,
                                    ArrayRef<int64_t> axes, int64_t channels) {
  auto type = cast<RankedTensorType>(weight.getType());
  if (failed(verifyChannelAxes(op, type, axes)))
    return failure();
  int64_t got = countChannels(type, axes);
  if (got == channels)
    return success();
  return op->emitOpError("expects 'channel_axes' that hold one index a channel "
                         "(")
         << channels << "), but they hold " << got;
}

static int64_t getLength(Value vector) {
  return cast<RankedTensorType>(vector.getType()).getDimSize(0);
}

LogicalResult WeightStepOp::verify() {
  if (getBounds().size() > 2) // weight_step_c1
    return emitOpError("expects at most two bounds, but got ")
           << getBounds().size();
  auto step = cast<RankedTensorType>(getStep().getType());
  if (!getChannelAxes()) {
    if (step.getRank() != 0) // weight_step_c3
      return emitOpError("expects a step of rank 0 without 'channel_axes', but "
                         "got ")
             << step;
    return success();
  }
  if (!getBounds().empty()) // weight_step_c2
    return emitOpError("expects no bounds with 'channel_axes'");
  auto type = cast<RankedTensorType>(getWeight().getType());
  if (failed(verifyChannelAxes(*this, type,
                               *getChannelAxes()))) // weight_step_c2
    return failure();
  int64_t channels = countChannels(type, *getChannelAxes());
  if (step.getRank() != 1 || step.getDimSize(0) != channels) // weight_step_c3
    return emitOpError("expects a step with one element a channel (")
           << channels << "), but got " << step;
  return success();
}

LogicalResult QuantizeFoldedBiasOp::verify() {
  return verifyStep(*this, getWeightStep(),
                    getLength(getBias())); // quantize_folded_bias_c1
}

LogicalResult QuantizeLogitBiasOp::verify() {
  int64_t channels = getLength(getBias());
  if (failed(verifyStep(*this, getWeightStep(),
                        channels))) // quantize_logit_bias_c1
    return failure();
  return verifyChannels(*this, getWeight(), getChannelAxes(),
                        channels); // quantize_logit_bias_c2
}

LogicalResult QuantizeChannelsOp::verify() {
  int64_t channels = getLength(getBias());
  if (!getNorm().empty() && getNorm().size() != 4) // quantize_channels_c1
    return emitOpError("expects gamma, beta, mean and variance as 'norm', but "
                       "got ")
           << getNorm().size() << " operands";
  for (Value vector : getNorm())
    if (getLength(vector) != channels) // quantize_channels_c1
      return emitOpError("expects 'norm' with one element a channel (")
             << channels << "), but got " << vector.getType();
  if (failed(verifyStep(*this, getWeightStep(),
                        channels)) || // quantize_channels_c2
      failed(verifyChannels(*this, getWeight(), getChannelAxes(),
                            channels))) // quantize_channels_c3
    return failure();
  std::optional<APFloat> epsilon = getEpsilon();
  if (epsilon.has_value() != !getNorm().empty()) // quantize_channels_c4
    return emitOpError("expects 'epsilon' to go with 'norm'");
  if (epsilon && (!epsilon->isFinite() ||
                  epsilon->convertToFloat() < 0)) // quantize_channels_c4
    return emitOpError("expects a finite 'epsilon' of at least 0, but got ")
           << epsilon->convertToFloat();
  return success();
}

SmallVector<int64_t> ScaleChannelsOp::getAxes() {
  if (std::optional<ArrayRef<int64_t>> axes = getChannelAxes())
    return llvm::to_vector(*axes);
  return {cast<RankedTensorType>(getType()).getRank() - 1};
}

LogicalResult ScaleChannelsOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  if (type.getRank() == 0) // scale_channels_c2
    return emitOpError("expects an input of rank 1 at least");
  if (getChannelAxes() &&
      failed(verifyChannelAxes(*this, type,
                               *getChannelAxes()))) // scale_channels_c1
    return failure();
  SmallVector<int64_t> axes = getAxes();
  for (int64_t axis : axes)
    if (type.isDynamicDim(axis)) // scale_channels_c2
      return emitOpError("expects a static number of channels");
  int64_t channels = countChannels(type, axes);
  if (getLength(getScale()) != channels) // scale_channels_c2
    return emitOpError("expects 'scale' with one element a channel (")
           << channels << "), but got " << getScale().getType();
  return success();
}

static int64_t getLastSize(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getRank() ? type.getShape().back() : 0;
}

LogicalResult LevelsOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  auto step = cast<RankedTensorType>(getStep().getType());
  if (!getChannelAxes()) {
    if (step.getRank() != 0) // levels_c1
      return emitOpError("expects a step of rank 0 without 'channel_axes', but "
                         "got ")
             << step;
    return success();
  }
  if (failed(verifyChannelAxes(*this, type, *getChannelAxes()))) // levels_c2
    return failure();
  int64_t channels = countChannels(type, *getChannelAxes());
  if (step.getRank() != 1 || step.getDimSize(0) != channels) // levels_c1
    return emitOpError("expects a step with one element a channel (")
           << channels << "), but got " << step;
  return success();
}

LogicalResult DequantizeSumsOp::verify() {
  int64_t channels = getLastSize(getSums());
  if (getLength(getBias()) != channels) // dequantize_sums_c1
    return emitOpError("expects 'bias' with one element a channel (")
           << channels << "), but got " << getBias().getType();
  return verifyStep(*this, getWeightStep(), channels); // dequantize_sums_c1
}

LogicalResult RequantizeSumsOp::verify() {
  if (getBounds().size() > 2) // requantize_sums_c1
    return emitOpError("expects at most two bounds, but got ")
           << getBounds().size();
  int64_t channels = getLastSize(getSums());
  if (getLength(getIntegerBias()) != channels) // requantize_sums_c2
    return emitOpError("expects 'integer_bias' with one element a channel (")
           << channels << "), but got " << getIntegerBias().getType();
  return success();
}

LogicalResult RequantizeLevelsOp::verify() {
  size_t inputs = getInputs().size();
  if (inputs < 1 || inputs > 2 ||
      getSteps().size() != inputs) // requantize_levels_c1
    return emitOpError("expects one or two inputs and as many steps, but got ")
           << inputs << " and " << getSteps().size();
  for (Value input : getInputs())
    if (input.getType() != getType()) // requantize_levels_c1
      return emitOpError("expects inputs of the type of the result, but got ")
             << input.getType();
  if (getBounds().empty() || getBounds().size() > 2) // requantize_levels_c2
    return emitOpError("expects one or two bounds, but got ")
           << getBounds().size();
  return success();
}

//===----------------------------------------------------------------------===//
// Gradients
//===----------------------------------------------------------------------===//

// Rounding passes a gradient straight through; nothing flows to the steps.

LogicalResult
QuantizeFoldedBiasOp::buildGradients(OpBuilder &, ValueRange upstream,
                                     ArrayRef<bool> wanted,
                                     MutableArrayRef<Value> gradients) {
  if (wanted[0])
    gradients[0] = upstream[0];
  return success();
}

LogicalResult
QuantizeLogitBiasOp::buildGradients(OpBuilder &, ValueRange upstream,
                                    ArrayRef<bool> wanted,
                                    MutableArrayRef<Value> gradients) {
  if (wanted[0])
    gradients[0] = upstream[0];
  return success();
}

LogicalResult
QuantizeChannelsOp::buildGradients(OpBuilder &builder, ValueRange upstream,
                                   ArrayRef<bool> wanted,
                                   MutableArrayRef<Value> gradients) {
  if (wanted[0] && upstream[0])
    gradients[0] = ScaleChannelsOp::create(
        builder, getLoc(), getWeight().getType(), upstream[0],
        getConstantGain(), getChannelAxesAttr());
  if (wanted[1] && upstream[1])
    gradients[1] = ScaleChannelsOp::create(
        builder, getLoc(), getBias().getType(), upstream[1], getConstantGain(),
        DenseI64ArrayAttr());
  return success();
}

LogicalResult
ScaleChannelsOp::buildGradients(OpBuilder &builder, ValueRange upstream,
                                ArrayRef<bool> wanted,
                                MutableArrayRef<Value> gradients) {
  if (wanted[0] && upstream[0])
    gradients[0] =
        ScaleChannelsOp::create(builder, getLoc(), getType(), upstream[0],
                                getScale(), getChannelAxesAttr());
  return success();
}
