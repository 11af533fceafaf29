//===- LayerResults.cpp - what every layer computes -----------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerResults.h"

#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/Qat.h"

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

// Reshapes of form I carry the name of a layer too, whose result has the right
// shape already.
llvm::MapVector<StringAttr, Value>
mlir::qat::collectLayerResults(func::FuncOp main) {
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

FailureOr<func::ReturnOp> mlir::qat::getOnlyReturn(func::FuncOp main) {
  auto exit = dyn_cast<func::ReturnOp>(main.getBody().back().back());
  if (!exit || !main.getBody().hasOneBlock())
    return main.emitError("layers can be exposed in a function of one block "
                          "only");
  return exit;
}
