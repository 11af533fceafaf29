//===- TrainingStep.cpp - a step that can be run --------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Training/TrainingStep.h"

#include "llvm/ADT/StringMap.h"

using namespace llvm;
using namespace mlir::qat;

TrainingStep::~TrainingStep() = default;

namespace {
class CompiledTrainingStep : public TrainingStep {
public:
  CompiledTrainingStep(std::unique_ptr<CompiledStep> step,
                       std::map<std::string, NdArray> fixed)
      : step(std::move(step)), fixed(std::move(fixed)) {}

  /// Tells the arguments that a caller gives from those that are fixed.
  Error sort(StringRef function) {
    Interface &interface = interfaces[function];
    for (const StepArgument &argument : step->arguments(function)) {
      auto it = argument.role == "parameter" ? fixed.find(argument.name)
                                             : fixed.end();
      if (it == fixed.end()) {
        interface.given.push_back(argument);
        interface.buffers.push_back(nullptr);
        continue;
      }
      NdArray &array = it->second;
      if (array.kind() != argument.kind ||
          array.shape() != ArrayRef<int64_t>(argument.shape))
        return createStringError("the parameter '" + argument.name +
                                 "' has shape " + shapeText(array.shape()) +
                                 ", but the training step takes " +
                                 shapeText(argument.shape));
      interface.buffers.push_back(array.bytes().data());
    }
    return Error::success();
  }

  ArrayRef<StepArgument> arguments(StringRef function) const override {
    auto it = interfaces.find(function);
    return it == interfaces.end() ? ArrayRef<StepArgument>()
                                  : ArrayRef<StepArgument>(it->second.given);
  }

  Error run(StringRef function, ArrayRef<void *> given) override {
    std::vector<void *> buffers = interfaces[function].buffers;
    for (void *&buffer : buffers)
      if (!buffer) {
        buffer = given.front();
        given = given.drop_front();
      }
    return step->run(function, buffers);
  }

private:
  struct Interface {
    std::vector<StepArgument> given;
    /// Of all arguments; null for those that are given.
    std::vector<void *> buffers;
  };

  std::unique_ptr<CompiledStep> step;
  std::map<std::string, NdArray> fixed;
  StringMap<Interface> interfaces;
};
} // namespace

Expected<std::unique_ptr<TrainingStep>>
mlir::qat::makeTrainingStep(std::unique_ptr<CompiledStep> step,
                            std::map<std::string, NdArray> fixed) {
  auto made =
      std::make_unique<CompiledTrainingStep>(std::move(step), std::move(fixed));
  for (StringRef function : {kStepFunction, kUpdateFunction})
    if (Error error = made->sort(function))
      return std::move(error);
  return std::move(made);
}
