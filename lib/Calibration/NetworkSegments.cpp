//===- NetworkSegments.cpp - a network run piece by piece -----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NetworkSegments.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/Threading.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::qat;

NetworkSegments::NetworkSegments(func::FuncOp function,
                                 std::vector<NdArray> inputs)
    : function(function), runs(inputs.size()) {
  activations.insert(function.getArgument(0));
  arrays[function.getArgument(0)] = std::move(inputs);
  for (Operation &op : function.getBody().front().without_terminator()) {
    if (llvm::none_of(op.getOperands(), [&](Value operand) {
          return activations.contains(operand);
        }))
      continue;
    positions[&op] = static_cast<int64_t>(ops.size());
    ops.push_back(&op);
    activations.insert_range(op.getResults());
  }
}

int64_t NetworkSegments::getLastUse(Value value) const {
  int64_t last = -1;
  for (Operation *user : value.getUsers())
    if (auto found = positions.find(user); found != positions.end())
      last = std::max(last, found->second);
  return last;
}

/// Clones what computes `value` out of constants to where `builder` is.
static void cloneConstant(OpBuilder &builder, IRMapping &mapping, Value value) {
  if (mapping.contains(value))
    return;
  Operation *op = value.getDefiningOp();
  for (Value operand : op->getOperands())
    cloneConstant(builder, mapping, operand);
  builder.clone(*op, mapping);
}

llvm::Error NetworkSegments::runTo(
    Value stop,
    llvm::function_ref<void(llvm::MutableArrayRef<NdArray>)> change) {
  int64_t end = positions.lookup(stop.getDefiningOp()) + 1;
  ArrayRef<Operation *> segment = ArrayRef(ops).slice(next, end - next);
  llvm::SetVector<Value> inputs, outputs;
  for (Operation *op : segment) {
    for (Value operand : op->getOperands())
      if (arrays.contains(operand))
        inputs.insert(operand);
    for (Value result : op->getResults())
      if (result == stop || getLastUse(result) >= end)
        outputs.insert(result);
  }

  OpBuilder builder(function.getContext());
  OwningOpRef<ModuleOp> module = ModuleOp::create(function.getLoc());
  builder.setInsertionPointToEnd(module->getBody());
  auto main = func::FuncOp::create(
      builder, function.getLoc(), "main",
      builder.getFunctionType(ValueRange(inputs.getArrayRef()).getTypes(),
                              ValueRange(outputs.getArrayRef()).getTypes()));
  Block *body = main.addEntryBlock();
  builder.setInsertionPointToStart(body);
  IRMapping mapping;
  mapping.map(inputs.getArrayRef(), body->getArguments());
  for (Operation *op : segment) {
    for (Value operand : op->getOperands())
      if (!activations.contains(operand))
        cloneConstant(builder, mapping, operand);
    builder.clone(*op, mapping);
  }
  SmallVector<Value> results;
  for (Value output : outputs)
    results.push_back(mapping.lookup(output));
  func::ReturnOp::create(builder, function.getLoc(), results);
  llvm::Expected<std::unique_ptr<CompiledNetwork>> network =
      CompiledNetwork::compile(*module);
  if (!network)
    return network.takeError();

  std::vector<std::vector<NdArray>> computed(runs);
  std::vector<std::string> errors(runs);
  parallelFor(function.getContext(), 0, runs, [&](size_t run) {
    SmallVector<const NdArray *> arguments;
    for (Value input : inputs)
      arguments.push_back(&arrays.find(input)->second[run]);
    computed[run].resize(outputs.size());
    if (llvm::Error error = (*network)->run(arguments, computed[run]))
      errors[run] = llvm::toString(std::move(error));
  });
  for (const std::string &error : errors)
    if (!error.empty())
      return llvm::createStringError(error);

  for (auto [index, output] : llvm::enumerate(outputs)) {
    std::vector<NdArray> &stored = arrays[output];
    for (std::vector<NdArray> &run : computed)
      stored.push_back(std::move(run[index]));
  }
  next = end;
  change(arrays[stop]);
  SmallVector<Value> dead;
  for (auto &entry : arrays)
    if (getLastUse(entry.first) < end)
      dead.push_back(entry.first);
  for (Value value : dead)
    arrays.erase(value);
  return llvm::Error::success();
}
