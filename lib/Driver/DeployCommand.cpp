//===- DeployCommand.cpp - qat deploy -------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Command.h"

#include "qat/Dialect/Qat/IR/NetworkForm.h"
#include "qat/Execution/IntegerReference.h"
#include "qat/Pipelines/Pipelines.h"
#include "qat/Target/C/CProject.h"
#include "qat/Target/C/CTargets.h"
#include "qat/Target/C/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

namespace {
struct DeployOptions {
  std::string model;
  std::string arena;
  CProjectOptions project;
};
} // namespace

/// "resnet8" for "models/resnet8.mlir".
static std::string makeDefaultName(StringRef model) {
  std::string name = makeCIdentifier(sys::path::stem(model));
  return isUsableCIdentifier(name) ? name : "network";
}

static Error deploy(CommandLine &line, DeployOptions &options) {
  CProjectOptions &project = options.project;
  if (!isCTarget(project.target))
    return wrongUsage("unknown target '" + Twine(project.target) +
                      "'; there are " + listCTargets());
  if (options.arena != "static" && options.arena != "caller")
    return wrongUsage("expects '--arena' to be 'static' or 'caller', but "
                      "got '" +
                      Twine(options.arena) + "'");
  if (project.ramBytes < 0)
    return wrongUsage("expects '--ram' of at least 0 bytes, but got " +
                      Twine(project.ramBytes));
  project.arenaCaller = options.arena == "caller";
  if (project.name.empty())
    project.name = makeDefaultName(options.model);
  else if (!isUsableCIdentifier(project.name))
    return wrongUsage("--name '" + Twine(project.name) +
                      "' is not a C identifier that is free to use; give "
                      "another one");

  Expected<OwningOpRef<ModuleOp>> module = line.readModule(options.model);
  if (!module)
    return module.takeError();
  NetworkForm form = getNetworkForm(**module);
  if (form == NetworkForm::Float)
    return createStringError("'" + options.model +
                             "' is a float network; `qat quantize` makes it "
                             "one that can be deployed");

  if (line.onlyPrintsPipeline()) {
    CPipelineOptions pipeline;
    pipeline.network = project.name;
    pipeline.target = project.target;
    return line.runPasses(**module, [&](OpPassManager &manager) {
      if (form == NetworkForm::FakeQuantized)
        buildIntegerPipeline(manager);
      buildCPipeline(manager, pipeline);
    });
  }
  if (form == NetworkForm::FakeQuantized)
    if (Error error = line.runPasses(**module, [](OpPassManager &manager) {
          buildIntegerPipeline(manager);
        }))
      return error;
  std::unique_ptr<IntegerReference> reference;
  if (project.withTest) {
    Expected<std::unique_ptr<IntegerReference>> compiled =
        IntegerReference::get(**module);
    if (!compiled)
      return compiled.takeError();
    reference = std::move(*compiled);
    project.executeLayers = [&](const StoredTensor &input,
                                std::vector<StoredTensor> &layers) {
      StoredTensor output;
      return reference->run(input, output, layers);
    };
  }
  project.runPasses = [&](ModuleOp lowered,
                          llvm::function_ref<void(OpPassManager &)> build) {
    return line.runPasses(lowered, build);
  };
  Expected<CProjectSummary> summary = writeCProject(**module, project);
  if (!summary)
    return summary.takeError();
  if (!line.isQuiet())
    outs() << project.name << ": " << summary->flashBytes
           << " bytes of weights and parameters, " << summary->ramBytes
           << " bytes of activations; written to '" << project.dir << "'\n";
  return Error::success();
}

int mlir::qat::runDeploy(CommandLine &line) {
  DeployOptions options;
  CProjectOptions &project = options.project;
  cl::opt<std::string, true> model(cl::Positional, cl::Required,
                                   cl::desc("MODEL"), cl::cat(line.category()),
                                   cl::location(options.model));
  cl::opt<std::string, true> target(
      "target", cl::Required, cl::value_desc("part"),
      cl::desc("Part to write C for: cortex-m0plus, cortex-m3, cortex-m4, "
               "cortex-m33, cortex-m7, cortex-m55 or host"),
      cl::cat(line.category()), cl::location(project.target));
  cl::opt<std::string, true> name(
      "name", cl::value_desc("identifier"),
      cl::desc("What the network's files, functions and macros begin with "
               "(default: the name of the model's file)"),
      cl::cat(line.category()), cl::location(project.name));
  cl::opt<int64_t, true> ram(
      "ram", cl::value_desc("bytes"),
      cl::desc("Refuse a network whose activations need more (default: any)"),
      cl::cat(line.category()), cl::location(project.ramBytes), cl::init(0));
  cl::opt<std::string, true> arena(
      "arena", cl::value_desc("static|caller"),
      cl::desc("Who owns the memory of the activations: a static array "
               "(default), or the caller of each run"),
      cl::cat(line.category()), cl::location(options.arena),
      cl::init("static"));
  cl::opt<bool, true> withTest(
      "with-test",
      cl::desc("Add NAME_selftest.c: golden inputs with the hash of every "
               "layer's output"),
      cl::cat(line.category()), cl::location(project.withTest));
  cl::opt<std::string, true> output(
      "o", cl::Required, cl::value_desc("folder"), cl::desc("Folder to write"),
      cl::cat(line.category()), cl::location(project.dir));
  if (!line.parse("writes a network as a C project"))
    return kWrongUsage;
  return line.finish(deploy(line, options));
}
