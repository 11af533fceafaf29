//===- Trainer.h - epochs, freezing, checkpoints ----------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAINING_TRAINER_H
#define QAT_TRAINING_TRAINER_H

#include "qat/Data/BatchLoader.h"
#include "qat/Training/Checkpoint.h"
#include "qat/Training/EpochRecord.h"

#include "llvm/ADT/STLFunctionalExtras.h"

#include <atomic>
#include <functional>
#include <memory>

namespace mlir::qat {

/// Where the batches of an epoch come from; BatchLoader is one, tests have
/// others.
class BatchSource {
public:
  virtual ~BatchSource();
  /// Full batches in an epoch.
  virtual size_t numSteps() const = 0;
  virtual void start(uint64_t epoch, size_t firstStep) = 0;
  /// The next batch; null after the last one of the epoch.
  virtual llvm::Expected<const Batch *> next() = 0;
};

/// An evaluation that was given up because the training was asked to stop.
class EvaluationStopped : public llvm::ErrorInfo<EvaluationStopped> {
public:
  static char ID;
  void log(llvm::raw_ostream &os) const override;
  std::error_code convertToErrorCode() const override;
};

/// What a trainer has done for it. The modules are those of a training (form F
/// or Q) with their numbers, in a context that ends after the call; errors are
/// one line.
class TrainingWorkshop {
public:
  virtual ~TrainingWorkshop();

  /// The context of networks that are made for a call.
  virtual std::unique_ptr<MLIRContext> makeContext() = 0;

  /// The training step of `network`, whose batch norms are frozen or not.
  virtual llvm::Expected<std::unique_ptr<TrainingStep>>
  compileStep(ModuleOp network, bool frozen) = 0;

  /// `network` with its bounds set anew, as they are trained from now on with
  /// batch norms frozen.
  virtual llvm::Expected<OwningOpRef<ModuleOp>> freeze(ModuleOp network) = 0;

  /// Fills in the accuracies of `record`; the score by which the best epoch is
  /// chosen (greater is better), or nothing if there is none. Fails with
  /// EvaluationStopped where it was asked to stop.
  virtual llvm::Expected<std::optional<double>>
  evaluate(ModuleOp network, EpochRecord &record) = 0;

  /// The layer in which `input`, the batch for which the loss is not finite,
  /// first leads to a number that is not; empty if none is found.
  virtual std::string findNonFiniteLayer(ModuleOp network,
                                         const NdArray &input) = 0;

  /// Writes `network` to `path`, whole or not at all.
  virtual llvm::Error writeNetwork(ModuleOp network, llvm::StringRef path) = 0;

  /// Writes what there is besides a checkpoint after an epoch; `records` are
  /// all epochs so far.
  virtual llvm::Error writeRecords(llvm::ArrayRef<EpochRecord> records) = 0;
};

/// What is told while a training runs.
struct TrainingProgress {
  int64_t epoch = 0, epochs = 0;
  /// Updates made in this epoch, and how many it has.
  int64_t step = 0, steps = 0;
  /// Of this epoch so far: mean loss, and percent of the images that were
  /// right.
  double loss = 0, top1 = 0;
  /// Images an update has, and how many a second were trained in this run.
  double imagesPerStep = 0, imagesPerSecond = 0;
};

class TrainingObserver {
public:
  virtual ~TrainingObserver();
  virtual void onStep(const TrainingProgress &progress) = 0;
  virtual void onEpoch(const EpochRecord &record) = 0;
  virtual void onFreeze(int64_t epoch) = 0;
};

struct TrainerOptions {
  /// The folder of best.mlir, last.mlir and checkpoint.safetensors; empty:
  /// nothing is written.
  std::string folder;
  /// A checkpoint every so many updates besides that after every epoch; 0:
  /// none.
  int64_t checkpointEvery = 0;
  /// Kept in checkpoints for the caller.
  llvm::json::Object setup;
  /// Set from a signal handler or another thread: the update under way is the
  /// last one.
  const std::atomic<bool> *stop = nullptr;
};

/// How a training ended.
enum class TrainingOutcome {
  Finished,
  Stopped ///< asked to; a checkpoint was written
};

/// Runs a training: epochs of steps, freezing, an evaluation and a checkpoint
/// after every epoch.
///
/// The numbers after update u are a function of the recipe, the network, the
/// data and the step alone: a training that was cut off at any moment and goes
/// on from its last checkpoint gives the same bits.
class Trainer {
public:
  Trainer(Recipe recipe, TrainingWorkshop &workshop, BatchSource &batches,
          TrainingObserver &observer, TrainerOptions options);

  /// Begins with `network` and its numbers.
  llvm::Error begin(ModuleOp network);

  /// Goes on from a checkpoint whose earlier epochs are `records`.
  llvm::Error resume(Checkpoint checkpoint, std::vector<EpochRecord> records);

  /// Trains to the end or until it is asked to stop. Fails with one line where
  /// the loss is not finite, with the layer where the first such number
  /// appears, where the data fails and where a file cannot be written; the last
  /// checkpoint is whole then.
  llvm::Expected<TrainingOutcome> run();

  const TrainingState &getState() const { return state; }
  const TrainingPosition &getPosition() const { return position; }
  llvm::ArrayRef<EpochRecord> getRecords() const { return records; }

private:
  llvm::Error prepareStep();
  llvm::Error freeze();
  llvm::Error measureStatistics();
  llvm::Expected<bool> runUpdate();
  llvm::Error runBatch(llvm::StringRef function, const Batch *batch);
  llvm::Error refuseNonFinite(const Batch &batch);
  llvm::Expected<bool> runUpdates();
  llvm::Expected<bool> finishEpoch();
  llvm::Expected<TrainingOutcome> stop();
  bool isStopped() const;
  llvm::Error save(bool withNetwork);
  int64_t updatesPerEpoch() const;
  TrainingProgress describeProgress() const;
  std::string getPath(llvm::StringRef file) const;
  /// Calls `use` with the network as it is now.
  llvm::Error
  withNetwork(llvm::function_ref<llvm::Error(ModuleOp network)> use);

  Recipe recipe;
  TrainingWorkshop &workshop;
  BatchSource &batches;
  TrainingObserver &observer;
  TrainerOptions options;

  NetworkGraph graph;
  TrainingState state;
  TrainingPosition position;
  std::vector<EpochRecord> records;

  std::unique_ptr<TrainingStep> step;
  Hyperparameters hyper;
  StepMetrics metrics;
  std::array<int32_t, 2> seed{};
  /// Time and images of this run, for the rate that is told.
  double runSeconds = 0;
  int64_t runImages = 0;
};

} // namespace mlir::qat

#endif // QAT_TRAINING_TRAINER_H
