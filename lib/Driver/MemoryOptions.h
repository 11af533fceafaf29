//===- MemoryOptions.h - budgets that bits are assigned by ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DRIVER_MEMORYOPTIONS_H
#define QAT_LIB_DRIVER_MEMORYOPTIONS_H

#include "qat/Assignment/AssignPrecision.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::qat {

/// The options of the memory-driven assignment.
class MemoryOptions {
public:
  explicit MemoryOptions(llvm::cl::OptionCategory &category);

  /// Whether there is a budget.
  bool areGiven() const { return constraint.getNumOccurrences() > 0; }

  /// Those of qat-assign-precision, with `layerConfig` fixed first; wrong usage
  /// where a word or a size is none, or there are no budgets.
  llvm::Expected<QatAssignPrecisionOptions>
  read(llvm::StringRef layerConfig) const;

  /// Wrong usage where another option was given that means nothing without
  /// budgets.
  llvm::Error checkUnused() const;

private:
  llvm::cl::opt<std::string> constraint, mode, policy, model;
};

} // namespace mlir::qat

#endif // QAT_LIB_DRIVER_MEMORYOPTIONS_H
