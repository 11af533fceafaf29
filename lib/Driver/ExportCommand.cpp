//===- ExportCommand.cpp - qat export: a network for other tools ----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "ModelInput.h"

#include "qat/Dialect/Qat/IR/NetworkForm.h"
#include "qat/Pipelines/Pipelines.h"
#include "qat/Target/Safetensors/CollectArrays.h"

#include "mlir/Pass/PassManager.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

namespace {
struct ExportOptions {
  std::string model, format, form, output;
};
} // namespace

static Error exportNetwork(CommandLine &line, const ExportOptions &options) {
  if (options.format != "safetensors")
    return wrongUsage("expects '--to' to be safetensors, the one format that "
                      "is written, but got '" +
                      options.format + "'");
  bool asInteger = options.form == "integer", asFake = options.form == "fake";
  if (!options.form.empty() && !asInteger && !asFake)
    return wrongUsage("expects '--as' to be integer or fake, but got '" +
                      options.form + "'");
  Expected<OwningOpRef<ModuleOp>> module = readModel(line, options.model);
  if (!module)
    return module.takeError();
  NetworkForm form = getNetworkForm(**module);
  if (!options.form.empty() && form == NetworkForm::Float)
    return createStringError("'" + options.model +
                             "' is a float network, which has no integers; "
                             "`qat quantize` makes it one that has");
  if (asFake && form == NetworkForm::Integer)
    return createStringError("'" + options.model +
                             "' is an integer network, which has no "
                             "fake-quantized graph; give the network with "
                             "quantizers that it was made from");
  if (Error error = line.runPasses(**module, [&](OpPassManager &manager) {
        if (asInteger && form == NetworkForm::FakeQuantized)
          buildIntegerPipeline(manager);
        else if (asFake)
          buildFakePipeline(manager);
      }))
    return error;
  if (line.onlyPrintsPipeline())
    return Error::success();
  FailureOr<std::vector<NamedArray>> arrays = collectArrays(**module);
  if (failed(arrays))
    return line.diagnosedError("the network's numbers cannot be read");
  return writeSafetensors(options.output, *arrays);
}

int mlir::qat::runExport(CommandLine &line) {
  ExportOptions options;
  cl::opt<std::string, true> model(cl::Positional, cl::Required,
                                   cl::desc("MODEL"), cl::cat(line.category()),
                                   cl::location(options.model));
  cl::opt<std::string, true> format(
      "to", cl::Required, cl::value_desc("format"),
      cl::desc("Format to write: safetensors, the numbers by name"),
      cl::cat(line.category()), cl::location(options.format));
  cl::opt<std::string, true> form(
      "as", cl::value_desc("form"),
      cl::desc("What a network with quantizers is written as: integer, the "
               "integers that it is deployed with, or fake, the real numbers "
               "that stand for them (default: its parameters and bounds)"),
      cl::cat(line.category()), cl::location(options.form));
  cl::opt<std::string, true> output(
      "o", cl::Required, cl::value_desc("file"),
      cl::desc("File to write; - is standard output"), cl::cat(line.category()),
      cl::location(options.output));
  if (!line.parse("writes a network for other tools"))
    return kWrongUsage;
  return line.finish(exportNetwork(line, options));
}
