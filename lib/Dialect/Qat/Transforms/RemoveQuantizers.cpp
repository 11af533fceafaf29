//===- RemoveQuantizers.cpp - qat-remove-quantizers -------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerGroup.h"

#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATREMOVEQUANTIZERS
#include "qat/Dialect/Qat/Transforms/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
struct RemoveQuantizers : qat::impl::QatRemoveQuantizersBase<RemoveQuantizers> {
  void runOnOperation() override {
    // Two bounds may be one load, and quantizers may share a bound.
    llvm::SetVector<Operation *> bounds;
    auto drop = [&](Operation *op, Value replacement, ArrayRef<Value> values) {
      for (Value bound : values)
        if (auto load = bound.getDefiningOp<ml_program::GlobalLoadOp>())
          bounds.insert(load);
      op->getResult(0).replaceAllUsesWith(replacement);
      op->erase();
    };
    getOperation().walk([&](Operation *op) {
      if (auto quantizer = dyn_cast<ActivationQuantizerOpInterface>(op)) {
        OpBuilder builder(op);
        SmallVector<Value> values = quantizer.getBounds();
        Value equivalent = quantizer.buildFloatEquivalent(builder);
        // The layer ends where its quantizer was: with the batch norm, say,
        // that has a name of its own in the model.
        if (Operation *end = equivalent.getDefiningOp();
            end && !isa<QuantizeInputOp>(op))
          end->setLoc(op->getLoc());
        drop(op, equivalent, values);
      } else if (auto quantizer = dyn_cast<WeightQuantizerOpInterface>(op)) {
        drop(op, quantizer.getQuantizedInput(), quantizer.getBounds());
      } else {
        op->removeAttr(kFoldTypeAttribute);
        if (auto batchNorm = dyn_cast<BatchNormOp>(op);
            batchNorm && !batchNorm.getFrozen())
          batchNorm.removeFoldTypeAttr();
      }
    });
    for (StringRef name :
         {kRoundingAttribute, kBiasBitsAttribute, kBatchFoldDelayAttribute})
      getOperation()->removeAttr(name);

    SymbolTable symbols(getOperation());
    for (Operation *bound : bounds) {
      auto load = cast<ml_program::GlobalLoadOp>(bound);
      if (!load.use_empty())
        continue;
      Operation *global = symbols.lookup(load.getGlobal().getLeafReference());
      load.erase();
      if (global && SymbolTable::symbolKnownUseEmpty(
                        SymbolTable::getSymbolName(global), getOperation()))
        symbols.erase(global);
    }
  }
};
} // namespace
