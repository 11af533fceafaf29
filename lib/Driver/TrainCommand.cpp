//===- TrainCommand.cpp - qat train ---------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CalibrationOptions.h"
#include "Command.h"
#include "FreshNetworkOptions.h"
#include "QuantizationOptions.h"
#include "TrainingOptions.h"
#include "TrainingSession.h"

#include "qat/Dialect/Qat/IR/NetworkForm.h"
#include "qat/Dialect/Qat/IR/PreprocessingAttr.h"
#include "qat/Training/NetworkWorkshop.h"
#include "qat/Zoo/Zoo.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <thread>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

/// The attribute of the module with the epoch at which batch norms are frozen.
static constexpr StringLiteral kFoldDelayAttribute = "qat.batch_fold_delay";

namespace {
/// The options of `qat train` besides those that make a recipe.
struct TrainArguments {
  explicit TrainArguments(cl::OptionCategory &category)
      : input(cl::Positional, cl::desc("[M.mlir]"), cl::cat(category)),
        network("a", cl::value_desc("network"), cl::cat(category),
                cl::desc("A fresh network in place of M.mlir: mobilenet, "
                         "mobilenet_v2, resnet8, ds_cnn")),
        size(category),
        data("data", cl::value_desc("path"), cl::cat(category),
             cl::desc("File or folder of the training data (default: the "
                      "environment variable QAT_DATA)")),
        validation("validation", cl::value_desc("path"), cl::cat(category),
                   cl::desc("File or folder of the images that accuracies are "
                            "measured on (default: the test half of --data)")),
        calibration(category, /*trains=*/true),
        quantize("quantizer", cl::cat(category),
                 cl::desc("Put quantizers into a float network first; without, "
                          "it is trained in float")),
        quantization(category, calibration), training(category),
        teacher("teacher", cl::value_desc("F.mlir"), cl::cat(category),
                cl::desc("Distill from this float network")),
        save("save", cl::value_desc("folder"), cl::cat(category),
             cl::desc("Where networks, results and checkpoints go; must be "
                      "empty or new")),
        resume("resume", cl::value_desc("folder"), cl::cat(category),
               cl::desc("Go on with the training that was saved there")),
        checkpointEvery("checkpoint-every", cl::init(0),
                        cl::value_desc("updates"), cl::cat(category),
                        cl::desc("Save a checkpoint every so many updates, "
                                 "besides that after every epoch")),
        saveCheck("save-check", cl::cat(category),
                  cl::desc("Save checkpoints, as is always done (the "
                           "reference's option)")),
        evaluate("evaluate", cl::cat(category),
                 cl::desc("Measure the accuracies of the network, and do not "
                          "train it")),
        threads("j", cl::init(0), cl::cat(category),
                cl::desc("Threads (default 0: all cores); the result does not "
                         "depend on it")),
        forward(category, ForwardKind::Integer),
        device("device", cl::init("cpu"), cl::cat(category),
               cl::desc("What trains: cpu")),
        gradPrecision("grad-precision", cl::init("f32"), cl::cat(category),
                      cl::desc("Numbers that gradients are computed in: f32")),
        keep("keep", cl::init("f32"), cl::cat(category),
             cl::desc("Numbers that are kept for the backward pass: f32")),
        normScope("bn", cl::init("local"), cl::cat(category),
                  cl::desc("Batch that batch norms see of several devices: "
                           "local or sync, the same on one")),
        gpus("gpus", cl::value_desc("list"), cl::cat(category),
             cl::desc("Accepted for the reference's sake: this build trains "
                      "on the CPU")) {}

  /// As the recipe has it.
  std::string getForward() const {
    return forward == ForwardKind::Integer ? "integer" : "float";
  }

  cl::opt<std::string> input, network;
  FreshNetworkOptions size;
  cl::opt<std::string> data, validation;
  CalibrationOptions calibration;
  cl::opt<bool> quantize;
  QuantizationOptions quantization;
  TrainingOptions training;
  cl::opt<std::string> teacher, save, resume;
  cl::opt<int64_t> checkpointEvery;
  cl::opt<bool> saveCheck, evaluate;
  cl::opt<unsigned> threads;
  ForwardOption forward;
  cl::opt<std::string> device, gradPrecision, keep, normScope, gpus;
};
} // namespace

/// What the CPU does not have.
static Error checkDevice(const TrainArguments &given) {
  struct Choice {
    const cl::opt<std::string> &option;
    SmallVector<StringRef, 3> known;
    /// How many of them there are here.
    size_t built;
  };
  const Choice choices[] = {{given.device, {"cpu", "cuda", "emulated"}, 1},
                            {given.gradPrecision, {"f32", "bf16"}, 1},
                            {given.keep, {"f32", "f16"}, 1},
                            {given.normScope, {"local", "sync"}, 2}};
  for (const auto &[option, known, built] : choices) {
    StringRef value = option;
    std::string name = ("--" + option.ArgStr).str();
    auto place = static_cast<size_t>(find(known, value) - known.begin());
    if (place == known.size())
      return wrongUsage("expects '" + name + "' to be " +
                        join(drop_end(known), ", ") + " or " + known.back() +
                        ", but got '" + value + "'");
    if (place >= built)
      return createStringError("this build trains on the CPU and has no '" +
                               name + " " + value + "'; leave it out");
  }
  return Error::success();
}

/// What needs no file to be seen.
static Error checkArguments(CommandLine &line, const TrainArguments &given) {
  int sources =
      !given.input.empty() + !given.network.empty() + !given.resume.empty();
  if (sources != 1)
    return wrongUsage("expects one of M.mlir, '-a' and '--resume', but got " +
                      Twine(sources == 0 ? "none" : "several"));
  if (given.network.empty() && !given.size.findGiven().empty())
    return wrongUsage("'--" + given.size.findGiven() +
                      "' is for a fresh network; give '-a'");
  if (Error error = checkDevice(given))
    return error;
  if (!given.gpus.empty() && !line.isQuiet())
    errs() << "qat train: remark: '--gpus' is not used: this build trains on "
              "the CPU\n";
  if (given.checkpointEvery < 0)
    return wrongUsage("expects '--checkpoint-every' of at least 0, but got " +
                      Twine(given.checkpointEvery));
  if (given.resume.empty() && given.save.empty() && !given.evaluate &&
      !line.onlyPrintsPipeline())
    return wrongUsage("'--save' is missing: the folder where networks and "
                      "checkpoints go");
  if (!given.quantize && !given.quantization.findGiven().empty() &&
      given.resume.empty())
    return wrongUsage("'--" + given.quantization.findGiven() +
                      "' goes with --quantizer");
  if (given.training.givesDistillation() && given.teacher.empty() &&
      given.resume.empty())
    return wrongUsage("'--distillation' goes with --teacher");
  return Error::success();
}

/// The network to train, read or fresh, with quantizers where they are asked
/// for. Under --print-pipeline the passes are printed.
static Expected<OwningOpRef<ModuleOp>> makeNetwork(CommandLine &line,
                                                   TrainArguments &given,
                                                   const Dataset *data,
                                                   uint64_t seed) {
  OwningOpRef<ModuleOp> module;
  if (!given.network.empty()) {
    StringRef name = given.network;
    if (name == "mobilenet")
      name = "mobilenet_v1";
    Expected<ZooOptions> options = given.size.parse(name);
    if (!options)
      return options.takeError();
    options->seed = seed;
    if (!options->classes && data && data->numClasses() > 1)
      options->classes = data->numClasses();
    Expected<OwningOpRef<ModuleOp>> fresh =
        buildZooNetwork(&line.context(), *options);
    if (!fresh)
      return wrongUsage(toString(fresh.takeError()));
    module = std::move(*fresh);
  } else {
    Expected<OwningOpRef<ModuleOp>> read = line.readModule(given.input);
    if (!read)
      return read.takeError();
    module = std::move(*read);
  }
  NetworkForm form = getNetworkForm(*module);
  if (form == NetworkForm::Integer ||
      (form == NetworkForm::FakeQuantized && !awaitsFreezing(*module)))
    return createStringError("'" + given.input +
                             "' is frozen and cannot be trained; the network "
                             "that it was made from can");
  bool isQuantized = form == NetworkForm::FakeQuantized;
  if (isQuantized && given.quantize && !given.quantization.findGiven().empty())
    return createStringError("'" + given.input + "' has quantizers, which '--" +
                             given.quantization.findGiven() +
                             "' would change; give the float network");
  bool insert = given.quantize && !isQuantized;
  if (!isQuantized && !insert && given.calibration.hasData())
    return wrongUsage("'--calibrate' sets ranges of quantizers; give "
                      "--quantizer, or a network that has some");
  if (Error error = line.runPasses(*module, [&](OpPassManager &manager) {
        if (insert)
          given.quantization.addPasses(manager, *module);
        else if (isQuantized && given.calibration.hasData())
          given.calibration.addQuantizedPasses(
              manager, (*module)->hasAttr(kPreprocessingAttrName));
        else
          given.quantization.addFloatPasses(manager);
      }))
    return std::move(error);
  if (insert && !line.onlyPrintsPipeline())
    given.quantization.remarkInitialBounds(line);
  return std::move(module);
}

/// The epoch at which batch norms are frozen, as the recipe has it.
static int64_t getFoldDelay(ModuleOp module, const TrainArguments &given) {
  if (getNetworkForm(module) == NetworkForm::Float)
    return -1;
  if (given.quantization.getBatchFoldDelay() >= 0)
    return given.quantization.getBatchFoldDelay();
  if (auto stored = module->getAttrOfType<IntegerAttr>(kFoldDelayAttribute))
    return stored.getInt();
  return Recipe().batchFoldDelay;
}

/// The reference's dropout of a network that is trained without --dropout.
static double getDropout(ModuleOp module) {
  auto source = module->getAttrOfType<StringAttr>("qat.source");
  return source && source.getValue().starts_with("mobilenet_v") ? 0.2 : 0;
}

/// Fails where an option would change what a training has begun with.
static Error checkUnchanged(const Recipe &begun, const Recipe &wanted) {
  json::Object before = begun.toJson();
  for (const json::Object::value_type &member : wanted.toJson())
    // More epochs, or fewer, are what one may want after all.
    if (member.first != "epochs" &&
        member.second != *before.get(member.first)) {
      std::string text;
      raw_string_ostream(text) << *before.get(member.first);
      return wrongUsage("the training has begun with '" +
                        StringRef(member.first) + "' " + text +
                        ", which --resume keeps; a new one takes another "
                        "--save");
    }
  return Error::success();
}

static Error train(CommandLine &line, TrainArguments &given, int &status) {
  if (Error error = checkArguments(line, given))
    return error;
  TrainingSession session(line);
  session.threads = given.threads;
  session.checkpointEvery = given.checkpointEvery;
  if (!given.resume.empty()) {
    if (!given.save.empty() && given.save != given.resume)
      return wrongUsage("'--resume' goes on in its own folder; leave out "
                        "'--save'");
    if (Error error = session.load(given.resume))
      return error;
    Recipe wanted = session.recipe;
    if (Error error = given.training.apply(wanted, session.dataset))
      return error;
    if (given.quantization.getBatchFoldDelay() >= 0)
      wanted.batchFoldDelay = given.quantization.getBatchFoldDelay();
    if (given.forward.getNumOccurrences())
      wanted.forward = given.getForward();
    if (Error error = checkUnchanged(session.recipe, wanted))
      return error;
    session.recipe.epochs = wanted.epochs;
  }
  if (Error error = given.quantization.read(line))
    return error;
  const char *environment = std::getenv("QAT_DATA");
  if (!given.data.empty())
    session.dataPath = given.data;
  else if (session.dataPath.empty() && environment)
    session.dataPath = environment;
  if (!given.validation.empty())
    session.validationPath = given.validation;
  if (!given.calibration.getDataset().empty())
    session.dataset = given.calibration.getDataset().str();
  if (!line.onlyPrintsPipeline()) {
    if (session.dataPath.empty())
      return wrongUsage("'--data' is missing: the file or folder of the "
                        "training data (or the environment variable QAT_DATA)");
    if (Error error = session.openData())
      return error;
  }
  if (!given.resume.empty()) {
    if (given.evaluate)
      return session.evaluate();
    return session.run(status);
  }

  Recipe &recipe = session.recipe;
  recipe.augmentation = augmentationText(defaultAugmentation(session.dataset));
  if (!given.teacher.empty()) {
    session.teacher = given.teacher;
    recipe.distillation = 0.5;
    // Read here, so that what is wrong with it is told before anything else.
    Expected<OwningOpRef<ModuleOp>> teacher = line.readModule(given.teacher);
    if (!teacher)
      return teacher.takeError();
    if (getNetworkForm(**teacher) != NetworkForm::Float)
      return createStringError("the network of --teacher, '" + given.teacher +
                               "', is not a float network");
  }
  if (Error error = given.training.apply(recipe, session.dataset))
    return error;
  recipe.forward = given.getForward();
  Expected<OwningOpRef<ModuleOp>> module =
      makeNetwork(line, given, session.data.get(), recipe.seed);
  if (!module)
    return module.takeError();
  if (!given.training.givesDropout())
    recipe.dropout = getDropout(**module);
  recipe.batchFoldDelay = getFoldDelay(**module, given);
  if (line.onlyPrintsPipeline())
    return line.runPasses(**module, [&](OpPassManager &manager) {
      addStepPasses(manager, recipe, session.teacher, /*isFrozen=*/false);
    });
  if (Error error = session.begin(std::move(*module)))
    return error;
  if (given.evaluate)
    return session.evaluate();
  if (Error error = session.makeFolder(given.save))
    return error;
  return session.run(status);
}

int mlir::qat::runTrain(CommandLine &line) {
  TrainArguments given(line.category());
  if (!line.parse("trains a network: form Q with its quantizers in the loop, "
                  "form F in float"))
    return kWrongUsage;
  int status = kDone;
  int failed = line.finish(train(line, given, status));
  return failed ? failed : status;
}
