//===- ComputedForm.cpp - a network computed in one of its forms ----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Evaluation/ComputedForm.h"

#include "qat/Dialect/Qat/IR/NetworkForm.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Pipelines/Pipelines.h"

#include "mlir/Pass/PassManager.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

StringRef qat::stringifyComputedForm(ComputedForm form) {
  switch (form) {
  case ComputedForm::Float:
    return "float";
  case ComputedForm::Fake:
    return "fake";
  case ComputedForm::Integer:
    return "integer";
  }
  llvm_unreachable("unknown form");
}

Expected<ComputedForm>
qat::chooseComputedForm(ModuleOp module, StringRef path,
                        std::optional<ComputedForm> wanted) {
  switch (getNetworkForm(module)) {
  case NetworkForm::Float:
    if (wanted.value_or(ComputedForm::Float) == ComputedForm::Float)
      return ComputedForm::Float;
    return createStringError("'" + path + "' is a float network and has no " +
                             stringifyComputedForm(*wanted) +
                             " form; `qat quantize` makes a network that has");
  case NetworkForm::Integer:
    if (wanted.value_or(ComputedForm::Integer) == ComputedForm::Integer)
      return ComputedForm::Integer;
    return createStringError("'" + path +
                             "' is an integer network and has no " +
                             stringifyComputedForm(*wanted) +
                             " form; the network that it was made from has");
  case NetworkForm::FakeQuantized:
    break;
  }
  ComputedForm form = wanted.value_or(ComputedForm::Fake);
  if (form != ComputedForm::Fake && !awaitsFreezing(module))
    return createStringError("'" + path + "' is frozen and has no " +
                             stringifyComputedForm(form) +
                             " form; the network that it was made from has");
  return form;
}

void qat::addFormPasses(OpPassManager &manager, ModuleOp module,
                        ComputedForm form, ForwardKind forward) {
  if (getNetworkForm(module) == NetworkForm::Integer)
    return;
  if (getNetworkForm(module) == NetworkForm::Float) {
    manager.addPass(createQatBindParameters());
    return;
  }
  switch (form) {
  case ComputedForm::Float:
    manager.addPass(createQatRemoveQuantizers());
    manager.addPass(createQatBindParameters());
    return;
  case ComputedForm::Fake:
    if (!awaitsFreezing(module))
      return;
    if (forward == ForwardKind::Float)
      return buildFakePipeline(manager);
    {
      // The bounds that the integer network gets.
      QatFreezeForTrainingOptions options;
      options.keepBounds = true;
      manager.addPass(createQatFreezeForTraining(options));
      manager.addPass(createQatIntegerForward());
    }
    return;
  case ComputedForm::Integer:
    buildIntegerPipeline(manager);
    return;
  }
}

qat::ForwardOption::ForwardOption(cl::OptionCategory &category,
                                  ForwardKind standard)
    : cl::opt<ForwardKind>(
          "forward",
          cl::desc(standard == ForwardKind::Float
                       ? "How the fake-quantized network computes its layers "
                         "(default: float)"
                       : "How the fake-quantized network computes its layers "
                         "once it is frozen (default: integer)"),
          cl::values(clEnumValN(ForwardKind::Float, "float",
                                "float sums of quantized numbers"),
                     clEnumValN(ForwardKind::Integer, "integer",
                                "on their exact integers")),
          cl::init(standard), cl::cat(category)) {}
