//===- ExposeLayers.cpp - return what every layer computes ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

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

/// Whether `op` computes an activation: not a parameter, nor what is done to
/// one. `activations` are the values that depend on the network's input.
static bool computesActivation(Operation &op,
                               const DenseSet<Value> &activations) {
  return op.getNumResults() == 1 &&
         isa<RankedTensorType>(op.getResult(0).getType()) &&
         llvm::any_of(op.getOperands(),
                      [&](Value value) { return activations.contains(value); });
}

/// The result of the last op of each layer, by name. Reshapes of form I carry
/// the name of a layer too, whose result has the right shape already.
static llvm::MapVector<StringAttr, Value> collectLayers(func::FuncOp main) {
  llvm::MapVector<StringAttr, Value> layers;
  DenseSet<Value> activations(main.getArguments().begin(),
                              main.getArguments().end());
  for (Operation &op : main.getBody().front()) {
    if (!computesActivation(op, activations))
      continue;
    Value result = op.getResult(0);
    activations.insert(result);
    auto name = StringAttr::get(op.getContext(), getLayerName(&op));
    if (name.empty())
      continue;
    // Integer layers that share a name are layers of their own.
    auto found = layers.find(name);
    for (unsigned number = 2;
         found != layers.end() && isa<IntegerLayerOpInterface>(op) &&
         isa<IntegerLayerOpInterface>(found->second.getDefiningOp());
         ++number) {
      name = StringAttr::get(op.getContext(),
                             getLayerName(&op) + "_" + std::to_string(number));
      found = layers.find(name);
    }
    if (found != layers.end() &&
        isa<IntegerLayerOpInterface>(found->second.getDefiningOp()) &&
        !isa<IntegerLayerOpInterface>(op))
      continue;
    // The place in the order is that of the layer's last op.
    layers.erase(name);
    layers.insert({name, result});
  }
  return layers;
}

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
    auto exit = dyn_cast<func::ReturnOp>(main.getBody().back().back());
    if (!exit || !main.getBody().hasOneBlock()) {
      main.emitError("layers can be exposed in a function of one block only");
      return signalPassFailure();
    }
    StringAttr key = StringAttr::get(&getContext(), "qat.name");
    for (auto &[name, value] :
         inputs ? collectQuantizerInputs(main) : collectLayers(main)) {
      auto attributes =
          DictionaryAttr::get(&getContext(), {NamedAttribute(key, name)});
      if (failed(main.insertResult(main.getNumResults(), value.getType(),
                                   attributes)))
        return signalPassFailure();
      exit.getOperandsMutable().append(value);
    }
  }
};
} // namespace
