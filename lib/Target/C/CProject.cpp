//===- CProject.cpp - a folder of C that a firmware engineer takes --------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Target/C/CProject.h"

#include "FormC.h"
#include "ProjectFolder.h"
#include "SelfTest.h"

#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Runtime/RuntimeSources.h"
#include "qat/Target/C/Passes.h"
#include "qat/Target/C/TranslateToC.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::qat;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

namespace {
/// Keeps the first error that passes and printers emit, with its layer.
class ErrorCollector {
public:
  explicit ErrorCollector(MLIRContext *context)
      : handler(context, [this](Diagnostic &diagnostic) -> LogicalResult {
          if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
            return failure(); // to the handler that was there before
          if (first.empty()) {
            StringRef layer = getLayerName(diagnostic.getLocation());
            if (!layer.empty())
              first = ("'" + layer + "': ").str();
            first += diagnostic.str();
          }
          return success();
        }) {}

  Error take(StringRef otherwise) {
    return createStringError(first.empty() ? otherwise : StringRef(first));
  }
  bool hasError() const { return !first.empty(); }

private:
  std::string first;
  ScopedDiagnosticHandler handler;
};
} // namespace

//===----------------------------------------------------------------------===//
// The files
//===----------------------------------------------------------------------===//

/// How the elements lie in the buffer: rows that start on bytes.
static void describeRows(llvm::json::OStream &json, RankedTensorType type,
                         Storage storage) {
  TensorLayout layout(type, storage);
  json.attribute("type", getName(storage));
  json.attribute("rows", layout.rows);
  json.attribute("row_elements", layout.rowElements);
}

static void describeArgument(llvm::json::OStream &json,
                             const FormCArgument &argument) {
  json.attributeArray("shape", [&] {
    for (int64_t size : argument.type.getShape())
      json.value(size);
  });
  describeRows(json, argument.type, argument.storage);
  json.attribute("scale", argument.grid.getScale());
  json.attribute("zero_point", argument.grid.getZeroPoint());
  json.attribute("bytes", argument.bytes);
}

static std::string makeManifest(const FormC &form,
                                const CProjectOptions &options,
                                ArrayRef<std::string> files) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("generator", kGenerator);
    json.attribute("name", form.network);
    json.attribute("target", form.target);
    json.attribute("arena", options.arenaCaller ? "caller" : "static");
    json.attributeObject("input", [&] { describeArgument(json, form.input); });
    json.attributeObject("output",
                         [&] { describeArgument(json, form.output); });
    json.attributeArray("layers", [&] {
      for (const FormCLayer *layer : form.getCompleteLayers()) {
        KernelCallOp call = layer->call;
        json.object([&] {
          json.attribute("name", llvm::json::fixUTF8(layer->modelName.empty()
                                                         ? layer->cName
                                                         : layer->modelName));
          json.attribute("c_name", layer->cName);
          json.attribute("kind", call.getKind());
          json.attribute("macs", static_cast<int64_t>(call.getMacs()));
          json.attribute("output_bytes", layer->outputBytes);
          describeRows(json, layer->getOutputType(), layer->kernel->output);
          // Layers that no buffer holds are missing here.
          json.attribute("module_layer", layer->completes);
        });
      }
    });
    json.attribute("weight_bytes", form.getFlashBytes());
    json.attribute("arena_bytes", form.arenaBytes);
    json.attributeArray("files", [&] {
      for (const std::string &file : files)
        json.value(file);
    });
  });
  os << "\n";
  return text;
}

/// Keeps the layers' names and drops where the text of the model was, which
/// differs from machine to machine.
static void keepNamesOnly(ModuleOp module) {
  auto unknown = UnknownLoc::get(module.getContext());
  module->walk([&](Operation *op) {
    StringRef name = getLayerName(op->getLoc());
    op->setLoc(
        name.empty()
            ? Location(unknown)
            : NameLoc::get(StringAttr::get(op->getContext(), name), unknown));
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (BlockArgument argument : block.getArguments())
          argument.setLoc(unknown);
  });
}

static Expected<std::string> makeBytecode(ModuleOp formI) {
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  if (failed(writeBytecodeToFile(formI, os, BytecodeWriterConfig(kGenerator))))
    return createStringError("cannot write the network as bytecode");
  return bytes;
}

/// The error of an arena that is too large: what is live where most is.
static Error explainRam(const FormC &form, int64_t allowed) {
  // In-place results share the piece of their input: count pieces, not names.
  int64_t most = -1;
  std::string where;
  for (const auto &[step, layer] : llvm::enumerate(form.layers)) {
    int64_t live = 0;
    std::string list;
    llvm::SmallSet<int64_t, 8> seen;
    for (const FormCBuffer &buffer : form.buffers) {
      bool isWritten = false, isNeeded = false;
      for (const auto &[other, user] : llvm::enumerate(form.layers)) {
        KernelCallOp call = user.call;
        bool uses = llvm::is_contained(call->getOperands(), buffer.buffer);
        isWritten |= uses && other <= step;
        isNeeded |= uses && other >= step;
      }
      if (!isWritten || !isNeeded || !seen.insert(buffer.offset).second)
        continue;
      live += buffer.bytes;
      list += (list.empty() ? "" : ", ") + buffer.name + " " +
              std::to_string(buffer.bytes);
    }
    if (live > most) {
      most = live;
      where = layer.cName + "' (" + list + ")";
    }
  }
  return createStringError("the activations need " +
                           std::to_string(form.arenaBytes) + " bytes of RAM, " +
                           std::to_string(form.arenaBytes - allowed) +
                           " more than the " + std::to_string(allowed) +
                           " allowed; most are live at layer '" + where +
                           "; a smaller input would help");
}

//===----------------------------------------------------------------------===//
// writeCProject
//===----------------------------------------------------------------------===//

static Error runPipeline(ModuleOp module, const CProjectOptions &options) {
  CPipelineOptions pipeline;
  pipeline.network = options.name;
  pipeline.target = options.target;
  auto build = [&](OpPassManager &manager) {
    buildCPipeline(manager, pipeline);
  };
  if (options.runPasses)
    return options.runPasses(module, build);
  PassManager manager(module->getName());
  build(manager);
  if (failed(manager.run(module)))
    return createStringError("a pass failed without saying why");
  return Error::success();
}

Expected<CProjectSummary>
mlir::qat::writeCProject(ModuleOp formI, const CProjectOptions &options) {
  if (!isUsableCIdentifier(options.name))
    return createStringError("the network's name '" + options.name +
                             "' is not a C identifier that is free to use; "
                             "give another one");
  if (options.withTest && !options.executeLayers)
    return createStringError("a self-test needs an execution on the host");
  // Before the work: passes may take long.
  if (Error error = checkProjectFolder(options.dir))
    return std::move(error);

  ErrorCollector errors(formI->getContext());
  OwningOpRef<ModuleOp> clean = formI.clone();
  keepNamesOnly(*clean);
  OwningOpRef<ModuleOp> lowered = clean->clone();
  if (Error error = runPipeline(*lowered, options)) {
    if (!errors.hasError())
      return std::move(error);
    consumeError(std::move(error));
    return errors.take("");
  }
  FailureOr<FormC> form = FormC::read(*lowered);
  if (failed(form))
    return errors.take("the network is not in form C");
  if (options.ramBytes > 0 && form->arenaBytes > options.ramBytes)
    return explainRam(*form, options.ramBytes);

  std::vector<ProjectFile> files;
  CTextOptions text;
  text.arenaCaller = options.arenaCaller;
  text.withSelfTest = options.withTest;
  std::string header, source;
  llvm::raw_string_ostream headerStream(header), sourceStream(source);
  if (failed(printCHeader(*lowered, text, headerStream)) ||
      failed(printCSource(*lowered, text, sourceStream)))
    return errors.take("the network cannot be printed as C");
  files.push_back({options.name + ".h", std::move(header)});
  files.push_back({options.name + ".c", std::move(source)});
  if (options.withTest) {
    Expected<std::string> test = makeSelfTest(*form, options);
    if (!test)
      return test.takeError();
    files.push_back({options.name + "_selftest.c", std::move(*test)});
  }

  std::vector<RuntimeKernel> kernels;
  for (const FormCLayer &layer : form->layers)
    kernels.push_back(
        {layer.kernel->getSource(), layer.kernel->getDefinition()});
  Expected<std::vector<RuntimeFile>> runtime =
      getRuntimeFilesForKernels(kernels);
  if (!runtime)
    return runtime.takeError();
  for (RuntimeFile &file : *runtime)
    files.push_back({"qat-rt/" + file.name, std::move(file.text)});

  Expected<std::string> bytecode = makeBytecode(*clean);
  if (!bytecode)
    return bytecode.takeError();
  files.push_back({options.name + ".mlirbc", std::move(*bytecode)});

  std::vector<std::string> names = {options.name + ".json"};
  for (const ProjectFile &file : files)
    names.push_back(file.path);
  llvm::sort(names);
  files.push_back(
      {options.name + ".json", makeManifest(*form, options, names)});
  if (Error error = writeProjectFolder(options.dir, files))
    return std::move(error);
  return CProjectSummary{form->getFlashBytes(), form->arenaBytes};
}
