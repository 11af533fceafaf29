//===- LayerName.cpp - the name of a layer ----------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/LayerName.h"

#include "mlir/Dialect/MLProgram/IR/MLProgram.h"

using namespace mlir;

StringRef qat::getLayerName(Location location) {
  StringRef name;
  location->walk([&](Location nested) {
    auto named = dyn_cast<NameLoc>(nested);
    if (!named)
      return WalkResult::advance();
    name = named.getName().getValue();
    return WalkResult::interrupt();
  });
  return name;
}

/// The layer that owns `parameter`; layers may have dots in their names.
static StringRef stripRole(StringRef parameter) {
  for (StringRef role :
       {".weight.lo", ".weight.hi", ".weight", ".bias", ".bn.gamma", ".bn.beta",
        ".bn.mean", ".bn.var", ".alpha", ".lo", ".hi"})
    if (parameter.consume_back(role))
      break;
  return parameter;
}

std::string qat::getLayerName(Operation *op) {
  if (StringRef name = getLayerName(op->getLoc()); !name.empty())
    return name.str();
  for (Value operand : op->getOperands())
    if (auto load = operand.getDefiningOp<ml_program::GlobalLoadOp>()) {
      StringRef parameter = load.getGlobal().getLeafReference().getValue();
      return stripRole(parameter).str();
    }
  return "";
}
