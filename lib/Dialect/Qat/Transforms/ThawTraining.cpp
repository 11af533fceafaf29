//===- ThawTraining.cpp - what qat-freeze-for-training did, undone --------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerGroup.h"

#include "qat/Dialect/Qat/Transforms/FreezeForTraining.h"

using namespace mlir;
using namespace mlir::qat;

/// The frozen batch norm that became `scale`.
static void thawScale(ScaleChannelsOp scale, QuantizeChannelsOp channels) {
  OpBuilder builder(scale);
  auto fold = BatchNormFoldAttr::get(builder.getContext(), BatchNormFold::ICN);
  if (Operation *layer = scale.getInput().getDefiningOp())
    if (auto given =
            layer->getAttrOfType<BatchNormFoldAttr>(kFoldTypeAttribute))
      fold = given;
  ValueRange norm = channels.getNorm();
  auto batchNorm = BatchNormOp::create(
      builder, scale.getLoc(), scale.getType(), scale.getInput(), norm[0],
      norm[1], norm[2], norm[3], channels.getEpsilonAttr(), fold,
      builder.getUnitAttr());
  scale.getResult().replaceAllUsesWith(batchNorm.getResult());
}

static void thawPool(RoundedAvgPool2DOp pool) {
  OpBuilder builder(pool);
  auto zeroType = RankedTensorType::get({1}, builder.getF32Type());
  auto buildZero = [&]() -> Value {
    return tosa::ConstOp::create(builder, pool.getLoc(), zeroType,
                                 DenseElementsAttr::get(zeroType, 0.0f));
  };
  Value inputZero = buildZero(), outputZero = buildZero();
  auto average = tosa::AvgPool2dOp::create(
      builder, pool.getLoc(), pool.getType(), pool.getInput(), inputZero,
      outputZero, pool.getKernelAttr(), pool.getStrideAttr(), pool.getPadAttr(),
      TypeAttr::get(builder.getF32Type()));
  pool.getResult().replaceAllUsesWith(average.getOutput());
}

void mlir::qat::thawTraining(ModuleOp module) {
  bool isFrozen = false;
  module.walk([&](Operation *op) {
    isFrozen |=
        isa<QuantizeChannelsOp, QuantizeFoldedBiasOp, QuantizeLogitBiasOp>(op);
  });
  if (!isFrozen)
    return;
  SmallVector<Operation *> thawed;
  module.walk([&](Operation *op) {
    if (auto scale = dyn_cast<ScaleChannelsOp>(op)) {
      if (auto channels =
              scale.getScale().getDefiningOp<QuantizeChannelsOp>()) {
        thawScale(scale, channels);
        thawed.push_back(op);
      }
    } else if (auto pool = dyn_cast<RoundedAvgPool2DOp>(op)) {
      thawPool(pool);
      thawed.push_back(op);
    } else if (auto channels = dyn_cast<QuantizeChannelsOp>(op)) {
      channels.getQuantizedWeight().replaceAllUsesWith(channels.getWeight());
      channels.getQuantizedBias().replaceAllUsesWith(channels.getBias());
      thawed.push_back(op);
    } else if (isa<QuantizeFoldedBiasOp, QuantizeLogitBiasOp>(op)) {
      op->getResult(0).replaceAllUsesWith(op->getOperand(0));
      thawed.push_back(op);
    } else if (isa<PactStepOp, BoundedStepOp, WeightStepOp>(op)) {
      thawed.push_back(op);
    }
  });
  // Users come behind what they use.
  for (Operation *op : llvm::reverse(thawed))
    if (op->use_empty())
      op->erase();
}
