//===- MemoryOptions.cpp - budgets that bits are assigned by --------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MemoryOptions.h"

#include "Command.h"

#include "qat/Assignment/MemorySizes.h"

using namespace llvm;
using namespace mlir::qat;

MemoryOptions::MemoryOptions(cl::OptionCategory &category)
    : constraint("mem-constraint", cl::value_desc("[ROM,RAM]"),
                 cl::cat(category),
                 cl::desc("Bytes for weights and for activations, such as "
                          "[2M,512k]: bits are assigned so that both fit")),
      mode("mixed-prec-quant", cl::init("MixPC"), cl::value_desc("mode"),
           cl::cat(category),
           cl::desc("MixPL (per-layer weights) or MixPC (per-channel, default) "
                    "for --mem-constraint")),
      policy("policy", cl::init("consistent"), cl::cat(category),
             cl::desc("Fold types of MixPL: by the bits alone (consistent, "
                      "default) or as the reference gives them (reference)")),
      model("memory-model", cl::init("reference"), cl::cat(category),
            cl::desc("What a layer is charged: reference, the tensors that are "
                     "live there (default)")) {}

Error MemoryOptions::checkUnused() const {
  for (const cl::opt<std::string> *option : {&mode, &policy, &model})
    if (option->getNumOccurrences() > 0)
      return wrongUsage("'--" + option->ArgStr +
                        "' needs '--mem-constraint', the budgets");
  return Error::success();
}

Expected<QatAssignPrecisionOptions>
MemoryOptions::read(StringRef layerConfig) const {
  if (!areGiven())
    return wrongUsage("expects '--mem-constraint [ROM,RAM]', the budgets in "
                      "bytes, such as [2M,512k]");
  Expected<MemoryBudget> budget = parseMemoryBudget(constraint);
  if (!budget)
    return wrongUsage("--mem-constraint: " + toString(budget.takeError()));
  if (!symbolizeAssignmentMode(mode))
    return wrongUsage("expects '--mixed-prec-quant' to be MixPL or MixPC, but "
                      "got '" +
                      mode + "'");
  if (!symbolizeAssignmentPolicy(policy))
    return wrongUsage("expects '--policy' to be consistent or reference, but "
                      "got '" +
                      policy + "'");
  if (model != "reference" && model != "planned")
    return wrongUsage("expects '--memory-model' to be reference or planned, "
                      "but got '" +
                      model + "'");
  QatAssignPrecisionOptions options;
  options.rom = std::to_string(budget->romBytes);
  options.ram = std::to_string(budget->ramBytes);
  options.mode = mode;
  options.policy = policy;
  options.memoryModel = model;
  options.layerConfig = layerConfig.str();
  return options;
}
