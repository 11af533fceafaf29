//===- TrainingStep.h - a step that can be run ------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAINING_TRAININGSTEP_H
#define QAT_TRAINING_TRAININGSTEP_H

#include "qat/Differentiation/Differentiate.h"
#include "qat/TrainingStep/CompiledStep.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <array>

namespace mlir::qat {

/// The names of the functions of form T: a step, and, where gradients are
/// accumulated, what applies them.
inline constexpr llvm::StringLiteral kStepFunction = "step";
inline constexpr llvm::StringLiteral kUpdateFunction = "update";

/// The argument of role "hyper" (see Hyper).
struct Hyperparameters {
  std::array<float, kHyperCount> values{};

  float &operator[](Hyper place) {
    return values[static_cast<unsigned>(place)];
  }
};

/// The places of the argument of role "metrics".
struct StepMetrics {
  enum Place { Loss = 0, Right = 1, RightInFive = 2, GradientNorm = 3 };
  std::array<float, kMetricCount> values{};

  float operator[](Place place) const { return values[place]; }
};

/// A training step that can be run; CompiledStep is one, tests have others.
class TrainingStep {
public:
  virtual ~TrainingStep();

  /// The arguments of `function` in order; none if there is no such function.
  virtual llvm::ArrayRef<StepArgument>
  arguments(llvm::StringRef function) const = 0;

  /// Runs `function` on `buffers`, one an argument (CompiledStep::run).
  virtual llvm::Error run(llvm::StringRef function,
                          llvm::ArrayRef<void *> buffers) = 0;
};

/// `step` as a TrainingStep. Its parameters of the names in `fixed`, those of a
/// teacher, are no arguments of the result, but have these numbers. Fails where
/// their shapes differ.
llvm::Expected<std::unique_ptr<TrainingStep>>
makeTrainingStep(std::unique_ptr<CompiledStep> step,
                 std::map<std::string, NdArray> fixed);

} // namespace mlir::qat

#endif // QAT_TRAINING_TRAININGSTEP_H
