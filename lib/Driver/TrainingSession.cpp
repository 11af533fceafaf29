//===- TrainingSession.cpp - one run of qat train -------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainingSession.h"

#include "qat/Dialect/Qat/IR/NetworkForm.h"
#include "qat/Dialect/Qat/IR/PreprocessingAttr.h"
#include "qat/Evaluation/Judging.h"
#include "qat/InitAll.h"
#include "qat/Support/ProgressBar.h"
#include "qat/Training/LayerSummaries.h"
#include "qat/Training/ResultFiles.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>
#include <unistd.h>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

//===----------------------------------------------------------------------===//
// Signals
//===----------------------------------------------------------------------===//

static std::atomic<bool> stopRequested{false};
static std::atomic<int> stopSignal{0};

/// Set where nothing is to be told.
static std::atomic<bool> stopsQuietly{false};

/// SIGINT and SIGTERM end the training after the update under way; a second one
/// ends the process.
static void installStopHandlers(bool isQuiet) {
  stopsQuietly = isQuiet;
  struct sigaction action = {};
  action.sa_handler = [](int signal) {
    stopSignal = signal;
    stopRequested = true;
    static constexpr char kMessage[] =
        "\nqat train: stops after this step; a second signal stops at once\n";
    if (!stopsQuietly) {
      int saved = errno;
      // Nothing can be done about a terminal that is gone.
      [[maybe_unused]] ssize_t written =
          ::write(STDERR_FILENO, kMessage, sizeof(kMessage) - 1);
      errno = saved;
    }
  };
  sigemptyset(&action.sa_mask);
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A file that grows beyond a limit is an error of writing like any other.
  std::signal(SIGXFSZ, SIG_IGN);
}

//===----------------------------------------------------------------------===//
// What is told
//===----------------------------------------------------------------------===//

namespace {
/// BatchLoader as the trainer takes it.
class LoaderSource : public BatchSource {
public:
  LoaderSource(const Dataset &data, const BatchOptions &options,
               BadSampleLog &log)
      : loader(data, options, log) {}

  size_t numSteps() const override { return loader.numSteps(); }
  void start(uint64_t epoch, size_t firstStep) override {
    loader.start(epoch, firstStep);
  }
  Expected<const Batch *> next() override { return loader.next(); }

private:
  BatchLoader loader;
};

/// Epochs go to standard output, the way there to standard error.
class Narrator : public TrainingObserver {
public:
  Narrator(bool isQuiet, bool isAutoencoder)
      : isQuiet(isQuiet), isAutoencoder(isAutoencoder),
        bar(errs(), isatty(STDERR_FILENO)) {}

  void onStep(const TrainingProgress &progress) override {
    if (isQuiet)
      return;
    std::string text = formatv("loss {0:F4}", progress.loss).str();
    if (!isAutoencoder)
      text += formatv(", top-1 {0:F1} %", progress.top1).str();
    text += formatv(", {0:F0} images/s", progress.imagesPerSecond).str();
    double perStep = progress.imagesPerSecond > 0
                         ? progress.imagesPerStep / progress.imagesPerSecond
                         : 0;
    int64_t left =
        (progress.epochs - progress.epoch) * progress.steps - progress.step;
    bar.update(formatv("epoch {0}/{1}", progress.epoch, progress.epochs).str(),
               progress.step, progress.steps, text,
               perStep * static_cast<double>(left));
  }

  void onFreeze(int64_t epoch) override {
    bar.clear();
    if (!isQuiet)
      errs() << "qat train: epoch " << epoch
             << ": batch norms are frozen from here on\n";
  }

  void onEpoch(const EpochRecord &record) override {
    bar.clear();
    outs() << formatv("epoch {0,3}  loss {1:F4}", record.epoch, record.loss);
    if (record.train)
      outs() << formatv("  train {0:F2} %", record.train->top1);
    auto print = [](StringRef name, const std::optional<Accuracy> &accuracy) {
      if (accuracy)
        outs() << formatv("  {0} {1:F2} / {2:F2} %", name, accuracy->top1,
                          accuracy->top5);
    };
    print("float", record.real);
    print("fake", record.fake);
    print("integer", record.integer);
    if (record.agreement)
      outs() << formatv("  agree {0:F2} %", *record.agreement);
    if (record.evaluationLoss)
      outs() << formatv("  evaluation loss {0:F4}", *record.evaluationLoss);
    outs() << format("  lr %g", record.learningRate);
    if (record.seconds > 0)
      outs() << formatv("  {0:F1} s", record.seconds);
    outs() << (record.best ? "  best\n" : "\n");
    outs().flush();
  }

  void clear() { bar.clear(); }

private:
  bool isQuiet, isAutoencoder;
  ProgressBar bar;
};
} // namespace

//===----------------------------------------------------------------------===//
// Setting up
//===----------------------------------------------------------------------===//

json::Object TrainingSession::makeSetup() const {
  return json::Object{{"dataset", dataset},
                      {"data", dataPath},
                      {"validation", validationPath},
                      {"teacher", teacher}};
}

Error TrainingSession::load(StringRef from) {
  SmallString<256> path(from);
  sys::path::append(path, "checkpoint.safetensors");
  if (!sys::fs::exists(path))
    return createStringError("there is no checkpoint in '" + from +
                             "' to go on from; give the folder of --save");
  Expected<Checkpoint> read = Checkpoint::read(path);
  if (!read)
    return read.takeError();
  folder = from.str();
  recipe = read->recipe;
  auto take = [&](StringRef name, std::string &target) {
    if (std::optional<StringRef> value = read->setup.getString(name))
      target = value->str();
  };
  take("dataset", dataset);
  take("data", dataPath);
  take("validation", validationPath);
  take("teacher", teacher);
  removeUnfinishedFiles();
  Expected<OwningOpRef<ModuleOp>> module =
      read->graph.instantiate(line.context(), read->state);
  if (!module)
    return module.takeError();
  network = std::move(*module);
  checkpoint = std::move(*read);
  return Error::success();
}

/// Whether `name` is what writeFileAtomically writes to before it renames it.
static bool isUnfinished(StringRef name) {
  if (!name.consume_back(".tmp") || name.size() < 7)
    return false;
  return is_contained({"best.mlir", "last.mlir", "checkpoint.safetensors",
                       "results.csv", "results.jsonl", "report.html"},
                      name.drop_back(7));
}

void TrainingSession::removeUnfinishedFiles() const {
  std::error_code failure;
  SmallVector<std::string> unfinished;
  for (sys::fs::directory_iterator it(folder, failure), end;
       !failure && it != end; it.increment(failure))
    if (isUnfinished(sys::path::filename(it->path())))
      unfinished.push_back(it->path());
  // What cannot be removed disturbs nobody.
  for (const std::string &path : unfinished)
    (void)sys::fs::remove(path);
}

Error TrainingSession::makeFolder(StringRef path) {
  if (std::error_code failure = sys::fs::create_directories(path))
    return createStringError("cannot make the folder '" + path +
                             "': " + failure.message());
  folder = path.str();
  removeUnfinishedFiles();
  std::error_code failure;
  sys::fs::directory_iterator begin(path, failure), end;
  if (failure)
    return createStringError("cannot read '" + path +
                             "': " + failure.message());
  if (begin != end)
    return createStringError(
        "'" + path + "' is not empty; --resume '" + path +
        "' goes on with a training that was saved there, another --save "
        "begins a new one");
  return Error::success();
}

Error TrainingSession::openData() {
  if (Error error = checkDatasetName(dataset))
    return error;
  if (dataset.empty())
    dataset = guessDataset(dataPath);
  DatasetOptions options;
  options.split = DataSplit::Train;
  Expected<std::unique_ptr<Dataset>> opened =
      openDataset(dataset, dataPath, options);
  if (!opened)
    return opened.takeError();
  data = std::move(*opened);
  options.split = DataSplit::Test;
  Expected<std::unique_ptr<Dataset>> judged = openDataset(
      dataset, validationPath.empty() ? dataPath : validationPath, options);
  if (!judged)
    return judged.takeError();
  evaluation = std::move(*judged);
  if (!line.isQuiet() && validationPath.empty() &&
      evaluation->size() == data->size() && data->size() > 0 &&
      evaluation->name(0) == data->name(0))
    errs() << "qat train: remark: '" << dataPath
           << "' has no test half: accuracies are of the training images; "
              "--validation gives others\n";
  // A checkpoint had its network before there was data.
  return network ? fit(*network) : Error::success();
}

Error TrainingSession::begin(OwningOpRef<ModuleOp> module) {
  network = std::move(module);
  return fit(*network);
}

Error TrainingSession::fit(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  auto getShape = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.hasStaticShape() && tensor.getRank() > 0
               ? tensor.getShape()
               : ArrayRef<int64_t>();
  };
  if (!main || main.getNumArguments() != 1 || main.getNumResults() != 1 ||
      getShape(main.getArgumentTypes()[0]).empty() ||
      getShape(main.getResultTypes()[0]).empty())
    return createStringError(
        "the network has not one input and one output of fixed shape; a data "
        "set can train no other");
  ArrayRef<int64_t> input = getShape(main.getArgumentTypes()[0]);
  inputShape.assign(input.begin() + 1, input.end());
  ArrayRef<int64_t> output = getShape(main.getResultTypes()[0]).drop_front();
  outputs = *countElements(output);
  Expected<std::optional<Preprocessing>> stored = getPreprocessing(module);
  if (!stored)
    return stored.takeError();
  preprocessing = stored->value_or(Preprocessing());
  if (Error error = preprocessing.verify(inputShape.back()))
    return error;
  if (evaluation->size() == 0)
    return createStringError(
        "the data set '" +
        (validationPath.empty() ? dataPath : validationPath) + "' is empty");
  if (recipe.loss == "mse")
    return Error::success();
  return checkClasses(
      *evaluation, validationPath.empty() ? dataPath : validationPath, output);
}

TrainingSummary
TrainingSession::summarize(ArrayRef<EpochRecord> records) const {
  TrainingSummary summary;
  auto source = (*network)->getAttrOfType<StringAttr>("qat.source");
  summary.network = source ? source.str() : "a network";
  summary.data = dataPath;
  summary.seed = recipe.seed;
  // In the order of their names; the object itself has none.
  json::Object values = recipe.toJson();
  for (const auto &[name, value] : values)
    if (name != "seed")
      summary.options.push_back({name.str(), formatv("{0}", value)});
  llvm::sort(summary.options);
  summary.layers = summarizeLayers(*network);
  if (!records.empty())
    for (const NoiseRecord &noise : records.back().noise)
      for (LayerSummary &layer : summary.layers)
        if (layer.name == noise.layer) {
          layer.localNoise = noise.local;
          layer.accumulatedNoise = noise.accumulated;
        }
  return summary;
}

WorkshopOptions TrainingSession::makeWorkshopOptions() const {
  WorkshopOptions options;
  options.recipe = recipe;
  options.teacher = teacher;
  // More threads than cores only wait for each other.
  unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  options.step.threads = std::min(threads, cores);
  options.evaluation = evaluation.get();
  options.preprocessing = preprocessing;
  options.threads = options.step.threads;
  options.stop = &stopRequested;
  options.log = &errs();
  options.writeRecords = [this](ArrayRef<EpochRecord> records) {
    if (Error error = writeResults(folder, records))
      return error;
    return writeReportFile(folder, summarize(records), records);
  };
  return options;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

Error TrainingSession::evaluate() {
  NetworkWorkshop workshop(line.context().getDialectRegistry(),
                           makeWorkshopOptions());
  EpochRecord record;
  // No epoch of the training.
  record.epoch = -1;
  Expected<std::optional<double>> score = workshop.evaluate(*network, record);
  if (!score)
    return score.takeError();
  auto print = [](StringRef name, const std::optional<Accuracy> &accuracy) {
    if (accuracy)
      outs() << formatv("{0,-10} top-1 {1:F2} %   top-5 {2:F2} %\n", name,
                        accuracy->top1, accuracy->top5);
  };
  print("float", record.real);
  print("fake", record.fake);
  print("integer", record.integer);
  if (record.agreement)
    outs() << formatv("agreement  {0:F2} %   (fake and integer top-1)\n",
                      *record.agreement);
  if (record.evaluationLoss)
    outs() << format("loss       %.6g\n", *record.evaluationLoss);
  return Error::success();
}

Error TrainingSession::run(int &status) {
  BatchOptions batches;
  batches.batch = recipe.batch;
  batches.inputShape = inputShape;
  batches.classes = recipe.loss == "mse" ? 0 : outputs;
  batches.seed = recipe.seed;
  Expected<Augmentation> augmentation =
      parseAugmentation(recipe.augmentation, dataset);
  if (!augmentation)
    return augmentation.takeError();
  batches.augmentation = *augmentation;
  batches.preprocessing = preprocessing;
  batches.workers = threads;
  if (Error error = checkTrainingData(*data, dataPath, batches,
                                      line.isQuiet() ? nulls() : errs()))
    return error;

  // Before anything takes time: what comes now is heeded after the first step.
  installStopHandlers(line.isQuiet());
  BadSampleLog log(errs());
  LoaderSource source(*data, batches, log);
  NetworkWorkshop workshop(line.context().getDialectRegistry(),
                           makeWorkshopOptions());
  Narrator narrator(line.isQuiet(), recipe.loss == "mse");
  TrainerOptions options;
  options.folder = folder;
  options.checkpointEvery = checkpointEvery;
  options.setup = makeSetup();
  options.stop = &stopRequested;
  Trainer trainer(recipe, workshop, source, narrator, std::move(options));
  if (checkpoint) {
    Expected<std::vector<EpochRecord>> records = readResults(folder);
    if (!records)
      return records.takeError();
    if (!line.isQuiet())
      errs() << "qat train: goes on at epoch " << checkpoint->position.epoch
             << ", update " << checkpoint->position.step << ", seed "
             << recipe.seed << "\n";
    if (Error error =
            trainer.resume(std::move(*checkpoint), std::move(*records)))
      return error;
    checkpoint.reset();
  } else {
    if (!line.isQuiet())
      errs() << "qat train: " << data->size() << " images, "
             << source.numSteps()
             << (source.numSteps() == 1 ? " batch of " : " batches of ")
             << recipe.batch << " an epoch, seed " << recipe.seed << "\n";
    if (Error error = trainer.begin(*network))
      return error;
  }
  Expected<TrainingOutcome> outcome = trainer.run();
  narrator.clear();
  if (!outcome)
    return outcome.takeError();
  if (*outcome == TrainingOutcome::Stopped) {
    errs() << "qat train: stopped in epoch " << trainer.getPosition().epoch
           << " after update " << trainer.getPosition().step
           << "; `qat train --resume " << folder << "` goes on\n";
    status = kStopped + stopSignal;
    return Error::success();
  }
  if (!line.isQuiet())
    outs() << "best epoch " << trainer.getPosition().bestEpoch << ": '"
           << folder << "/best.mlir'\n";
  return Error::success();
}
