//===- NetworkSegments.h - a network run piece by piece ---------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CALIBRATION_NETWORKSEGMENTS_H
#define QAT_LIB_CALIBRATION_NETWORKSEGMENTS_H

#include "qat/Execution/CompiledNetwork.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::qat {

/// Runs a network on many inputs from one value to the next, so that what a
/// value holds can be changed before the rest of the network sees it. Each op
/// is computed once an input. Memory: the tensors that are alive at one place,
/// for all inputs.
class NetworkSegments {
public:
  /// `function` has one block, one argument and no parameters left that are not
  /// constants (qat-bind-parameters); `inputs` are its arguments, one for each
  /// run. The ops must outlive this object.
  NetworkSegments(func::FuncOp function, std::vector<NdArray> inputs);

  /// Computes `stop`, which must come after the stop of the call before, and
  /// lets `change` see it for every input at once. What it writes is what the
  /// ops behind `stop` read.
  llvm::Error
  runTo(Value stop,
        llvm::function_ref<void(llvm::MutableArrayRef<NdArray>)> change);

private:
  /// The last op that reads the value, by position; -1 if none does.
  int64_t getLastUse(Value value) const;

  func::FuncOp function;
  /// The ops that depend on the input, in order.
  std::vector<Operation *> ops;
  DenseMap<Operation *, int64_t> positions;
  DenseSet<Value> activations;
  /// The position of the first op that was not run yet.
  int64_t next = 0;
  /// What is alive, an array an input.
  DenseMap<Value, std::vector<NdArray>> arrays;
  size_t runs;
};

} // namespace mlir::qat

#endif // QAT_LIB_CALIBRATION_NETWORKSEGMENTS_H
