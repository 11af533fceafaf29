//===- RunCommand.cpp - qat run: one batch through a network ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "HostKernelsOption.h"
#include "ModelInput.h"
#include "NetworkArrays.h"

#include "qat/Calibration/NetworkInput.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Evaluation/ComputedForm.h"
#include "qat/Execution/CompiledNetwork.h"
#include "qat/Execution/HostPipeline.h"
#include "qat/Support/Npy.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

namespace {
struct RunOptions {
  std::string model, input, output, layers;
  std::optional<ComputedForm> form;
  ForwardKind forward = ForwardKind::Float;
  BatchLayout layout = BatchLayout::Any;
  unsigned threads = 2;
};
} // namespace

/// Joins arrays of one kind and shape along their first dimension.
static NdArray join(ArrayRef<NdArray> rows) {
  SmallVector<int64_t> shape(rows[0].shape());
  shape[0] *= rows.size();
  NdArray joined = NdArray::zeros(rows[0].kind(), shape);
  uint8_t *target = joined.bytes().data();
  for (const NdArray &row : rows)
    target = std::copy(row.bytes().begin(), row.bytes().end(), target);
  return joined;
}

/// A file name for a layer: what could lead out of the folder, or is not
/// allowed in names everywhere, becomes '_'.
static std::string getFileName(StringRef layer, llvm::StringSet<> &taken) {
  std::string name;
  for (char c : layer)
    name += isAlnum(c) || StringRef("._-").contains(c) ? c : '_';
  if (name.empty() || name[0] == '.')
    name.insert(name.begin(), '_');
  // Two layers whose names differ only so get a number.
  std::string unique = name;
  for (unsigned number = 2; !taken.insert(unique).second; ++number)
    unique = name + "_" + std::to_string(number);
  return unique + ".npy";
}

static Error writeLayers(const std::string &folder, ArrayRef<TensorInfo> infos,
                         ArrayRef<NdArray> arrays) {
  if (std::error_code failure = sys::fs::create_directories(folder))
    return createStringError("cannot make the folder '" + folder +
                             "': " + failure.message());
  llvm::StringSet<> taken;
  for (auto [info, array] : zip_equal(infos, arrays)) {
    SmallString<128> path(folder);
    sys::path::append(path, getFileName(info.name, taken));
    if (Error error = writeNpy(path, array))
      return error;
  }
  return Error::success();
}

static Error runNetwork(CommandLine &line, const RunOptions &options,
                        const HostKernelsOption &kernels) {
  Expected<CompileOptions> compileOptions = kernels.getCompileOptions();
  if (!compileOptions)
    return compileOptions.takeError();
  Expected<OwningOpRef<ModuleOp>> module = readModel(line, options.model);
  if (!module)
    return module.takeError();
  auto main = (*module)->lookupSymbol<func::FuncOp>("main");
  unsigned numResults = main ? main.getNumResults() : 1;
  Expected<ComputedForm> form =
      chooseComputedForm(**module, options.model, options.form);
  if (!form)
    return form.takeError();
  if (Error error = line.runPasses(**module, [&](OpPassManager &manager) {
        addFormPasses(manager, **module, *form, options.forward);
        if (!options.layers.empty())
          manager.addPass(createQatExposeLayers());
        if (line.onlyPrintsPipeline())
          buildHostPipeline(manager);
      }))
    return error;
  if (line.onlyPrintsPipeline())
    return Error::success();

  Expected<std::unique_ptr<CompiledNetwork>> network =
      CompiledNetwork::compile(**module, *compileOptions);
  if (!network)
    return network.takeError();
  if (Error error = checkSingleInput((*network)->inputs()))
    return error;
  Expected<std::vector<NdArray>> rows =
      readNetworkInputs(options.input, (*network)->inputs()[0], options.layout);
  if (!rows)
    return rows.takeError();
  Expected<std::vector<NdArray>> results =
      (*network)->runBatches(join(*rows), options.threads);
  if (!results)
    return results.takeError();

  if (numResults > 1 && !line.isQuiet())
    errs() << "qat run: warning: the network has " << numResults
           << " outputs; --output is the first, --layers writes all of them\n";
  if (Error error = writeNpy(options.output, results->front()))
    return error;
  if (options.layers.empty())
    return Error::success();
  return writeLayers(options.layers, (*network)->outputs().drop_front(),
                     ArrayRef<NdArray>(*results).drop_front());
}

int mlir::qat::runRun(CommandLine &line) {
  cl::OptionCategory &category = line.category();
  cl::opt<std::string> model(cl::Positional, cl::Required, cl::desc("MODEL"),
                             cl::cat(category));
  cl::opt<std::string> input("input", cl::Required, cl::value_desc("x.npy"),
                             cl::desc("The inputs: one or a batch"),
                             cl::cat(category));
  cl::opt<std::string> output("output", cl::Required, cl::value_desc("y.npy"),
                              cl::desc("Where the outputs go"),
                              cl::cat(category));
  cl::opt<std::string> layers(
      "layers", cl::value_desc("DIR"),
      cl::desc("Write every layer's output in that form to DIR/LAYER.npy, "
               "integers as integers"),
      cl::cat(category));
  cl::opt<BatchLayout> layout(
      "layout",
      cl::desc("How the inputs are laid out (default: by the shape, nhwc where "
               "both fit)"),
      cl::values(clEnumValN(BatchLayout::NHWC, "nhwc", "channels last"),
                 clEnumValN(BatchLayout::NCHW, "nchw", "channels first")),
      cl::init(BatchLayout::Any), cl::cat(category));
  cl::opt<unsigned> threads("j", cl::init(2), cl::value_desc("N"),
                            cl::desc("Images that run at once (default: 2)"),
                            cl::cat(category));
  cl::opt<ComputedForm> form(
      "as", cl::desc("What a network with quantizers is computed as"),
      cl::values(clEnumValN(ComputedForm::Float, "float", "without quantizers"),
                 clEnumValN(ComputedForm::Fake, "fake",
                            "the float view of the integer network (default)"),
                 clEnumValN(ComputedForm::Integer, "integer",
                            "the network that is deployed")),
      cl::cat(category));
  ForwardOption forward(category);
  HostKernelsOption kernels(category);
  if (!line.parse("runs a network of any form on this machine"))
    return kWrongUsage;
  std::optional<ComputedForm> wanted;
  if (form.getNumOccurrences())
    wanted = form;
  return line.finish(runNetwork(
      line, {model, input, output, layers, wanted, forward, layout, threads},
      kernels));
}
