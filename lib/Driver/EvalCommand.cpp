//===- EvalCommand.cpp - qat eval -------------------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "HostKernelsOption.h"

#include "qat/Calibration/NetworkInput.h"
#include "qat/Dialect/Qat/IR/NetworkForm.h"
#include "qat/Dialect/Qat/IR/PreprocessingAttr.h"
#include "qat/Evaluation/ComputedForm.h"
#include "qat/Evaluation/Judging.h"
#include "qat/Evaluation/LayerComparison.h"
#include "qat/Execution/CompiledNetwork.h"
#include "qat/Support/AtomicFile.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <optional>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

namespace {
/// One network that is judged: its name in the report and its code.
struct Candidate {
  StringRef name;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<CompiledNetwork> network;
};
} // namespace

/// The networks that the form of `module` offers: the float one, and where
/// there are quantizers the fake-quantized and the integer one. The float one
/// is that of `reference` where there is one.
static Expected<std::vector<Candidate>>
prepare(CommandLine &line, ModuleOp module, ModuleOp reference,
        ForwardKind forward, const CompileOptions &options) {
  std::vector<Candidate> candidates;
  auto add = [&](ComputedForm form, ModuleOp source) -> Error {
    Candidate candidate{stringifyComputedForm(form), source.clone(), nullptr};
    if (Error error =
            line.runPasses(*candidate.module, [&](OpPassManager &manager) {
              addFormPasses(manager, source, form, forward);
            }))
      return error;
    if (!line.onlyPrintsPipeline()) {
      Expected<std::unique_ptr<CompiledNetwork>> network =
          CompiledNetwork::compile(*candidate.module, options);
      if (!network)
        return network.takeError();
      candidate.network = std::move(*network);
      if (Error error = checkSingleInput(candidate.network->inputs()))
        return error;
    }
    candidates.push_back(std::move(candidate));
    return Error::success();
  };
  NetworkForm form = getNetworkForm(module);
  ModuleOp original = reference ? reference : module;
  NetworkForm originalForm = getNetworkForm(original);
  if (reference && originalForm == NetworkForm::Integer)
    return createStringError(
        "the network of --reference is an integer network; "
        "give the float network");
  auto isFrozen = [](ModuleOp network) {
    return getNetworkForm(network) == NetworkForm::FakeQuantized &&
           !awaitsFreezing(network);
  };
  if (originalForm != NetworkForm::Integer && !isFrozen(original))
    if (Error error = add(ComputedForm::Float, original))
      return std::move(error);
  if (form == NetworkForm::FakeQuantized)
    if (Error error = add(ComputedForm::Fake, module))
      return std::move(error);
  if (form != NetworkForm::Float && !isFrozen(module))
    if (Error error = add(ComputedForm::Integer, module))
      return std::move(error);
  return candidates;
}

/// Says so where images have another size than the network, and nothing was
/// said at import about how they get there.
static void warnOfResizing(const Dataset &data,
                           const Preprocessing &preprocessing,
                           const TensorInfo &input) {
  if (preprocessing.resize || preprocessing.crop || input.shape.size() != 4)
    return;
  Expected<Sample> sample = data.get(0);
  if (!sample)
    return consumeError(sample.takeError());
  ArrayRef<int64_t> shape = sample->pixels.shape();
  if (sample->pixels.kind() != ElementKind::U8 || shape.size() != 3 ||
      shape.take_front(2) == ArrayRef<int64_t>(input.shape).slice(1, 2))
    return;
  errs() << "qat eval: warning: '" << sample->name << "' has " << shape[1]
         << "x" << shape[0] << " pixels; images are scaled to the network's "
         << input.shape[2] << "x" << input.shape[1]
         << " (--resize and --crop at import choose how)\n";
}

namespace {
struct EvalOptions {
  std::string path, reference, dataset, dataPath, jsonPath;
  size_t images;
  unsigned threads;
  bool perLayer;
  ForwardKind forward;
};
} // namespace

/// The comparison of the layers of form Q, which is `module`.
static Expected<std::unique_ptr<LayerComparison>>
compareLayers(StringRef path, ModuleOp module, ModuleOp reference,
              const CompileOptions &options) {
  if (getNetworkForm(module) != NetworkForm::FakeQuantized ||
      !awaitsFreezing(module))
    return createStringError(
        "'" + path +
        "' has no quantizers whose effect on the layers could be told; "
        "--per-layer takes a network that `qat quantize` wrote");
  return LayerComparison::create(module, reference, options);
}

static Error eval(CommandLine &line, const EvalOptions &options,
                  const HostKernelsOption &kernels) {
  const auto &[path, reference, dataset, dataPath, jsonPath, images, threads,
               perLayer, forward] = options;
  if (Error error = checkDatasetName(dataset))
    return error;
  Expected<CompileOptions> compileOptions = kernels.getCompileOptions();
  if (!compileOptions)
    return compileOptions.takeError();
  Expected<OwningOpRef<ModuleOp>> module = line.readModule(path);
  if (!module)
    return module.takeError();
  OwningOpRef<ModuleOp> original;
  if (!reference.empty()) {
    Expected<OwningOpRef<ModuleOp>> read = line.readModule(reference);
    if (!read)
      return read.takeError();
    original = std::move(*read);
  }
  Expected<std::vector<Candidate>> candidates =
      prepare(line, **module, original.get(), forward, *compileOptions);
  if (!candidates || line.onlyPrintsPipeline())
    return candidates.takeError();
  std::unique_ptr<LayerComparison> layers;
  if (perLayer) {
    auto comparison =
        compareLayers(path, **module, original.get(), *compileOptions);
    if (!comparison)
      return comparison.takeError();
    layers = std::move(*comparison);
  }
  Expected<std::optional<Preprocessing>> stored = getPreprocessing(**module);
  if (!stored)
    return stored.takeError();
  Preprocessing preprocessing = stored->value_or(Preprocessing());
  const TensorInfo &input = candidates->front().network->inputs()[0];
  if (Error error = preprocessing.verify(input.shape.back()))
    return error;
  Expected<std::unique_ptr<Dataset>> data =
      openDataset(dataset.empty() ? guessDataset(dataPath) : dataset, dataPath);
  if (!data)
    return data.takeError();
  if ((*data)->size() == 0)
    return createStringError("the data set '" + dataPath + "' is empty");
  if (Error error = checkClasses(
          **data, dataPath, candidates->front().network->outputs()[0].shape))
    return error;
  if (!line.isQuiet()) {
    warnOfResizing(**data, preprocessing, input);
    if (!original && (*module)->getOperation()->hasAttr(kCorrectedAttribute))
      errs() << "qat eval: remark: 'float' has the corrected biases of "
                "'--repair', which are for the quantized network; --reference "
                "compares with the network that was trained\n";
  }

  std::vector<size_t> indices = spreadIndices((*data)->size(), images);
  std::vector<const CompiledNetwork *> networks;
  for (const Candidate &candidate : *candidates)
    networks.push_back(candidate.network.get());
  auto start = std::chrono::steady_clock::now();
  auto addToLayers = [&](size_t image, auto makeInput) {
    return layers->add(image, makeInput);
  };
  Expected<Judgement> judgement =
      judgeNetworks(**data, indices, preprocessing, threads, networks, errs(),
                    layers ? ImageVisitor(addToLayers) : ImageVisitor());
  if (!judgement)
    return judgement.takeError();
  std::chrono::duration<double> elapsed =
      std::chrono::steady_clock::now() - start;

  size_t judged = judgement->countJudged();
  size_t labelled = judgement->countLabelled();
  if (judged == 0)
    return createStringError("no image of '" + dataPath + "' could be read");

  auto percent = [&](size_t count, size_t of) {
    return 100.0 * static_cast<double>(count) / static_cast<double>(of);
  };
  json::Object report{{"images", static_cast<int64_t>(judged)}};
  // Standard output is JSON alone where that goes there.
  raw_ostream &text = jsonPath == "-" ? nulls() : outs();
  text << formatv("images     {0}\n", judged);
  for (auto [index, candidate] : enumerate(*candidates)) {
    if (labelled == 0)
      break;
    Score score = judgement->getScore(index);
    text << formatv("{0,-10} top-1 {1:F2} %   top-5 {2:F2} %\n", candidate.name,
                    percent(score.top1, labelled),
                    percent(score.top5, labelled));
    report[candidate.name] =
        json::Object{{"top1", percent(score.top1, labelled)},
                     {"top5", percent(score.top5, labelled)}};
  }
  // The integer network is the last one.
  for (size_t c = 0; c + 1 < candidates->size(); ++c) {
    if (candidates->back().name != "integer")
      break;
    size_t agreeing = judgement->countAgreeing(c, candidates->size() - 1);
    StringRef name = (*candidates)[c].name;
    text << formatv("agreement  {0:F2} %   ({1} and integer top-1)\n",
                    percent(agreeing, judged), name);
    report[(name + "_integer_agreement").str()] = percent(agreeing, judged);
  }
  if (layers) {
    ComparisonReport comparison = layers->getReport();
    auto imageName = [&](size_t place) {
      return "'" + judgement->names[place] + "'";
    };
    text << '\n';
    printReport(comparison, imageName, text);
    report["per_layer"] = toJson(
        comparison, [&](size_t place) { return judgement->names[place]; });
  }
  if (line.isVerbose())
    outs() << formatv("speed      {0:F1} images/s   (reading included)\n",
                      static_cast<double>(judged) / elapsed.count());
  if (jsonPath.empty())
    return Error::success();
  return writeFileAtomically(jsonPath, [&](raw_ostream &os) {
    os << formatv("{0:2}\n", json::Value(std::move(report)));
  });
}

int mlir::qat::runEval(CommandLine &line) {
  cl::OptionCategory &category = line.category();
  cl::opt<std::string> input(cl::Positional, cl::Required, cl::desc("M.mlir"),
                             cl::cat(category));
  cl::opt<std::string> data("data", cl::Required, cl::value_desc("path"),
                            cl::cat(category),
                            cl::desc("File or folder of the data set"));
  cl::opt<std::string> reference(
      "reference", cl::value_desc("F.mlir"), cl::cat(category),
      cl::desc("The float network to compare with (default: the one that M "
               "stands for, whose parameters repairs have changed)"));
  cl::opt<std::string> dataset(
      "dataset", cl::cat(category),
      cl::desc("Kind of the data: cifar10, mnist, imagenet, folder, npy or "
               "digits (default: told by the path)"));
  cl::opt<unsigned> images(
      "images", cl::init(0), cl::cat(category),
      cl::desc("How many images to judge, spread evenly over the data set "
               "(default 0: all)"));
  cl::opt<unsigned> threads("j", cl::init(0), cl::cat(category),
                            cl::desc("Threads (default 0: all cores)"));
  cl::opt<std::string> json("json", cl::value_desc("file"), cl::cat(category),
                            cl::desc("Write the figures as JSON, too"));
  cl::opt<bool> perLayer(
      "per-layer", cl::cat(category),
      cl::desc(
          "Tell for every layer how much noise it adds and inherits, where "
          "the integers part from the fake-quantized numbers, what "
          "saturates, and which channels are dead"));
  ForwardOption forward(category);
  HostKernelsOption kernels(category);
  if (!line.parse("top-1 and top-5 of a network: float, and fake-quantized and "
                  "integer where it has quantizers"))
    return kWrongUsage;
  return line.finish(eval(line,
                          {input, reference, dataset, data, json, images,
                           threads, perLayer, forward},
                          kernels));
}
