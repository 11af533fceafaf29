//===- TosaToQat.cpp - convert-tosa-to-qat: 8-bit TOSA to form I ----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Raiser.h"

#include "qat/Conversion/Passes.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::qat {
#define GEN_PASS_DEF_CONVERTTOSATOQAT
#include "qat/Conversion/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
struct ConvertTosaToQat : qat::impl::ConvertTosaToQatBase<ConvertTosaToQat> {
  using ConvertTosaToQatBase::ConvertTosaToQatBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal() || !main.getBody().hasOneBlock()) {
      module.emitError("expects a function '@main' of one block");
      return signalPassFailure();
    }
    if (failed(Raiser(main).run()))
      return signalPassFailure();
    module->removeAttr(kGridsAttrName);
  }
};
} // namespace
