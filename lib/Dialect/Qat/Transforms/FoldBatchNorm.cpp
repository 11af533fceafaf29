//===- FoldBatchNorm.cpp - qat-fold-batch-norm ------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerGroup.h"

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

///   batch_norm(layer(x, quantizer(w), b))
///     -> layer(x, quantizer(fold_weight(w)), fold_bias(b))
static LogicalResult foldIntoWeights(const LayerGroup &group) {
  BatchNormOp batchNorm = group.batchNorm;
  OpBuilder builder(group.layer);
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
    weight = &quantizer->getOpOperand(0);
    builder.setInsertionPoint(quantizer);
  }
  // The parameters may be read behind the layer.
  Operation *first = &*builder.getInsertionPoint();
  for (Value parameter : llvm::drop_begin(batchNorm->getOperands())) {
    Operation *source = parameter.getDefiningOp();
    if (!source || source->getBlock() != first->getBlock() ||
        source->isBeforeInBlock(first))
      continue;
    if (source->getNumOperands() != 0)
      return batchNorm.emitError("expects parameters or constants that do not "
                                 "depend on its layer");
    source->moveBefore(first);
  }
  Location location = group.layer->getLoc();
  weight->set(FoldWeightOp::create(
      builder, location, weight->get().getType(), weight->get(),
      batchNorm.getGamma(), batchNorm.getVariance(),
      builder.getDenseI64ArrayAttr(getChannelAxes(group.layer)),
      batchNorm.getEpsilonAttr()));
  builder.setInsertionPoint(group.layer);
  OpOperand &bias = getBiasOperand(group.layer);
  bias.set(FoldBiasOp::create(
      builder, location, batchNorm.getGamma().getType(), bias.get(),
      batchNorm.getGamma(), batchNorm.getBeta(), batchNorm.getMean(),
      batchNorm.getVariance(), batchNorm.getEpsilonAttr()));
  batchNorm.getResult().replaceAllUsesWith(batchNorm.getInput());
  batchNorm.erase();
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

  SmallVector<Operation *> layers;
  SmallVector<BatchNormOp> batchNorms;
  getOperation().walk([&](Operation *op) {
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
    auto fold = group.batchNorm.getFoldType().value_or(
        static_cast<BatchNormFold>(*fallback));
    if (fold == BatchNormFold::FoldingWeights) {
      if (failed(foldIntoWeights(group)))
        return signalPassFailure();
      continue;
    }
    group.batchNorm.setFoldType(fold);
    group.batchNorm.setFrozen(true);
  }
  for (BatchNormOp batchNorm : batchNorms) {
    batchNorm.emitError("does not follow a convolution or dense layer that it "
                        "could be folded into");
    return signalPassFailure();
  }
}
