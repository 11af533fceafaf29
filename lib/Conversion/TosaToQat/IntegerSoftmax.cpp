//===- IntegerSoftmax.cpp - the softmax that converters write out ---------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntegerSoftmax.h"

#include "Constants.h"
#include "OpGraph.h"

using namespace mlir;
using namespace mlir::qat;

/// Along the last dimension.
static bool isLastAxis(Operation *op) {
  auto axis = op->getAttrOfType<IntegerAttr>("axis");
  auto type = dyn_cast<RankedTensorType>(op->getOperand(0).getType());
  return axis && type && axis.getInt() == type.getRank() - 1;
}

/// A rescale whose flags change nothing, from `from` bits to `to`. The scales
/// here are powers of two that no rounding touches.
static OpGraph::Check isPlainRescale(unsigned from, unsigned to) {
  return [=](Operation *op) {
    auto rescale = cast<tosa::RescaleOp>(op);
    return rescale.getScale32() && !rescale.getPerChannel() &&
           !rescale.getInputUnsigned() && !rescale.getOutputUnsigned() &&
           getElementTypeOrSelf(rescale.getInput().getType()).isInteger(from) &&
           getElementTypeOrSelf(rescale.getType()).isInteger(to);
  };
}

static bool isRounded(Operation *op) {
  return cast<tosa::ArithmeticRightShiftOp>(op).getRound();
}

/// The four tables in one: what they give for -d, put together.
static std::optional<SmallVector<int32_t>> joinTables(ArrayRef<Value> tables) {
  SmallVector<std::vector<int64_t>> values;
  for (Value table : tables) {
    std::optional<std::vector<int64_t>> elements = getIntegers(table);
    if (!elements || elements->size() != 513)
      return std::nullopt;
    values.push_back(std::move(*elements));
  }
  SmallVector<int32_t> joined;
  for (unsigned d = 0; d < 256; ++d) {
    // tosa.table of -128 * d: element 256 - d with seven bits of fraction, all
    // of them 0.
    auto entry = [&](unsigned table) {
      return static_cast<uint32_t>(values[table][256 - d]) << 7;
    };
    auto low = static_cast<int32_t>(entry(3));
    uint32_t sum = (entry(0) << 17) + (entry(1) << 9) + (entry(2) << 1) +
                   static_cast<uint32_t>((low >> 7) + ((low >> 6) & 1));
    joined.push_back(static_cast<int32_t>(sum));
  }
  return joined;
}

std::optional<IntegerSoftmax> qat::matchIntegerSoftmax(tosa::RescaleOp last) {
  OpGraph g;
  using Node = OpGraph::Node;
  Node zero = g.integer(0), one = g.integer(1), four = g.integer(4);
  Node s30 = g.integer(30), s31 = g.integer(31);
  Node unit = g.integer(1 << 30);
  // The zero point of the input goes away in the difference.
  Node input = g.any(), inputZero = g.any(), outputZero = g.any();

  Node x = g.op<tosa::RescaleOp>({input, unit, s30, inputZero, zero},
                                 isPlainRescale(8, 32));
  Node difference =
      g.op<tosa::SubOp>({x, g.op<tosa::ReduceMaxOp>({x}, isLastAxis)});
  Node index = g.op<tosa::RescaleOp>(
      {difference, unit, g.integer(23), g.integer(0), g.integer(0)},
      isPlainRescale(32, 16));
  SmallVector<Node> tables;
  for (unsigned i = 0; i < 4; ++i)
    tables.push_back(g.any());
  auto entry = [&](unsigned i) {
    return g.op<tosa::TableOp>({index, tables[i]});
  };
  auto left = [&](unsigned i, int64_t shift) {
    return g.op<tosa::LogicalLeftShiftOp>({entry(i), g.integer(shift)});
  };
  Node low =
      g.op<tosa::ArithmeticRightShiftOp>({entry(3), g.integer(7)}, isRounded);
  Node e = g.op<tosa::AddOp>(
      {g.op<tosa::AddOp>(
           {g.op<tosa::AddOp>({left(0, 17), left(1, 9)}), left(2, 1)}),
       low});
  Node sum = g.op<tosa::ReduceSumOp>(
      {g.op<tosa::ArithmeticRightShiftOp>({e, g.integer(12)}, isRounded)},
      isLastAxis);
  Node bits = g.op<tosa::ClzOp>({sum});
  Node d =
      g.op<tosa::LogicalLeftShiftOp>({sum, g.op<tosa::SubOp>({bits, one})});
  Node reciprocal =
      g.op<tosa::AddOp>({g.op<tosa::MulOp>({d, g.integer(-1010580540), s31}),
                         g.integer(1515870810)});
  for (unsigned step = 0; step < 3; ++step) {
    Node error = g.op<tosa::SubOp>(
        {g.integer(1 << 29), g.op<tosa::MulOp>({reciprocal, d, s31})});
    Node change = g.op<tosa::MulOp>(
        {g.op<tosa::MulOp>({reciprocal, error, s31}), four, g.integer(0)});
    reciprocal = g.op<tosa::AddOp>({reciprocal, change});
  }
  Node y = g.op<tosa::ArithmeticRightShiftOp>(
      {g.op<tosa::MulOp>({e, reciprocal, g.integer(30)}),
       g.op<tosa::SubOp>({g.integer(35), bits})},
      isRounded);
  Node result = g.op<tosa::RescaleOp>(
      {y, g.integer(1 << 30), g.integer(30), g.integer(0), outputZero},
      isPlainRescale(32, 8));
  if (!g.match(result, last.getOutput()))
    return std::nullopt;

  SmallVector<Value> constants;
  for (Node table : tables)
    constants.push_back(g.get(table));
  std::optional<SmallVector<int32_t>> table = joinTables(constants);
  if (!table)
    return std::nullopt;
  IntegerSoftmax softmax{g.get(input), std::move(*table), {}};
  for (Operation *op : g.getOps())
    if (op != last)
      softmax.ops.push_back(op);
  return softmax;
}
