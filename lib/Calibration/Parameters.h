//===- Parameters.h - the named state of a network --------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CALIBRATION_PARAMETERS_H
#define QAT_LIB_CALIBRATION_PARAMETERS_H

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/IR/SymbolTable.h"

#include <optional>
#include <vector>

namespace mlir::qat {

/// Reads and writes the parameters of a module by the values that load them.
class Parameters {
public:
  explicit Parameters(ModuleOp module) : symbols(module) {}

  /// The numbers of `value`, a parameter or a constant.
  std::optional<std::vector<float>> get(Value value);

  /// Whether `value` loads a parameter that nothing else reads, so that it may
  /// be changed for its one reader.
  bool isOwn(Value value);

  /// Gives the parameter that `value` loads other numbers, of its shape.
  void set(Value value, ArrayRef<float> numbers);

  /// Makes `operand`, a constant, read a new parameter called `name` instead,
  /// of type `type` and with these numbers.
  void replace(OpOperand &operand, const Twine &name, RankedTensorType type,
               ArrayRef<float> numbers);

private:
  ml_program::GlobalOp lookup(Value value);

  SymbolTable symbols;
};

} // namespace mlir::qat

#endif // QAT_LIB_CALIBRATION_PARAMETERS_H
