//===- Backward.h - gradients of a run of ops -------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DIFFERENTIATION_BACKWARD_H
#define QAT_LIB_DIFFERENTIATION_BACKWARD_H

#include "qat/Differentiation/Differentiate.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::qat {

/// Goes backwards through ops that are in one block, in order.
class Backward {
public:
  Backward(OpBuilder &builder, BoundScale boundScale, int64_t batch)
      : builder(builder), boundScale(boundScale), batch(batch) {}

  /// Asks for the gradient of `value`, before run().
  void want(Value value) { active.insert(value); }
  /// Says that the gradient of `operand` is zero, before run().
  void skip(OpOperand &operand) { skipped.insert(&operand); }
  /// Adds `gradient` to that of `value`.
  void add(Value value, Value gradient);
  /// What is known of the gradient of `value`; null: nothing depends on it.
  Value get(Value value) const { return gradients.lookup(value); }

  /// Writes the gradients of all that is wanted, from those that were added.
  /// Emits an error where an op on the way has no derivative.
  LogicalResult run(ArrayRef<Operation *> forward);

private:
  LogicalResult visit(Operation *op);
  template <typename QuantizerOp>
  void visitQuantizer(QuantizerOp op, Value upstream, int64_t elements);

  OpBuilder &builder;
  BoundScale boundScale;
  int64_t batch;
  /// Values that depend on something that is wanted.
  DenseSet<Value> active;
  DenseSet<OpOperand *> skipped;
  DenseMap<Value, Value> gradients;
};

} // namespace mlir::qat

#endif // QAT_LIB_DIFFERENTIATION_BACKWARD_H
