//===- OpGraph.cpp - groups of ops that mean one thing --------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OpGraph.h"

#include "Constants.h"

using namespace mlir;
using namespace mlir::qat;

OpGraph::Node OpGraph::add(Description description) {
  nodes.push_back(std::move(description));
  return nodes.size() - 1;
}

OpGraph::Node OpGraph::any() { return add({}); }

OpGraph::Node OpGraph::integer(int64_t value) {
  Description description;
  description.constant = value;
  return add(std::move(description));
}

bool OpGraph::match(Node node, Value value) {
  if (Value before = bound.lookup(node))
    return before == value;
  const Description &expected = nodes[node];
  if (expected.constant) {
    if (getSplatInteger(value) != expected.constant)
      return false;
  } else if (!expected.name.empty()) {
    Operation *op = value.getDefiningOp();
    if (!op || op->getName().getStringRef() != expected.name ||
        op->getNumOperands() != expected.operands.size() ||
        (expected.check && !expected.check(op)))
      return false;
    bound[node] = value;
    for (auto [operand, operandNode] :
         llvm::zip_equal(op->getOperands(), expected.operands))
      if (!match(operandNode, operand))
        return false;
  }
  bound[node] = value;
  return true;
}

SmallVector<Operation *> OpGraph::getOps() const {
  SmallVector<Operation *> ops;
  for (auto [node, description] : llvm::enumerate(nodes))
    if (!description.name.empty())
      if (Value value = bound.lookup(node))
        ops.push_back(value.getDefiningOp());
  return ops;
}
