//===- SetFoldedBounds.cpp - bounds of weights about to be folded ---------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerGroup.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/Transforms/FreezeForTraining.h"
#include "qat/Support/IntegerBias.h"

#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/IR/SymbolTable.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qat;

static ml_program::GlobalOp getGlobal(SymbolTable &symbols, Value value) {
  auto load = value.getDefiningOp<ml_program::GlobalLoadOp>();
  return load ? symbols.lookup<ml_program::GlobalOp>(
                    load.getGlobal().getLeafReference())
              : ml_program::GlobalOp();
}

/// The values of a parameter or a constant.
static std::optional<std::vector<float>> getValues(SymbolTable &symbols,
                                                   Value value) {
  if (ml_program::GlobalOp global = getGlobal(symbols, value))
    return getFloatElements(global.getValueAttr());
  return getConstantFloats(value);
}

/// Sets the bounds of the weights of `group`, whose batch norm is live.
static LogicalResult setBounds(SymbolTable &symbols, const LayerGroup &group,
                               WeightQuantizerOpInterface quantizer) {
  BatchNormOp batchNorm = group.batchNorm;
  Value weight = quantizer.getQuantizedInput();
  auto values = getValues(symbols, weight);
  auto gamma = getValues(symbols, batchNorm.getGamma());
  auto variance = getValues(symbols, batchNorm.getVariance());
  if (!values || !gamma || !variance)
    return batchNorm.emitError("expects its gamma and variance and the weights "
                               "of its layer to be parameters");
  std::vector<float> gains;
  for (auto [g, v] : llvm::zip_equal(*gamma, *variance))
    gains.push_back(
        getBatchNormGain(g, v, batchNorm.getEpsilon().convertToFloat()));
  std::vector<float> t = toChannelMajor<float>(
      *values, cast<RankedTensorType>(weight.getType()).getShape(),
      getChannelAxes(group.layer));
  scaleChannels(t, gains, t);
  for (float value : t)
    if (!std::isfinite(value))
      return group.layer->emitError("has a weight that is not a finite number "
                                    "with its batch norm folded in");
  std::optional<WeightBounds> bounds =
      getInitialBounds(t, quantizer.getGridBits(), quantizer.getScheme(),
                       FoldType::FoldingWeights);
  SmallVector<Value> operands = quantizer.getBounds();
  for (Value operand : operands) {
    ml_program::GlobalOp global = getGlobal(symbols, operand);
    if (!global)
      return quantizer.emitError("expects bounds that are parameters");
    // The symmetric scheme has the upper bound alone.
    bool isUpper = operand == operands.back();
    global.setValueAttr(
        DenseElementsAttr::get(cast<RankedTensorType>(operand.getType()),
                               isUpper ? bounds->hi : bounds->lo));
  }
  return success();
}

LogicalResult mlir::qat::setFoldedBoundsAnew(ModuleOp module) {
  SymbolTable symbols(module);
  module->removeAttr(kTrainedBoundsAttribute);
  WalkResult result = module.walk([&](Operation *op) {
    if (!isWeightedLayer(op))
      return WalkResult::advance();
    auto quantizer =
        getWeightOperand(op).get().getDefiningOp<WeightQuantizerOpInterface>();
    if (!quantizer || quantizer.getBounds().empty() || quantizer.isClamped())
      return WalkResult::advance();
    LayerGroup group = LayerGroup::get(op);
    if (!group.batchNorm) {
      quantizer.emitError("is 'unclamped' without a batch norm behind its "
                          "layer that could be folded into it");
      return WalkResult::interrupt();
    }
    return failed(setBounds(symbols, group, quantizer))
               ? WalkResult::interrupt()
               : WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}
