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
    SymbolTable symbols(getOperation());
    llvm::SmallPtrSet<Operation *, 8> stored;
    getOperation().walk([&](ml_program::GlobalStoreOp store) {
      stored.insert(symbols.lookup(store.getGlobal().getLeafReference()));
    });

    WalkResult result = getOperation().walk([&](ml_program::GlobalLoadOp load) {
      auto global = symbols.lookup<ml_program::GlobalOp>(
          load.getGlobal().getLeafReference());
      if (!global || stored.contains(global))
        return WalkResult::advance();
      auto value = dyn_cast_if_present<TypedAttr>(global.getValueAttr());
      if (!value) {
        global.emitError("parameter '")
            << global.getSymName() << "' has no value to bind";
        return WalkResult::interrupt();
      }
      OpBuilder builder(load);
      Location location = NameLoc::get(global.getSymNameAttr());
      load.replaceAllUsesWith(
          arith::ConstantOp::create(builder, location, value).getResult());
      load.erase();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();

    for (auto global : llvm::make_early_inc_range(
             getOperation().getOps<ml_program::GlobalOp>()))
      if (!stored.contains(global) &&
          SymbolTable::symbolKnownUseEmpty(global.getSymNameAttr(),
                                           getOperation()))
        global.erase();
  }
};
} // namespace
