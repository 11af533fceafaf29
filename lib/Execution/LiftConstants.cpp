//===- LiftConstants.cpp - constants as arguments of @main ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Execution/Passes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATLIFTCONSTANTS
#include "qat/Execution/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;

namespace {
struct LiftConstants : qat::impl::QatLiftConstantsBase<LiftConstants> {
  using QatLiftConstantsBase::QatLiftConstantsBase;

  /// Splats stay: they have no memory of their full size to pass.
  bool isLifted(memref::GlobalOp global) const {
    if (!global.getConstant() || global.isExternal())
      return false;
    if (auto dense = dyn_cast<DenseElementsAttr>(*global.getInitialValue());
        dense && dense.isSplat())
      return false;
    MemRefType type = global.getType();
    int64_t bits = type.getElementTypeBitWidth();
    return bits % 8 == 0 && type.getNumElements() * bits / 8 >= minBytes;
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    auto main = symbols.lookup<func::FuncOp>("main");
    if (!main || main.isExternal())
      return;
    llvm::MapVector<Operation *, BlockArgument> lifted;
    main.walk([&](memref::GetGlobalOp get) {
      auto global = symbols.lookup<memref::GlobalOp>(get.getName());
      if (!global || !isLifted(global))
        return;
      BlockArgument &argument = lifted[global];
      if (!argument) {
        unsigned index = main.getNumArguments();
        auto attributes = DictionaryAttr::get(
            &getContext(),
            {NamedAttribute(StringAttr::get(&getContext(), "qat.constant"),
                            *global.getInitialValue())});
        if (failed(main.insertArgument(index, global.getType(), attributes,
                                       global.getLoc())))
          return signalPassFailure();
        argument = main.getArgument(index);
      }
      get.replaceAllUsesWith(Value(argument));
      get.erase();
    });
    for (auto &[global, argument] : lifted)
      if (SymbolTable::symbolKnownUseEmpty(global, module))
        symbols.erase(global);
  }
};
} // namespace
