//===- TrainingSession.h - one run of qat train -----------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DRIVER_TRAININGSESSION_H
#define QAT_LIB_DRIVER_TRAININGSESSION_H

#include "Command.h"

#include "qat/Data/Dataset.h"
#include "qat/Support/Preprocessing.h"
#include "qat/Training/Checkpoint.h"
#include "qat/Training/NetworkWorkshop.h"
#include "qat/Training/Report.h"

#include <memory>
#include <string>

namespace mlir::qat {

/// One run of a training by the command: the data, the network, what is told
/// on the way, and the signals that stop it.
class TrainingSession {
public:
  explicit TrainingSession(CommandLine &line) : line(line) {}

  Recipe recipe;
  /// The kind of the data ("" until openData has guessed it), its path, and
  /// that of the evaluation data, which may be empty.
  std::string dataset, dataPath, validationPath;
  /// The file of a float network, or empty.
  std::string teacher;
  std::string folder;
  unsigned threads = 0;
  int64_t checkpointEvery = 0;

  std::unique_ptr<Dataset> data, evaluation;

  /// Takes recipe, data paths and state from the checkpoint in `from`.
  llvm::Error load(llvm::StringRef from);

  /// Makes the folder of a new training, which must not hold another one's
  /// files, and trains into it from now on.
  llvm::Error makeFolder(llvm::StringRef path);

  /// Opens the training data and what networks are judged on.
  llvm::Error openData();

  /// Begins with `network`, to which the data must fit.
  llvm::Error begin(OwningOpRef<ModuleOp> network);

  /// Prints the accuracies of the network as it is.
  llvm::Error evaluate();

  /// Trains; `status` is the exit status where a signal has stopped it.
  llvm::Error run(int &status);

private:
  /// Prepares what a network of `module`'s input and output needs.
  llvm::Error fit(ModuleOp module);
  WorkshopOptions makeWorkshopOptions() const;
  /// What the report says besides the epochs.
  TrainingSummary summarize(llvm::ArrayRef<EpochRecord> records) const;
  llvm::json::Object makeSetup() const;
  /// Takes what a training that was killed had not finished writing off the
  /// disk.
  void removeUnfinishedFiles() const;

  CommandLine &line;
  OwningOpRef<ModuleOp> network;
  std::optional<Checkpoint> checkpoint;
  Preprocessing preprocessing;
  llvm::SmallVector<int64_t, 3> inputShape;
  int64_t outputs = 0;
};

} // namespace mlir::qat

#endif // QAT_LIB_DRIVER_TRAININGSESSION_H
