//===- StepFunction.cpp - a function whose state is in its arguments ------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StepFunction.h"

#include "qat/Differentiation/Differentiate.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::qat;

StringRef mlir::qat::stringifyStepRole(StepRole role) {
  static constexpr StringLiteral names[] = {
      "input",   "label",   "hyper",    "seed",      "parameter",
      "moment1", "moment2", "gradient", "statistic", "metrics"};
  return names[static_cast<int>(role)];
}

StepFunction::StepFunction(Location loc, StringRef name)
    : builder(loc.getContext()), loc(loc), name(name.str()),
      region(std::make_unique<Region>()), block(new Block) {
  region->push_back(block);
  builder.setInsertionPointToEnd(block);
}

StepFunction::~StepFunction() = default;

StepFunction::Argument &StepFunction::getArgument(StepRole role, StringRef name,
                                                  RankedTensorType type,
                                                  unsigned order) {
  for (Argument &argument : arguments)
    if (argument.role == role && argument.name == name)
      return argument;
  auto memref = MemRefType::get(type.getShape(), type.getElementType());
  arguments.push_back({role, name.str(), order, block->addArgument(memref, loc),
                       /*tensor=*/Value(), /*result=*/Value()});
  return arguments.back();
}

/// An op behind those that read arguments already.
template <typename OpTy, typename... Args>
Value StepFunction::read(Args &&...args) {
  OpBuilder::InsertionGuard guard(builder);
  if (lastRead)
    builder.setInsertionPointAfter(lastRead);
  else
    builder.setInsertionPointToStart(block);
  auto op = OpTy::create(builder, loc, std::forward<Args>(args)...);
  lastRead = op;
  return op.getResult();
}

Value StepFunction::getTensor(StepRole role, StringRef name,
                              RankedTensorType type, unsigned order) {
  Argument &argument = getArgument(role, name, type, order);
  if (!argument.tensor)
    argument.tensor = read<bufferization::ToTensorOp>(type, argument.memref,
                                                      /*restrict=*/true);
  return argument.tensor;
}

Value StepFunction::getHyper(unsigned index) {
  Value &hyper = hypers[index];
  if (hyper)
    return hyper;
  Type f32 = builder.getF32Type();
  Value all =
      getTensor(StepRole::Hyper, "", RankedTensorType::get(kHyperCount, f32));
  SmallVector<OpFoldResult> offset = {builder.getIndexAttr(index)},
                            one = {builder.getIndexAttr(1)};
  hyper = read<tensor::ExtractSliceOp>(RankedTensorType::get({}, f32), all,
                                       offset, one, one);
  return hyper;
}

void StepFunction::store(StepRole role, StringRef name, Value value,
                         unsigned order) {
  getArgument(role, name, cast<RankedTensorType>(value.getType()), order)
      .result = value;
}

func::FuncOp StepFunction::finish(ModuleOp module) {
  auto rank = [](const Argument &argument) {
    // The moments of one parameter stay together.
    StepRole role =
        argument.role == StepRole::Moment2 ? StepRole::Moment1 : argument.role;
    return std::tuple(role, argument.order, argument.role);
  };
  llvm::sort(arguments, [&](const Argument &lhs, const Argument &rhs) {
    return rank(lhs) < rank(rhs);
  });
  builder.setInsertionPointToEnd(block);
  for (Argument &argument : arguments) {
    if (!argument.result)
      continue;
    // What is updated may be written where it was read.
    if (argument.tensor)
      argument.tensor.getDefiningOp<bufferization::ToTensorOp>().setWritable(
          true);
    bufferization::MaterializeInDestinationOp::create(
        builder, loc, /*result=*/Type(), argument.result, argument.memref,
        /*restrict=*/!argument.tensor, /*writable=*/true);
  }
  func::ReturnOp::create(builder, loc);

  SmallVector<Type> types;
  for (Argument &argument : arguments)
    types.push_back(argument.memref.getType());
  builder.setInsertionPointToEnd(module.getBody());
  auto function = func::FuncOp::create(builder, loc, name,
                                       builder.getFunctionType(types, {}));
  Block *entry = function.addEntryBlock();
  entry->getOperations().splice(entry->end(), block->getOperations());
  for (auto [index, argument] : llvm::enumerate(arguments)) {
    argument.memref.replaceAllUsesWith(entry->getArgument(index));
    SmallVector<NamedAttribute> attributes;
    if (!argument.name.empty())
      attributes.push_back(builder.getNamedAttr(
          "qat.name", builder.getStringAttr(argument.name)));
    attributes.push_back(builder.getNamedAttr(
        "qat.role", builder.getStringAttr(stringifyStepRole(argument.role))));
    function.setArgAttrs(index, attributes);
  }
  return function;
}
