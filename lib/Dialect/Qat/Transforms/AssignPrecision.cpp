//===- AssignPrecision.cpp - qat-assign-precision -------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerGroup.h"

#include "qat/Assignment/ExplainAssignment.h"
#include "qat/Dialect/Qat/Transforms/PrecisionPlan.h"

#include "llvm/ADT/StringExtras.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATASSIGNPRECISION
#include "qat/Dialect/Qat/Transforms/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

/// What step `index` of `plan` takes of its bits.
static DictionaryAttr makePrecision(const PrecisionPlan &plan, size_t index,
                                    Builder &builder) {
  SmallVector<NamedAttribute> members;
  auto add = [&](StringRef name, Attribute value) {
    members.push_back(builder.getNamedAttr(name, value));
  };
  const std::optional<WeightAssignment> &weights =
      plan.assignment.weights[index];
  unsigned grid = plan.network.outputGrid(index);
  // Logits have no grid.
  if (!weights || !plan.network.steps[index].weights->isLast)
    add("a_bits", builder.getI32IntegerAttr(plan.assignment.gridBits[grid]));
  if (weights) {
    add("w_bits", builder.getI32IntegerAttr(weights->bits));
    add("quant_type",
        builder.getStringAttr(stringifyWeightScheme(weights->scheme)));
    add("fold_type", builder.getStringAttr(stringifyFoldType(weights->fold)));
  }
  return builder.getDictionaryAttr(members);
}

namespace {
struct AssignPrecision : qat::impl::QatAssignPrecisionBase<AssignPrecision> {
  using QatAssignPrecisionBase::QatAssignPrecisionBase;

  void runOnOperation() override {
    FailureOr<PrecisionPlan> plan = planPrecision(
        getOperation(), {rom, ram, mode, policy, memoryModel, layerConfig});
    if (failed(plan))
      return signalPassFailure();
    if (plan->assignment.status != AssignmentStatus::Ok) {
      // The message names the layer.
      emitError(UnknownLoc::get(&getContext())) << llvm::join(
          explainAssignment(plan->network, plan->options, plan->assignment),
          "; ");
      return signalPassFailure();
    }
    Builder builder(&getContext());
    for (auto [index, layer] : llvm::enumerate(plan->layers))
      layer->setAttr(kPrecisionAttribute, makePrecision(*plan, index, builder));
  }
};
} // namespace
