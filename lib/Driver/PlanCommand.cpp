//===- PlanCommand.cpp - qat plan: bits by the memory there is ------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "LayerConfigOption.h"
#include "MemoryOptions.h"
#include "ModelInput.h"

#include "qat/Assignment/ExplainAssignment.h"
#include "qat/Assignment/PlanReport.h"
#include "qat/Dialect/Qat/Transforms/PrecisionPlan.h"
#include "qat/Support/AtomicFile.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

/// The file that the network came from, without its ending.
static StringRef getNetworkName(ModuleOp module, StringRef input) {
  if (auto source = module->getAttrOfType<StringAttr>("qat.source"))
    return sys::path::stem(source.getValue());
  return sys::path::stem(input);
}

static Error makePlan(CommandLine &line, StringRef input, StringRef json,
                      const QatAssignPrecisionOptions &options) {
  Expected<OwningOpRef<ModuleOp>> module = readModel(line, input);
  if (!module)
    return module.takeError();
  if (line.onlyPrintsPipeline())
    return line.runPasses(**module, [&](OpPassManager &manager) {
      manager.addPass(createQatAssignPrecision(options));
    });
  FailureOr<PrecisionPlan> plan = planPrecision(**module, options);
  if (failed(plan))
    return line.diagnosedError("no plan, without a reason");
  const PrecisionNetwork &network = plan->network;
  if (!json.empty())
    if (Error error = writeFileAtomically(json, [&](raw_ostream &os) {
          os << formatv("{0:2}",
                        planToJson(getNetworkName(**module, input), network,
                                   plan->options, plan->assignment))
             << "\n";
        }))
      return error;
  // Standard output is JSON alone where that goes there.
  if (json != "-")
    printPlan(network, plan->options, plan->assignment, outs());
  if (plan->assignment.status == AssignmentStatus::Ok)
    return Error::success();
  return createStringError(
      join(explainAssignment(network, plan->options, plan->assignment), "; "));
}

int mlir::qat::runPlan(CommandLine &line) {
  cl::opt<std::string> input(cl::Positional, cl::Required,
                             cl::desc("M.mlir (form F, or a float model)"),
                             cl::cat(line.category()));
  cl::opt<std::string> json("json", cl::value_desc("file"),
                            cl::desc("Also write the plan as JSON; - is "
                                     "standard output, without the table"),
                            cl::cat(line.category()));
  MemoryOptions memory(line.category());
  LayerConfigOption layerConfig(line.category());
  if (!line.parse("assigns bits to every layer so that weights and activations "
                  "fit the memory, or says why they cannot"))
    return kWrongUsage;
  Expected<std::string> config = layerConfig.read();
  if (!config)
    return line.finish(config.takeError());
  Expected<QatAssignPrecisionOptions> options = memory.read(*config);
  if (!options)
    return line.finish(options.takeError());
  return line.finish(makePlan(line, input, json, *options));
}
