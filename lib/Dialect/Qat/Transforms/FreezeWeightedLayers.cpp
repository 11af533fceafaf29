//===- FreezeWeightedLayers.cpp - integer layers with weights ---*- C++ -*-===//
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
  FailureOr<LayerIntegers> layer =
      quantizer.quantizeLayer(group, gridTypeOf(*input));
  if (failed(layer))
    return failure();
  Type resultElement = layer->resultType;
  if (!resultElement)
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
