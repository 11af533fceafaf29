//===- FoldBatchNorm.cpp - qat-fold-batch-norm ------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FoldBatchNorm.h"
#include "LayerGroup.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/Transforms/FreezeForTraining.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATFOLDBATCHNORM
#include "qat/Dialect/Qat/Transforms/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
struct FoldBatchNorm : qat::impl::QatFoldBatchNormBase<FoldBatchNorm> {
  using QatFoldBatchNormBase::QatFoldBatchNormBase;
  void runOnOperation() override;
};
} // namespace

static void setFoldType(Operation *layer, BatchNormFold fold) {
  layer->setAttr(kFoldTypeAttribute,
                 BatchNormFoldAttr::get(layer->getContext(), fold));
}

/// The bias of the layer with one element a channel: TOSA lets one element
/// serve them all.
static FailureOr<Value> getBias(const LayerGroup &group) {
  BatchNormOp batchNorm = group.batchNorm;
  Value bias = getBiasOperand(group.layer).get();
  auto type = cast<RankedTensorType>(batchNorm.getGamma().getType());
  if (bias.getType() == type)
    return bias;
  std::optional<std::vector<float>> value = getConstantFloats(bias);
  if (!value || value->size() != 1)
    return group.layer->emitError("expects a bias of type ")
           << type << " to fold its batch norm into, but got "
           << bias.getType();
  OpBuilder builder(batchNorm);
  return arith::ConstantOp::create(builder, bias.getLoc(),
                                   DenseElementsAttr::get(type, value->front()))
      .getResult();
}

///   batch_norm(layer(x, quantizer(w), b))
///     -> layer(x, quantizer(fold_weight(w)), fold_bias(b))
static LogicalResult foldIntoWeights(const LayerGroup &group) {
  BatchNormOp batchNorm = group.batchNorm;
  OpBuilder builder(batchNorm);
  OpOperand *weight = &getWeightOperand(group.layer);
  if (auto quantizer =
          weight->get().getDefiningOp<WeightQuantizerOpInterface>()) {
    if (quantizer.isPerChannel())
      return batchNorm.emitError(
          "fold type folding_weights has no meaning with a step a channel; "
          "use ICN");
    if (!quantizer->getResult(0).hasOneUse())
      return batchNorm.emitError(
          "cannot be folded into weights that another layer shares");
  }
  FailureOr<Value> bias = getBias(group);
  if (failed(bias))
    return failure();
  // The parameters of the batch norm may be read after the layer.
  if (auto quantizer =
          weight->get().getDefiningOp<WeightQuantizerOpInterface>()) {
    quantizer->moveBefore(batchNorm);
    quantizer.setClamped();
    weight = &quantizer->getOpOperand(0);
  }
  for (Operation *op = group.layer; op != batchNorm;
       op = *op->getResult(0).user_begin())
    op->moveBefore(batchNorm);
  builder.setInsertionPoint(weight->getOwner());
  Location location = group.layer->getLoc();
  weight->set(FoldWeightOp::create(
      builder, location, weight->get().getType(), weight->get(),
      batchNorm.getGamma(), batchNorm.getVariance(),
      builder.getDenseI64ArrayAttr(getChannelAxes(group.layer)),
      batchNorm.getEpsilonAttr()));
  builder.setInsertionPoint(group.layer);
  getBiasOperand(group.layer)
      .set(FoldBiasOp::create(builder, location, batchNorm.getGamma().getType(),
                              *bias, batchNorm.getGamma(), batchNorm.getBeta(),
                              batchNorm.getMean(), batchNorm.getVariance(),
                              batchNorm.getEpsilonAttr()));
  setFoldType(group.layer, BatchNormFold::FoldingWeights);
  batchNorm.getResult().replaceAllUsesWith(batchNorm.getInput());
  batchNorm.erase();
  return success();
}

LogicalResult mlir::qat::foldBatchNorms(ModuleOp module,
                                        BatchNormFold fallback) {
  SmallVector<Operation *> layers;
  SmallVector<BatchNormOp> batchNorms;
  module.walk([&](Operation *op) {
    if (isWeightedLayer(op))
      layers.push_back(op);
    if (auto batchNorm = dyn_cast<BatchNormOp>(op))
      if (!batchNorm.getFrozen())
        batchNorms.push_back(batchNorm);
  });
  for (Operation *layer : layers) {
    LayerGroup group = LayerGroup::get(layer);
    if (!group.batchNorm || group.batchNorm.getFrozen())
      continue;
    llvm::erase(batchNorms, group.batchNorm);
    auto fold = group.batchNorm.getFoldType().value_or(fallback);
    if (fold == BatchNormFold::FoldingWeights) {
      if (failed(foldIntoWeights(group)))
        return failure();
      continue;
    }
    group.batchNorm.setFoldType(fold);
    group.batchNorm.setFrozen(true);
    setFoldType(layer, fold);
  }
  for (BatchNormOp batchNorm : batchNorms)
    return batchNorm.emitError("does not follow a convolution or dense layer "
                               "that it could be folded into");
  return success();
}

void FoldBatchNorm::runOnOperation() {
  std::optional<FoldType> fallback = symbolizeFoldType(defaultFoldType);
  if (!fallback) {
    getOperation().emitError("unknown fold type '")
        << defaultFoldType
        << "'; expected folding_weights, ICN or folding_thresh";
    return signalPassFailure();
  }
  thawTraining(getOperation());
  if (failed(foldBatchNorms(getOperation(),
                            static_cast<BatchNormFold>(*fallback))))
    signalPassFailure();
}
