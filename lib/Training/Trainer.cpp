//===- Trainer.cpp - epochs, freezing, checkpoints ------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Training/Trainer.h"

#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

#include <chrono>
#include <cmath>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

BatchSource::~BatchSource() = default;
TrainingWorkshop::~TrainingWorkshop() = default;
TrainingObserver::~TrainingObserver() = default;

char EvaluationStopped::ID = 0;

void EvaluationStopped::log(raw_ostream &os) const {
  os << "the evaluation was stopped";
}

std::error_code EvaluationStopped::convertToErrorCode() const {
  return std::make_error_code(std::errc::operation_canceled);
}

Trainer::Trainer(Recipe recipe, TrainingWorkshop &workshop,
                 BatchSource &batches, TrainingObserver &observer,
                 TrainerOptions options)
    : recipe(std::move(recipe)), workshop(workshop), batches(batches),
      observer(observer), options(std::move(options)) {}

int64_t Trainer::updatesPerEpoch() const {
  return static_cast<int64_t>(batches.numSteps()) / recipe.accumulate;
}

std::string Trainer::getPath(StringRef file) const {
  SmallString<256> path(options.folder);
  sys::path::append(path, file);
  return path.str().str();
}

Error Trainer::withNetwork(llvm::function_ref<Error(ModuleOp)> use) {
  std::unique_ptr<MLIRContext> context = workshop.makeContext();
  Expected<OwningOpRef<ModuleOp>> network = graph.instantiate(*context, state);
  if (!network)
    return network.takeError();
  return use(**network);
}

Error Trainer::begin(ModuleOp network) {
  graph = NetworkGraph::get(network);
  return state.setFromNetwork(network);
}

Error Trainer::resume(Checkpoint checkpoint, std::vector<EpochRecord> earlier) {
  position = checkpoint.position;
  graph = std::move(checkpoint.graph);
  state = std::move(checkpoint.state);
  // What was written after the checkpoint will be written again.
  while (!earlier.empty() && earlier.back().epoch >= position.epoch)
    earlier.pop_back();
  records = std::move(earlier);
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

Error Trainer::prepareStep() {
  if (step)
    return Error::success();
  return withNetwork([&](ModuleOp network) -> Error {
    Expected<std::unique_ptr<TrainingStep>> compiled =
        workshop.compileStep(network, position.frozen);
    if (!compiled)
      return compiled.takeError();
    step = std::move(*compiled);
    return Error::success();
  });
}

/// Replaces the running statistics of batch norms by the mean of those of the
/// first batches of this epoch; nothing else changes. Given up when asked to
/// stop.
Error Trainer::measureStatistics() {
  if (Error error = prepareStep())
    return error;
  size_t count = std::min<size_t>(recipe.normBatches, batches.numSteps());
  TrainingState before = state.clone();
  batches.start(static_cast<uint64_t>(position.epoch), 0);
  for (size_t index = 0; index < count && !isStopped(); ++index) {
    Expected<const Batch *> batch = batches.next();
    if (!batch)
      return batch.takeError();
    if (!*batch)
      return createStringError("the data ended in the middle of an epoch");
    // An update of length zero.
    hyper = recipe.getHyperparameters(position.updates, updatesPerEpoch());
    for (Hyper rate : {Hyper::WeightRate, Hyper::BoundRate})
      hyper[rate] = 0;
    hyper[Hyper::BatchNormMomentum] = 1.0f / static_cast<float>(index + 1);
    seed[0] = static_cast<int32_t>(recipe.seed ^ (recipe.seed >> 32));
    seed[1] = static_cast<int32_t>(position.updates + index);
    if (Error error = runBatch(kStepFunction, *batch))
      return error;
  }
  std::swap(state, before);
  if (!isStopped())
    for (const StepArgument &argument : step->arguments(kStepFunction))
      if (argument.role == "statistic")
        state.takeValue(argument.name, before);
  return Error::success();
}

Error Trainer::freeze() {
  if (recipe.normBatches > 0) {
    if (Error error = measureStatistics())
      return error;
    if (isStopped())
      return Error::success();
  }
  observer.onFreeze(position.epoch);
  Error error = withNetwork([&](ModuleOp network) -> Error {
    Expected<OwningOpRef<ModuleOp>> frozen = workshop.freeze(network);
    if (!frozen)
      return frozen.takeError();
    graph = NetworkGraph::get(**frozen);
    return state.setFromNetwork(**frozen);
  });
  position.frozen = true;
  step.reset();
  return error;
}

/// Runs `function` on `batch`, which `update` has none of.
Error Trainer::runBatch(StringRef function, const Batch *batch) {
  ArrayRef<StepArgument> arguments = step->arguments(function);
  Expected<std::vector<void *>> buffers = state.bind(arguments);
  if (!buffers)
    return buffers.takeError();
  for (auto [argument, buffer] : zip_equal(arguments, *buffers)) {
    if (argument.role == "hyper")
      buffer = hyper.values.data();
    else if (argument.role == "metrics")
      buffer = metrics.values.data();
    else if (argument.role == "seed")
      buffer = seed.data();
    else if (batch && argument.role == "input")
      buffer = const_cast<uint8_t *>(batch->input.bytes().data());
    else if (batch && argument.role == "label")
      buffer = const_cast<uint8_t *>(batch->labels.bytes().data());
    if (!buffer)
      return createStringError("function '" + function +
                               "' of the training step has an argument of "
                               "the unknown role '" +
                               argument.role + "'");
  }
  return step->run(function, *buffers);
}

Error Trainer::refuseNonFinite(const Batch &batch) {
  std::string where = state.findNonFinite();
  if (!where.empty()) {
    where = "parameter '" + where + "' is not finite after the update before";
  } else {
    for (float x : batch.input.data<float>())
      if (!std::isfinite(x)) {
        where = "an input of the batch is not finite";
        break;
      }
    if (where.empty()) {
      std::string layer;
      if (Error error = withNetwork([&](ModuleOp network) {
            layer = workshop.findNonFiniteLayer(network, batch.input);
            return Error::success();
          }))
        return error;
      where = layer.empty() ? "no layer is, so it is the loss itself or a "
                              "gradient"
                            : "the first number that is not finite is in "
                              "layer '" +
                                  layer + "'";
    }
  }
  return createStringError(
      "the loss is not finite in epoch " + Twine(position.epoch) + ", step " +
      Twine(position.step) + ": " + where +
      "; a lower --lr or --clip 1 would help" +
      (options.folder.empty() ? ""
                              : ", and --resume goes on from the last "
                                "checkpoint"));
}

/// One update; false where the epoch has no batch left.
Expected<bool> Trainer::runUpdate() {
  auto begin = std::chrono::steady_clock::now();
  hyper = recipe.getHyperparameters(position.updates, updatesPerEpoch());
  int64_t images = 0;
  for (int64_t part = 0; part < recipe.accumulate; ++part) {
    Expected<const Batch *> batch = batches.next();
    if (!batch)
      return batch.takeError();
    if (!*batch)
      return false;
    // The seed's halves are both in the mask of dropout; the number of the
    // batch tells batches of one update apart.
    seed[0] = static_cast<int32_t>(recipe.seed ^ (recipe.seed >> 32));
    seed[1] = static_cast<int32_t>(position.updates * recipe.accumulate + part);
    metrics = {};
    if (Error error = runBatch(kStepFunction, *batch))
      return std::move(error);
    if (!std::isfinite(metrics[StepMetrics::Loss]) ||
        !std::isfinite(metrics[StepMetrics::GradientNorm]))
      return refuseNonFinite(**batch);
    position.lossSum += metrics[StepMetrics::Loss];
    position.right += std::lround(metrics[StepMetrics::Right]);
    position.rightInFive += std::lround(metrics[StepMetrics::RightInFive]);
    ++position.batches;
    images += (*batch)->input.dim(0);
  }
  if (!step->arguments(kUpdateFunction).empty())
    if (Error error = runBatch(kUpdateFunction, nullptr))
      return std::move(error);
  ++position.step;
  ++position.updates;
  std::chrono::duration<double> elapsed =
      std::chrono::steady_clock::now() - begin;
  position.seconds += elapsed.count();
  runSeconds += elapsed.count();
  runImages += images;
  return true;
}

//===----------------------------------------------------------------------===//
// Epochs
//===----------------------------------------------------------------------===//

static bool isBound(StringRef name) {
  StringRef last = name.rsplit('.').second;
  return last == "alpha" || last == "lo" || last == "hi";
}

static BoundRecord describeBound(StringRef name, const NdArray &array) {
  BoundRecord record;
  record.name = name.str();
  ArrayRef<float> values = array.data<float>();
  if (values.empty())
    return record;
  record.least = record.greatest = values[0];
  double sum = 0;
  for (float value : values) {
    record.least = std::min<double>(record.least, value);
    record.greatest = std::max<double>(record.greatest, value);
    sum += value;
  }
  record.mean = sum / static_cast<double>(values.size());
  return record;
}

/// Evaluates and writes down the epoch whose updates are made; false where the
/// evaluation was given up because it was asked to stop.
Expected<bool> Trainer::finishEpoch() {
  EpochRecord record;
  record.epoch = position.epoch;
  record.steps = position.updates;
  record.images = position.updates * recipe.batch * recipe.accumulate;
  double seen = static_cast<double>(std::max<int64_t>(position.batches, 1));
  record.loss = position.lossSum / seen;
  auto percent = [&](int64_t right) {
    return 100.0 * static_cast<double>(right) /
           (seen * static_cast<double>(recipe.batch));
  };
  if (recipe.loss != "mse")
    record.train =
        Accuracy{percent(position.right), percent(position.rightInFive)};
  Hyperparameters last =
      recipe.getHyperparameters(position.updates - 1, updatesPerEpoch());
  record.learningRate = last[Hyper::WeightRate];
  record.boundLearningRate = last[Hyper::BoundRate];
  record.frozen = position.frozen;
  record.seconds = position.seconds;
  for (const auto &[name, array] : state.getValues())
    if (isBound(name))
      record.bounds.push_back(describeBound(name, array));

  Error error = withNetwork([&](ModuleOp network) -> Error {
    Expected<std::optional<double>> score = workshop.evaluate(network, record);
    if (!score)
      return score.takeError();
    // The first of equals stays; without an evaluation the last is the best.
    record.best =
        !*score || !position.bestScore || **score > *position.bestScore;
    if (record.best) {
      position.bestScore = *score;
      position.bestEpoch = position.epoch;
    }
    if (options.folder.empty() || !record.best)
      return Error::success();
    return workshop.writeNetwork(network, getPath("best.mlir"));
  });
  if (error.isA<EvaluationStopped>()) {
    consumeError(std::move(error));
    return false;
  }
  if (error)
    return std::move(error);
  // The noise is that of the last epoch, whichever that was to be before a
  // training was made longer.
  if (!records.empty())
    records.back().noise.clear();
  records.push_back(record);
  position.epoch += 1;
  position.step = position.batches = 0;
  position.right = position.rightInFive = 0;
  position.lossSum = position.seconds = 0;
  if (!options.folder.empty())
    if (Error error = workshop.writeRecords(records))
      return std::move(error);
  if (Error error = save(/*withNetwork=*/true))
    return std::move(error);
  observer.onEpoch(records.back());
  return true;
}

Error Trainer::save(bool alsoNetwork) {
  if (options.folder.empty())
    return Error::success();
  if (alsoNetwork)
    if (Error error = withNetwork([&](ModuleOp network) {
          return workshop.writeNetwork(network, getPath("last.mlir"));
        }))
      return error;
  // The last of the files: whoever goes on reads this one alone.
  return writeCheckpoint(getPath("checkpoint.safetensors"), position, recipe,
                         options.setup, graph, state);
}

TrainingProgress Trainer::describeProgress() const {
  TrainingProgress progress;
  progress.epoch = position.epoch;
  progress.epochs = recipe.epochs;
  progress.step = position.step;
  progress.steps = updatesPerEpoch();
  double batchesSeen = static_cast<double>(position.batches);
  progress.loss = position.lossSum / batchesSeen;
  progress.top1 = 100.0 * static_cast<double>(position.right) /
                  (batchesSeen * static_cast<double>(recipe.batch));
  progress.imagesPerStep =
      static_cast<double>(recipe.batch * recipe.accumulate);
  progress.imagesPerSecond =
      static_cast<double>(runImages) / std::max(runSeconds, 1e-9);
  return progress;
}

bool Trainer::isStopped() const { return options.stop && options.stop->load(); }

/// The updates that this epoch still has; false where it was asked to stop.
Expected<bool> Trainer::runUpdates() {
  if (Error error = prepareStep())
    return std::move(error);
  // Killed at any moment from here on, it goes on.
  if (position.updates == 0)
    if (Error error = save(/*withNetwork=*/false))
      return std::move(error);
  batches.start(static_cast<uint64_t>(position.epoch),
                static_cast<size_t>(position.step * recipe.accumulate));
  while (position.step < updatesPerEpoch()) {
    if (isStopped())
      return false;
    Expected<bool> made = runUpdate();
    if (!made)
      return made.takeError();
    if (!*made)
      return createStringError("the data ended in the middle of an epoch");
    observer.onStep(describeProgress());
    if (options.checkpointEvery > 0 &&
        position.updates % options.checkpointEvery == 0)
      if (Error error = save(/*withNetwork=*/false))
        return std::move(error);
  }
  return true;
}

Expected<TrainingOutcome> Trainer::stop() {
  if (Error error = save(/*withNetwork=*/true))
    return std::move(error);
  return TrainingOutcome::Stopped;
}

Expected<TrainingOutcome> Trainer::run() {
  if (updatesPerEpoch() == 0)
    return createStringError(
        "an epoch has " + Twine(batches.numSteps()) + " batches of " +
        Twine(recipe.batch) + " images, fewer than the " +
        Twine(recipe.accumulate) + " that --accumulate adds up");
  while (position.epoch < recipe.epochs) {
    if (isStopped())
      return stop();
    if (!position.frozen && recipe.batchFoldDelay >= 0 &&
        position.epoch >= recipe.batchFoldDelay && position.step == 0)
      if (Error error = freeze())
        return std::move(error);
    // An epoch may have been left with its evaluation alone to be done.
    if (position.step < updatesPerEpoch())
      if (Expected<bool> done = runUpdates(); !done)
        return done.takeError();
    if (isStopped())
      return stop();
    Expected<bool> done = finishEpoch();
    if (!done)
      return done.takeError();
    if (!*done)
      return stop();
  }
  return TrainingOutcome::Finished;
}
