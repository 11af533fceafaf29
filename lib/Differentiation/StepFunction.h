//===- StepFunction.h - a function whose state is in its arguments --------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DIFFERENTIATION_STEPFUNCTION_H
#define QAT_LIB_DIFFERENTIATION_STEPFUNCTION_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringRef.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::qat {

/// What an argument of form T is, in the order of the arguments.
enum class StepRole {
  Input,
  Label,
  Hyper,
  Seed,
  Parameter,
  Moment1,
  Moment2,
  Gradient,
  Statistic,
  Metrics,
};

/// The value of `qat.role`.
StringRef stringifyStepRole(StepRole role);

/// A function of form T while it is written: tensors of its arguments come into
/// being when they are asked for.
class StepFunction {
public:
  StepFunction(Location loc, StringRef name);
  ~StepFunction();

  /// Where the next op of the body goes.
  OpBuilder builder;

  /// The tensor that the argument (role, name) holds when the function begins.
  /// `order` sorts the arguments of one role, those of one order by role.
  Value getTensor(StepRole role, StringRef name, RankedTensorType type,
                  unsigned order = 0);

  /// Element `index` of the argument of role hyper, a number.
  Value getHyper(unsigned index);

  /// Leaves `value` in the argument (role, name).
  void store(StepRole role, StringRef name, Value value, unsigned order = 0);

  /// Writes the function at the end of `module`, its arguments in order.
  func::FuncOp finish(ModuleOp module);

private:
  struct Argument {
    StepRole role;
    std::string name;
    unsigned order;
    BlockArgument memref;
    Value tensor;
    Value result;
  };

  template <typename OpTy, typename... Args> Value read(Args &&...args);
  Argument &getArgument(StepRole role, StringRef name, RankedTensorType type,
                        unsigned order);

  Location loc;
  std::string name;
  /// Holds the body until finish().
  std::unique_ptr<Region> region;
  Block *block;
  /// The last of the ops that read arguments, which come first.
  Operation *lastRead = nullptr;
  std::vector<Argument> arguments;
  llvm::SmallDenseMap<unsigned, Value> hypers;
};

} // namespace mlir::qat

#endif // QAT_LIB_DIFFERENTIATION_STEPFUNCTION_H
