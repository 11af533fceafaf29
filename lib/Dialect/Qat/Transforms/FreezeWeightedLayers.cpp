//===- FreezeWeightedLayers.cpp - integers of layers with weights -===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Freezer.h"

using namespace mlir;
using namespace mlir::qat;
using quant::UniformQuantizedPerAxisType;
using quant::UniformQuantizedType;

LogicalResult Freezer::setLastLayer(Operation *op, ArrayRef<float> biases,
                                    Grid input, LayerIntegers &layer) {
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
  for (float multiplier : logits.multipliers) {
    llvm::Expected<Multiplier> split = quantizeMultiplier(multiplier);
    if (!split)
      return op->emitError() << llvm::toString(split.takeError());
    layer.multipliers.push_back(*split);
  }
  return success();
}

LogicalResult Freezer::setHiddenLayer(const LayerGroup &group,
                                      ArrayRef<float> biases, Grid input,
                                      Grid output, LayerIntegers &layer) {
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
LogicalResult Freezer::setThresholds(Operation *op, Grid input, Grid output,
                                     LayerIntegers &layer) {
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

FailureOr<LayerIntegers> Freezer::quantizeLayer(const LayerGroup &group,
                                                Grid input,
                                                std::optional<Grid> output) {
  Operation *op = group.layer;
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
  layer.weights = quantizeWeights(
      toChannelMajor<float>(*values, type.getShape(), axes), channels,
      quantizer.getGridBits(), quantizer.getScheme(), bounds);
  LogicalResult result =
      output ? setHiddenLayer(group, *biases, input, *output, layer)
             : setLastLayer(op, *biases, input, layer);
  if (failed(result))
    return failure();
  return layer;
}

FailureOr<Value> Freezer::buildWeights(Operation *op,
                                       const QuantizedWeights &weights,
                                       bool dense) {
  auto floatType = cast<RankedTensorType>(getWeightOperand(op).get().getType());
  SmallVector<int64_t> shape(floatType.getShape());
  std::vector<int32_t> stored =
      fromChannelMajor<int32_t>(weights.getStored(), shape, getChannelAxes(op));
  int32_t channelAxis = 0;
  if (isa<tosa::DepthwiseConv2DOp>(op)) { // HWCM to HW(C*M)
    channelAxis = 2;
    shape = {shape[0], shape[1], weights.channels};
  } else if (dense) {
    shape = {shape[0], shape[3]};
  }

  bool isSigned = isSymmetric(weights.scheme);
  unsigned bits = weights.bits;
  auto storage = builder.getIntegerType(bits);
  int64_t low = isSigned ? -(1 << (bits - 1)) : 0;
  int64_t high = low + getMaxLevel(bits);
  unsigned flags = isSigned ? quant::QuantizationFlags::Signed : 0;
  Type element;
  auto refuse = [&] {
    return op->emitError("cannot put its weights on a grid: ");
  };
  if (!isPerChannel(weights.scheme)) {
    element = UniformQuantizedType::getChecked(
        refuse, flags, storage, builder.getF32Type(), weights.scales[0],
        weights.zeroPoints[0], low, high);
  } else {
    SmallVector<double> scales(weights.scales.begin(), weights.scales.end());
    SmallVector<int64_t> zeroPoints(weights.zeroPoints.begin(),
                                    weights.zeroPoints.end());
    element = UniformQuantizedPerAxisType::getChecked(
        refuse, flags, storage, builder.getF32Type(), scales, zeroPoints,
        channelAxis, low, high);
  }
  if (!element)
    return failure();

  auto type = RankedTensorType::get(shape, storage);
  SmallVector<APInt> values;
  values.reserve(stored.size());
  for (int32_t value : stored)
    values.emplace_back(bits, static_cast<uint64_t>(value), isSigned,
                        /*implicitTrunc=*/true);
  Value constant = arith::ConstantOp::create(
      builder, op->getLoc(), DenseElementsAttr::get(type, values));
  return quant::StorageCastOp::create(builder, op->getLoc(),
                                      RankedTensorType::get(shape, element),
                                      constant)
      .getResult();
}

FailureOr<Value> Freezer::buildLayer(Operation *op, Value input,
                                     Type resultElement,
                                     const LayerIntegers &layer) {
  Location location = op->getLoc();
  // The image may be larger than the one that the float layer reads: a cut that
  // drops what no window reaches is not carried out.
  bool dense = isDense(op) && isPoint(input);
  FailureOr<Value> weights = buildWeights(op, layer.weights, dense);
  if (failed(weights))
    return failure();
  auto biasType = RankedTensorType::get(
      {static_cast<int64_t>(layer.biases.size())}, builder.getI32Type());
  Value bias = arith::ConstantOp::create(
      builder, location,
      DenseElementsAttr::get(biasType, ArrayRef(layer.biases)));
  DenseI32ArrayAttr multiplier;
  DenseI8ArrayAttr shift;
  if (!layer.multipliers.empty()) {
    SmallVector<int32_t> values;
    SmallVector<int8_t> shifts;
    for (const Multiplier &m : layer.multipliers) {
      values.push_back(m.value);
      shifts.push_back(m.shift);
    }
    multiplier = builder.getDenseI32ArrayAttr(values);
    shift = builder.getDenseI8ArrayAttr(shifts);
  }
  Value thresholds;
  DenseBoolArrayAttr falling;
  if (!layer.thresholds.empty()) {
    SmallVector<int32_t> values;
    SmallVector<bool> falls;
    for (const ChannelThresholds &channel : layer.thresholds) {
      llvm::append_range(values, channel.getStored());
      falls.push_back(!channel.rising);
    }
    auto type = RankedTensorType::get(
        {static_cast<int64_t>(layer.thresholds.size()),
         static_cast<int64_t>(layer.thresholds.front().levels.size())},
        builder.getI32Type());
    thresholds = arith::ConstantOp::create(
        builder, location, DenseElementsAttr::get(type, ArrayRef(values)));
    if (llvm::is_contained(falls, true))
      falling = builder.getDenseBoolArrayAttr(falls);
  }
  auto shape = cast<RankedTensorType>(op->getResult(0).getType()).getShape();
  auto accumulatorBits = builder.getI32IntegerAttr(64);
  if (auto conv = dyn_cast<tosa::DepthwiseConv2DOp>(op))
    return qat::DepthwiseConv2DOp::create(
               builder, location, RankedTensorType::get(shape, resultElement),
               input, *weights, bias, conv.getPadAttr(), conv.getStrideAttr(),
               conv.getDilationAttr(), thresholds, multiplier, shift, falling,
               accumulatorBits)
        .getResult();
  if (dense) {
    auto inputType = cast<RankedTensorType>(input.getType());
    Value matrix = reshape(location, input,
                           {inputType.getDimSize(0), inputType.getDimSize(3)});
    return FullyConnectedOp::create(
               builder, location,
               RankedTensorType::get({shape[0], shape[3]}, resultElement),
               matrix, *weights, bias, thresholds, multiplier, shift, falling,
               accumulatorBits)
        .getResult();
  }
  if (auto conv = dyn_cast<GroupedConv2DOp>(op))
    return qat::Conv2DOp::create(
               builder, location, RankedTensorType::get(shape, resultElement),
               input, *weights, bias, conv.getPadAttr(), conv.getStrideAttr(),
               conv.getDilationAttr(), conv.getGroupsAttr(), thresholds,
               multiplier, shift, falling, accumulatorBits)
        .getResult();
  auto conv = cast<tosa::Conv2DOp>(op);
  return qat::Conv2DOp::create(
             builder, location, RankedTensorType::get(shape, resultElement),
             input, *weights, bias, conv.getPadAttr(), conv.getStrideAttr(),
             conv.getDilationAttr(), builder.getI64IntegerAttr(1), thresholds,
             multiplier, shift, falling, accumulatorBits)
      .getResult();
}

LogicalResult Freezer::visitWeighted(Operation *op) {
  FailureOr<Value> input = lookup(op, op->getOperand(0));
  if (failed(input))
    return failure();
  LayerGroup group = LayerGroup::get(op);
  std::optional<Grid> output;
  Type resultElement;
  if (group.quantizer) {
    FailureOr<UniformQuantizedType> type = getFrozenType(group.quantizer);
    if (failed(type))
      return failure();
    output = gridOf(*type);
    resultElement = *type;
  } else if (group.batchNorm) {
    return group.batchNorm.emitError("has neither a quantizer behind it nor "
                                     "was it folded into weights");
  } else if (!group.isLast()) {
    return op->emitError("expects a quantizer behind it; run "
                         "qat-insert-quantizers before");
  }

  FailureOr<LayerIntegers> layer =
      quantizeLayer(group, gridOf(gridTypeOf(*input)), output);
  if (failed(layer))
    return failure();
  if (!output)
    resultElement = UniformQuantizedType::getChecked(
        [&] { return op->emitError("cannot put its logits on a grid: "); },
        quant::QuantizationFlags::Signed, builder.getI32Type(),
        builder.getF32Type(), layer->logitScale, 0,
        std::numeric_limits<int32_t>::min(),
        std::numeric_limits<int32_t>::max());
  if (!resultElement)
    return failure();
  FailureOr<Value> result = buildLayer(op, *input, resultElement, *layer);
  if (failed(result))
    return failure();
  defineGroup(group, *result);
  return success();
}
