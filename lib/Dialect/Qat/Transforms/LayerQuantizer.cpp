//===- LayerQuantizer.cpp - the numbers of a frozen layer --------*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerQuantizer.h"

#include "qat/Dialect/Qat/IR/ChannelAxes.h"
#include "qat/Dialect/Qat/IR/ConstantValues.h"

using namespace mlir;
using namespace mlir::qat;
using quant::UniformQuantizedType;

Grid mlir::qat::gridOf(UniformQuantizedType type) {
  return {type.getScale(), static_cast<int32_t>(type.getZeroPoint()),
          static_cast<int32_t>(type.getStorageTypeMin()),
          static_cast<int32_t>(type.getStorageTypeMax())};
}

Rounding mlir::qat::toRounding(RoundingMode mode) {
  return mode == RoundingMode::Floor ? Rounding::Floor : Rounding::Nearest;
}

std::optional<RoundingMode> mlir::qat::getRoundingMode(Operation *quantizer) {
  if (auto pact = dyn_cast_if_present<PactOp>(quantizer))
    return pact.getRounding();
  if (auto bounded = dyn_cast_if_present<BoundedOp>(quantizer))
    return bounded.getRounding();
  return std::nullopt;
}

FailureOr<unsigned> mlir::qat::getBiasBits(ModuleOp module, unsigned option) {
  unsigned bits = option;
  if (bits == 0) {
    auto attribute = module->getAttrOfType<IntegerAttr>(kBiasBitsAttribute);
    bits = attribute ? attribute.getInt() : 32;
  }
  if (bits < 2 || bits > 32)
    return module.emitError("bias bits must be between 2 and 32, but got ")
           << bits;
  return bits;
}

void mlir::qat::removeFreezingAttributes(ModuleOp module) {
  for (StringRef name :
       {kRoundingAttribute, kBiasBitsAttribute, kBatchFoldDelayAttribute})
    module->removeAttr(name);
}

void mlir::qat::raise(ActivationQuantizerOpInterface quantizer) {
  if (auto pact = dyn_cast<PactOp>(quantizer.getOperation()))
    pact.setRaised(true);
  if (auto bounded = dyn_cast<BoundedOp>(quantizer.getOperation()))
    bounded.setRaised(true);
}

LayerQuantizer::LayerQuantizer(func::FuncOp function, unsigned biasBits)
    : biasBits(biasBits) {
  if (auto mode = function->getParentOfType<ModuleOp>()
                      ->getAttrOfType<RoundingModeAttr>(kRoundingAttribute))
    moduleRounding = mode.getValue();
}

Rounding LayerQuantizer::getRounding(const LayerGroup &group) const {
  // A last layer has no quantizer.
  ActivationQuantizerOpInterface quantizer = group.quantizer;
  return toRounding(
      getRoundingMode(quantizer ? quantizer.getOperation() : nullptr)
          .value_or(moduleRounding));
}

FailureOr<UniformQuantizedType>
mlir::qat::getFrozenType(ActivationQuantizerOpInterface op) {
  SmallVector<float> bounds;
  for (Value bound : op.getBounds()) {
    std::optional<std::vector<float>> value = getConstantFloats(bound);
    if (!value || value->size() != 1)
      return op->emitError("expects constant bounds; run qat-bind-parameters "
                           "before");
    bounds.push_back(value->front());
  }
  UniformQuantizedType type = op.getFrozenType(bounds);
  if (!type)
    return failure();
  return type;
}

LogicalResult LayerQuantizer::setLastLayer(Operation *op,
                                           ArrayRef<float> biases, Grid input,
                                           LayerIntegers &layer) const {
  const QuantizedWeights &weights = layer.weights;
  LogitParameters logits;
  if (!isPerChannel(weights.scheme)) {
    logits = getPerLayerLogitParameters(biases, weights.scales[0], input.scale,
                                        biasBits);
  } else {
    SmallVector<bool> allZero;
    for (int64_t c = 0; c < weights.channels; ++c)
      allZero.push_back(weights.isChannelZero(c));
    logits = getPerChannelLogitParameters(biases, weights.scales, allZero,
                                          input.scale,
                                          toRounding(moduleRounding), biasBits);
  }
  layer.biases.assign(logits.biases.begin(), logits.biases.end());
  layer.logitScale = logits.scale;
  layer.fakeBiases = logits.fakeBiases;
  layer.fakeScales.assign(biases.size(), 1.0f);
  for (float multiplier : logits.multipliers) {
    llvm::Expected<Multiplier> split = quantizeMultiplier(multiplier);
    if (!split)
      return op->emitError() << llvm::toString(split.takeError());
    layer.multipliers.push_back(*split);
  }
  return success();
}

LogicalResult LayerQuantizer::setHiddenLayer(const LayerGroup &group,
                                             ArrayRef<float> biases, Grid input,
                                             Grid output,
                                             LayerIntegers &layer) const {
  Operation *op = group.layer;
  QuantizedWeights &weights = layer.weights;
  bool foldsIntoWeights = !isPerChannel(weights.scheme);
  bool compares = false;
  if (auto fold = op->getAttrOfType<BatchNormFoldAttr>(kFoldTypeAttribute)) {
    foldsIntoWeights = fold.getValue() == BatchNormFold::FoldingWeights;
    compares = fold.getValue() == BatchNormFold::FoldingThresh;
  }
  std::vector<float> gamma, beta, mean, variance;
  float epsilon = 0;
  if (BatchNormOp batchNorm = group.batchNorm) {
    if (!batchNorm.getFrozen())
      return batchNorm.emitError("is not frozen; run qat-fold-batch-norm "
                                 "before");
    foldsIntoWeights = false;
    compares = batchNorm.getFoldType() == BatchNormFold::FoldingThresh;
    epsilon = batchNorm.getEpsilon().convertToFloat();
    for (auto [vector, value] :
         {std::pair(&gamma, Value(batchNorm.getGamma())),
          std::pair(&beta, Value(batchNorm.getBeta())),
          std::pair(&mean, Value(batchNorm.getMean())),
          std::pair(&variance, Value(batchNorm.getVariance()))}) {
      std::optional<std::vector<float>> values = getConstantFloats(value);
      if (!values)
        return batchNorm.emitError("expects constant parameters; run "
                                   "qat-bind-parameters before");
      *vector = std::move(*values);
    }
  }

  for (int64_t c = 0; c < weights.channels; ++c) {
    ChannelNorm norm;
    norm.bias = biases[c];
    if (group.batchNorm) {
      norm.gain = getBatchNormGain(gamma[c], variance[c], epsilon);
      if (!llvm::all_of(ArrayRef{norm.gain, mean[c], beta[c]},
                        [](float value) { return std::isfinite(value); })) {
        BatchNormOp batchNorm = group.batchNorm;
        return batchNorm.emitError("channel ")
               << c << " is not finite (gamma " << gamma[c] << ", beta "
               << beta[c] << ", mean " << mean[c] << ", variance "
               << variance[c] << ")";
      }
      norm.mean = mean[c];
      norm.beta = beta[c];
    }
    Rounding rounding = getRounding(group);
    ChannelParameters channel =
        foldsIntoWeights
            ? getFoldedParameters(norm, weights.getScale(c), input.scale,
                                  output.scale, rounding, biasBits)
            : getIcnParameters(norm, weights.getScale(c), input.scale,
                               output.scale, rounding, weights.isChannelZero(c),
                               biasBits);
    if (channel.isConstant)
      weights.clearChannel(c);
    layer.biases.push_back(channel.bias);
    layer.fakeBiases.push_back(channel.fakeBias);
    layer.fakeScales.push_back(channel.fakeScale);
    llvm::Expected<Multiplier> split = quantizeMultiplier(channel.multiplier);
    if (!split)
      return op->emitError("channel ")
             << c << ": " << llvm::toString(split.takeError());
    layer.multipliers.push_back(*split);
  }
  if (compares)
    return setThresholds(op, input, output, layer);
  if (llvm::all_equal(layer.multipliers))
    layer.multipliers.truncate(1);
  return success();
}

/// Puts thresholds in the place of the biases and multipliers, of which there
/// is one a channel.
LogicalResult LayerQuantizer::setThresholds(Operation *op, Grid input,
                                            Grid output,
                                            LayerIntegers &layer) const {
  int64_t inputLow = input.storageMin - input.zeroPoint;
  int64_t inputHigh = input.storageMax - input.zeroPoint;
  int32_t levels = output.storageMax - output.storageMin;
  for (int64_t c = 0; c < layer.weights.channels; ++c) {
    int64_t low = 0, high = 0;
    for (int64_t weight : layer.weights.getChannel(c)) {
      low += std::min({weight * inputLow, weight * inputHigh, int64_t(0)});
      high += std::max({weight * inputLow, weight * inputHigh, int64_t(0)});
    }
    // The ends stand for levels that all accumulators reach, or none.
    if (low <= std::numeric_limits<int32_t>::min() ||
        high >= std::numeric_limits<int32_t>::max())
      return op->emitError("fold type folding_thresh compares accumulators of "
                           "32 bits, but those of channel ")
             << c << " reach [" << low << ", " << high
             << "]; ICN has no such limit, and fewer bits reach less far";
    layer.thresholds.push_back(
        getThresholds(layer.biases[c], layer.multipliers[c], levels,
                      output.zeroPoint - output.storageMin));
  }
  llvm::fill(layer.biases, 0);
  layer.multipliers.clear();
  return success();
}

FailureOr<UniformQuantizedType>
LayerQuantizer::getResultType(const LayerGroup &group) const {
  if (group.quantizer)
    return getFrozenType(group.quantizer);
  if (BatchNormOp batchNorm = group.batchNorm)
    return batchNorm.emitError("has neither a quantizer behind it nor was it "
                               "folded into weights");
  if (!group.isLast())
    return group.layer->emitError("expects a quantizer behind it; run "
                                  "qat-insert-quantizers before");
  return UniformQuantizedType();
}

FailureOr<LayerIntegers>
LayerQuantizer::quantizeLayer(const LayerGroup &group,
                              UniformQuantizedType input) const {
  Operation *op = group.layer;
  FailureOr<UniformQuantizedType> resultType = getResultType(group);
  if (failed(resultType))
    return failure();
  auto quantizer =
      getWeightOperand(op).get().getDefiningOp<WeightQuantizerOpInterface>();
  if (!quantizer)
    return op->emitError("expects quantized weights; run "
                         "qat-insert-quantizers before");
  SmallVector<int64_t> axes = getChannelAxes(op);
  if (auto minMax = dyn_cast<WeightMinMaxOp>(quantizer.getOperation());
      minMax && minMax.getChannelAxes() &&
      *minMax.getChannelAxes() != ArrayRef(axes))
    return quantizer.emitError("expects the 'channel_axes' [")
           << axes << "] of its layer, but got [" << *minMax.getChannelAxes()
           << "]";
  auto type = cast<RankedTensorType>(quantizer->getResult(0).getType());
  std::optional<std::vector<float>> values =
      getConstantFloats(quantizer.getQuantizedInput());
  std::optional<std::vector<float>> biases =
      getConstantFloats(getBiasOperand(op).get());
  if (!values || !biases)
    return op->emitError("expects constant weights and bias; run "
                         "qat-bind-parameters before");
  // A bias of one element serves every channel (TOSA).
  int64_t channels = countChannels(type, axes);
  if (biases->size() == 1)
    biases->resize(channels, biases->front());
  for (float value : *values)
    if (!std::isfinite(value))
      return op->emitError(
          isa_and_present<FoldWeightOp>(
              quantizer.getQuantizedInput().getDefiningOp())
              ? "has a weight that its batch norm makes infinite or NaN; look "
                "at the variance and epsilon"
              : "has a weight that is not a finite number");
  for (float value : *biases)
    if (!std::isfinite(value))
      return op->emitError("has a bias that is not a finite number");

  std::optional<WeightBounds> bounds;
  if (hasBounds(quantizer.getScheme())) {
    if (!quantizer.isClamped())
      return quantizer.emitError("is 'unclamped' without a batch norm behind "
                                 "its layer that could be folded into it");
    bounds.emplace();
    SmallVector<float> given;
    for (Value bound : quantizer.getBounds()) {
      std::optional<std::vector<float>> value = getConstantFloats(bound);
      if (!value || value->size() != 1)
        return op->emitError("expects constant weight bounds; run "
                             "qat-bind-parameters before");
      if (!std::isfinite(value->front()))
        return op->emitError("has a weight bound that is not a finite number");
      given.push_back(value->front());
    }
    bounds->hi = given.back();
    bounds->lo = given.size() == 2 ? given.front() : -given.back();
  }
  LayerIntegers layer;
  layer.resultType = *resultType;
  layer.weights = quantizeWeights(
      toChannelMajor<float>(*values, type.getShape(), axes), channels,
      quantizer.getGridBits(), quantizer.getScheme(), bounds);
  LogicalResult result = layer.resultType
                             ? setHiddenLayer(group, *biases, gridOf(input),
                                              gridOf(layer.resultType), layer)
                             : setLastLayer(op, *biases, gridOf(input), layer);
  if (failed(result))
    return failure();
  return layer;
}
