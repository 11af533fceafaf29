//===- BindParameters.cpp - qat-bind-parameters -----------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "mlir/IR/SymbolTable.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATBINDPARAMETERS
#include "qat/Dialect/Qat/Transforms/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
struct BindParameters : qat::impl::QatBindParametersBase<BindParameters> {
  void runOnOperation() override {
    SymbolTableCollection symbols;
    auto lookup = [&](Operation *op, SymbolRefAttr symbol) {
      return symbols.lookupNearestSymbolFrom<ml_program::GlobalOp>(op, symbol);
    };
    llvm::SmallPtrSet<Operation *, 8> stored;
    getOperation().walk([&](Operation *op) {
      if (auto store = dyn_cast<ml_program::GlobalStoreOp>(op))
        stored.insert(lookup(op, store.getGlobal()));
      else if (auto store = dyn_cast<ml_program::GlobalStoreGraphOp>(op))
        stored.insert(lookup(op, store.getGlobal()));
    });

    WalkResult result = getOperation().walk([&](ml_program::GlobalLoadOp load) {
      ml_program::GlobalOp global = lookup(load, load.getGlobal());
      if (!global || stored.contains(global))
        return WalkResult::advance();
      // An extern value names data that is elsewhere.
      auto value = dyn_cast_if_present<ElementsAttr>(global.getValueAttr());
      if (!value) {
        global.emitError("parameter '")
            << global.getSymName() << "' has no value to bind";
        return WalkResult::interrupt();
      }
      OpBuilder builder(load);
      Location location = NameLoc::get(global.getSymNameAttr());
      load.replaceAllUsesWith(
          arith::ConstantOp::create(builder, location, cast<TypedAttr>(value))
              .getResult());
      load.erase();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();

    for (auto global : llvm::make_early_inc_range(
             getOperation().getOps<ml_program::GlobalOp>()))
      if (global.isPrivate() && !stored.contains(global) &&
          SymbolTable::symbolKnownUseEmpty(global.getSymNameAttr(),
                                           getOperation()))
        global.erase();
  }
};
} // namespace
