//===- QatQuantizerOps.cpp - verifiers and interfaces of quantizers ===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/ChannelAxes.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Support/ActivationQuantizers.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::qat;
using quant::UniformQuantizedType;

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

/// The type of a grid of the scalar reference; null, after a diagnostic on
/// `op`, where it failed.
static UniformQuantizedType
getGridType(Operation *op, llvm::Expected<Grid> grid, unsigned bits) {
  if (!grid) {
    op->emitError() << llvm::toString(grid.takeError());
    return {};
  }
  bool isSigned = grid->storageMin < 0;
  MLIRContext *context = op->getContext();
  return UniformQuantizedType::getChecked(
      [&] { return op->emitError(); },
      isSigned ? quant::QuantizationFlags::Signed : 0,
      IntegerType::get(context, bits), Float32Type::get(context), grid->scale,
      grid->zeroPoint, grid->storageMin, grid->storageMax);
}

LogicalResult QuantizeInputOp::verify() {
  auto minimum = static_cast<float>(getMinimum());
  auto maximum = static_cast<float>(getMaximum());
  if (!std::isfinite(minimum) || !std::isfinite(maximum) || minimum > 0 ||
      maximum < 0 || minimum == maximum) // quantize_input_c1
    return emitOpError("expects finite 'minimum' <= 0 <= 'maximum' that "
                       "differ, but got ")
           << minimum << " and " << maximum;
  return success();
}

Value QuantizeInputOp::getQuantizedInput() { return getInput(); }
unsigned QuantizeInputOp::getGridBits() { return 8; }
SmallVector<Value> QuantizeInputOp::getBounds() { return {}; }
SmallVector<float> QuantizeInputOp::getCalibratedBounds(float, float) {
  return {};
}

UniformQuantizedType QuantizeInputOp::getFrozenType(ArrayRef<float>) {
  llvm::Expected<InputQuantizer> quantizer =
      InputQuantizer::get(getMinimum(), getMaximum());
  if (!quantizer)
    return getGridType(*this, quantizer.takeError(), 8);
  return getGridType(*this, quantizer->getGrid(), 8);
}

Value QuantizeInputOp::buildFloatEquivalent(OpBuilder &) { return getInput(); }
SmallVector<Value> QuantizeInputOp::buildGradient(OpBuilder &, Value) {
  return {Value()};
}

LogicalResult PactOp::verify() {
  if (!getFloatBound())
    return success();
  float bound = getFloatBound()->convertToFloat();
  if (!(bound > 0) || !std::isfinite(bound)) // pact_c1
    return emitOpError("expects a positive, finite 'float_bound', but got ")
           << bound;
  return success();
}

Value PactOp::getQuantizedInput() { return getInput(); }
unsigned PactOp::getGridBits() { return getBits(); }
SmallVector<Value> PactOp::getBounds() { return {getAlpha()}; }

SmallVector<float> PactOp::getCalibratedBounds(float, float maximum) {
  if (getFloatBound())
    maximum = std::min(maximum, getFloatBound()->convertToFloat());
  // A tensor that is never active still needs a step: any positive one serves.
  return {maximum > 0 ? maximum : 1.0f};
}

UniformQuantizedType PactOp::getFrozenType(ArrayRef<float> bounds) {
  return getGridType(*this, getPactGrid(bounds[0], getBits()), getBits());
}

Value PactOp::buildFloatEquivalent(OpBuilder &builder) {
  float bound = getFloatBound() ? getFloatBound()->convertToFloat()
                                : std::numeric_limits<float>::max();
  return tosa::ClampOp::create(builder, getLoc(), getType(), getInput(),
                               builder.getF32FloatAttr(0.0f),
                               builder.getF32FloatAttr(bound));
}

SmallVector<Value> PactOp::buildGradient(OpBuilder &builder, Value upstream) {
  return SmallVector<Value>(PactGradientOp::create(builder, getLoc(),
                                                   getInput(), getAlpha(),
                                                   upstream)
                                .getResults());
}

Value BoundedOp::getQuantizedInput() { return getInput(); }
unsigned BoundedOp::getGridBits() { return getBits(); }
SmallVector<Value> BoundedOp::getBounds() { return {getLo(), getHi()}; }

SmallVector<float> BoundedOp::getCalibratedBounds(float minimum,
                                                  float maximum) {
  return {std::min(minimum, 0.0f), std::max(maximum, 0.0f)};
}

UniformQuantizedType BoundedOp::getFrozenType(ArrayRef<float> bounds) {
  return getGridType(*this, getTwoBoundGrid(bounds[0], bounds[1], getBits()),
                     getBits());
}

Value BoundedOp::buildFloatEquivalent(OpBuilder &) { return getInput(); }
SmallVector<Value> BoundedOp::buildGradient(OpBuilder &builder,
                                            Value upstream) {
  return SmallVector<Value>(BoundedGradientOp::create(builder, getLoc(),
                                                      getInput(), getLo(),
                                                      getHi(), upstream)
                                .getResults());
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

Value WeightAsymmetricPactOp::getQuantizedInput() { return getWeight(); }
unsigned WeightAsymmetricPactOp::getGridBits() { return getBits(); }
SmallVector<Value> WeightAsymmetricPactOp::getBounds() {
  return {getLo(), getHi()};
}
bool WeightAsymmetricPactOp::isClamped() { return !getUnclamped(); }
void WeightAsymmetricPactOp::setClamped() { setUnclamped(false); }
bool WeightAsymmetricPactOp::isPerChannel() { return false; }
WeightScheme WeightAsymmetricPactOp::getScheme() {
  return WeightScheme::PerLayerAsymPACT;
}
SmallVector<Value> WeightAsymmetricPactOp::buildGradient(OpBuilder &builder,
                                                         Value upstream) {
  if (!isClamped())
    return {upstream, Value(), Value()};
  return SmallVector<Value>(BoundedGradientOp::create(builder, getLoc(),
                                                      getWeight(), getLo(),
                                                      getHi(), upstream)
                                .getResults());
}

Value WeightSymmetricPactOp::getQuantizedInput() { return getWeight(); }
unsigned WeightSymmetricPactOp::getGridBits() { return getBits(); }
SmallVector<Value> WeightSymmetricPactOp::getBounds() { return {getHi()}; }
bool WeightSymmetricPactOp::isClamped() { return !getUnclamped(); }
void WeightSymmetricPactOp::setClamped() { setUnclamped(false); }
bool WeightSymmetricPactOp::isPerChannel() { return false; }
WeightScheme WeightSymmetricPactOp::getScheme() {
  return WeightScheme::PerLayerSymPACT;
}
SmallVector<Value> WeightSymmetricPactOp::buildGradient(OpBuilder &builder,
                                                        Value upstream) {
  if (!isClamped())
    return {upstream, Value()};
  return SmallVector<Value>(SymmetricGradientOp::create(builder, getLoc(),
                                                        getWeight(), getHi(),
                                                        upstream)
                                .getResults());
}

LogicalResult WeightMinMaxOp::verify() {
  if (std::optional<ArrayRef<int64_t>> axes = getChannelAxes())
    return verifyChannelAxes(*this, cast<RankedTensorType>(getType()),
                             *axes); // weight_min_max_c1
  return success();
}

Value WeightMinMaxOp::getQuantizedInput() { return getWeight(); }
unsigned WeightMinMaxOp::getGridBits() { return getBits(); }
SmallVector<Value> WeightMinMaxOp::getBounds() { return {}; }
bool WeightMinMaxOp::isClamped() { return false; }
void WeightMinMaxOp::setClamped() {}
bool WeightMinMaxOp::isPerChannel() { return getChannelAxes().has_value(); }
WeightScheme WeightMinMaxOp::getScheme() {
  return isPerChannel() ? WeightScheme::PerChannelsAsymMinMax
                        : WeightScheme::PerLayerAsymMinMax;
}
SmallVector<Value> WeightMinMaxOp::buildGradient(OpBuilder &, Value upstream) {
  return {upstream};
}
