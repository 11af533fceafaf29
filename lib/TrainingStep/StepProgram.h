//===- StepProgram.h - what a step calls, in order --------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TRAININGSTEP_STEPPROGRAM_H
#define QAT_LIB_TRAININGSTEP_STEPPROGRAM_H

#include "qat/TrainingStep/CompiledStep.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>
#include <vector>

namespace mlir::qat {

/// One pointer that a group's function takes.
struct StepOperand {
  bool isPart = false;   ///< the address of the part's number
  int64_t argument = -1; ///< of the step; -1: the arena
  int64_t offset = 0;    ///< in the arena, in bytes
  int64_t blockBytes = 0, tileBytes = 0;
  int64_t zeroBytes = 0;
};

struct StepLaunch {
  std::string callee, label;
  int64_t tiles = 1, blocks = 1, phase = 0;
  int64_t copyBytes = 0; ///< a copy from the first operand to the second
  std::vector<StepOperand> operands;
  std::vector<int64_t> scratch; ///< offsets of temporaries
  void (*call)(void **) = nullptr;
};

/// The launches of one function, by phases.
struct StepProgram {
  std::string function;
  std::vector<StepArgument> arguments;
  int64_t arenaBytes = 0, scratchBytes = 0;
  std::vector<StepLaunch> launches;
};

/// The programs of a module lowered by qat-step-pipeline, whose functions have
/// `qat.launches`.
std::vector<StepProgram> readPrograms(ModuleOp module);

/// One line of JSON, and back; none for text that is no such line.
std::string printPrograms(llvm::ArrayRef<StepProgram> programs);
std::optional<std::vector<StepProgram>> parsePrograms(llvm::StringRef text);

} // namespace mlir::qat

#endif // QAT_LIB_TRAININGSTEP_STEPPROGRAM_H
