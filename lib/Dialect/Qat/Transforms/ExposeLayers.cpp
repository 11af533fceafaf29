//===- ExposeLayers.cpp - return what every layer computes ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerResults.h"

#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATEXPOSELAYERS
#include "qat/Dialect/Qat/Transforms/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

static llvm::MapVector<StringAttr, Value>
collectQuantizerInputs(func::FuncOp main) {
  llvm::MapVector<StringAttr, Value> inputs;
  main.walk([&](ActivationQuantizerOpInterface quantizer) {
    auto name = StringAttr::get(main.getContext(), getLayerName(quantizer));
    if (!name.empty())
      inputs.insert({name, quantizer.getQuantizedInput()});
  });
  return inputs;
}

namespace {
struct ExposeLayers : qat::impl::QatExposeLayersBase<ExposeLayers> {
  using QatExposeLayersBase::QatExposeLayersBase;

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal())
      return;
    bool inputs = what == "quantizer-inputs";
    if (!inputs && what != "layers") {
      getOperation().emitError("'what' must be layers or quantizer-inputs, "
                               "but is '")
          << what << "'";
      return signalPassFailure();
    }
    FailureOr<func::ReturnOp> exit = getOnlyReturn(main);
    if (failed(exit))
      return signalPassFailure();
    StringAttr key = StringAttr::get(&getContext(), "qat.name");
    for (auto &[name, value] :
         inputs ? collectQuantizerInputs(main) : collectLayerResults(main)) {
      auto attributes =
          DictionaryAttr::get(&getContext(), {NamedAttribute(key, name)});
      if (failed(main.insertResult(main.getNumResults(), value.getType(),
                                   attributes)))
        return signalPassFailure();
      exit->getOperandsMutable().append(value);
    }
  }
};
} // namespace
