//===- IsolateLayers.cpp - qat-isolate-layers -----------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerResults.h"

#include "qat/Dialect/Qat/Transforms/Passes.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATISOLATELAYERS
#include "qat/Dialect/Qat/Transforms/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
struct IsolateLayers : qat::impl::QatIsolateLayersBase<IsolateLayers> {
  using QatIsolateLayersBase::QatIsolateLayersBase;

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal())
      return;
    FailureOr<func::ReturnOp> exit = getOnlyReturn(main);
    if (failed(exit))
      return signalPassFailure();
    StringAttr key = StringAttr::get(&getContext(), "qat.name");
    for (auto &[name, value] : collectLayerResults(main)) {
      auto isRead = [&](OpOperand &use) { return use.getOwner() != *exit; };
      if (llvm::none_of(value.getUses(), isRead))
        continue;
      auto attributes =
          DictionaryAttr::get(&getContext(), {NamedAttribute(key, name)});
      unsigned index = main.getNumArguments();
      if (failed(main.insertArgument(index, value.getType(), attributes,
                                     value.getLoc())))
        return signalPassFailure();
      value.replaceUsesWithIf(main.getArgument(index), isRead);
    }
  }
};
} // namespace
