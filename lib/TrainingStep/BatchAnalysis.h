//===- BatchAnalysis.h - how each op of a step treats the batch -*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TRAININGSTEP_BATCHANALYSIS_H
#define QAT_LIB_TRAININGSTEP_BATCHANALYSIS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::qat {

enum class OpClass {
  Leaf,     ///< reads an argument
  Sink,     ///< writes an argument
  Free,     ///< scalars, constants, fills: computed where they are read
  Floating, ///< elementwise over the batch: computed anew by each reader
  Root,     ///< over the batch, computed once
  Partial,  ///< a sum over the batch, computed once, tile by tile
  Outer     ///< on whole tensors
};

/// Classifies the ops of a function of form T on tensors.
class BatchAnalysis {
public:
  /// May insert copies behind the sums over the batch (isCombine).
  explicit BatchAnalysis(func::FuncOp function);

  OpClass classOf(Operation *op) const { return classes.lookup(op); }

  /// Whether dimension 0 of `value` is the batch.
  bool isBatched(Value value) const { return batched.contains(value); }

  /// The size of the batch; 0 where the function has none.
  int64_t getBatch() const { return batch; }

  /// The loop of `op` over the batch, if one reads a batched operand.
  static std::optional<unsigned>
  getBatchLoop(linalg::LinalgOp op, llvm::function_ref<bool(Value)> isBatched);

  /// Whether `op` must be the only one of its kind in a group: contractions and
  /// what reads windows.
  static bool isHeavy(Operation *op);

  /// The values that `op` reads, those of its regions among them.
  static llvm::SmallVector<Value> getReads(Operation *op);

  /// A copy that stands for the sum of a Partial's tiles.
  static bool isCombine(Operation *op);

private:
  OpClass classify(Operation *op);
  OpClass classifyLinalg(linalg::LinalgOp op);
  bool isFreeOverBatch(linalg::LinalgOp op) const;
  void addCombine(Operation *op);
  void materializeForOuter(Operation *op);
  void keepJoins(func::FuncOp function);

  int64_t batch = 0;
  llvm::DenseMap<Operation *, OpClass> classes;
  llvm::DenseSet<Value> batched;
};

/// Whether every loop of `op` is parallel and each result is written once, in
/// the order of the loops.
bool isElementwiseLoop(linalg::LinalgOp op);

} // namespace mlir::qat

#endif // QAT_LIB_TRAININGSTEP_BATCHANALYSIS_H
