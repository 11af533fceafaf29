//===- TrainingStep.cpp - a step that can be run --------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Training/TrainingStep.h"

using namespace llvm;
using namespace mlir::qat;

TrainingStep::~TrainingStep() = default;

namespace {
class CompiledTrainingStep : public TrainingStep {
public:
  explicit CompiledTrainingStep(std::unique_ptr<CompiledStep> step)
      : step(std::move(step)) {}

  ArrayRef<StepArgument> arguments(StringRef function) const override {
    return step->arguments(function);
  }
  Error run(StringRef function, ArrayRef<void *> buffers) override {
    return step->run(function, buffers);
  }

private:
  std::unique_ptr<CompiledStep> step;
};
} // namespace

std::unique_ptr<TrainingStep>
mlir::qat::makeTrainingStep(std::unique_ptr<CompiledStep> step) {
  return std::make_unique<CompiledTrainingStep>(std::move(step));
}
