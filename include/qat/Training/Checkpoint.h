//===- Checkpoint.h - a training that can go on -----------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAINING_CHECKPOINT_H
#define QAT_TRAINING_CHECKPOINT_H

#include "qat/Training/Recipe.h"
#include "qat/Training/TrainingState.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <optional>
#include <string>

namespace mlir::qat {

/// Where a training is.
struct TrainingPosition {
  /// The epoch, from 0, and the updates that were made in it.
  int64_t epoch = 0, step = 0;
  /// Updates since the training began.
  int64_t updates = 0;
  /// Whether batch norms are frozen.
  bool frozen = false;
  /// Sums over the batches of this epoch: loss, images that were right (first,
  /// and among the first five), and the number of batches.
  double lossSum = 0;
  int64_t right = 0, rightInFive = 0, batches = 0;
  /// Time of this epoch's steps so far.
  double seconds = 0;
  /// What the best epoch so far was judged by, and which it is.
  std::optional<double> bestScore;
  int64_t bestEpoch = -1;
};

/// All that a training needs to go on: one file, so that its parts belong
/// together whenever it is read.
///
/// checkpoint.safetensors holds the parameters, bounds and statistics under
/// their names (`qat quantize --parameters` reads them), the moments of the
/// optimizer as moment1/NAME and moment2/NAME, and as arrays of bytes
/// checkpoint.json ({"version", "position", "recipe", "setup"}) and
/// checkpoint.network (the network without numbers as MLIR bytecode).
struct Checkpoint {
  TrainingPosition position;
  Recipe recipe;
  /// What the caller needs to set the training up again.
  llvm::json::Object setup;
  NetworkGraph graph;
  TrainingState state;

  /// Fails with one line where the file cannot be read or is none.
  static llvm::Expected<Checkpoint> read(llvm::StringRef path);
};

/// Writes a checkpoint whole or not at all.
llvm::Error
writeCheckpoint(llvm::StringRef path, const TrainingPosition &position,
                const Recipe &recipe, const llvm::json::Object &setup,
                const NetworkGraph &graph, const TrainingState &state);

} // namespace mlir::qat

#endif // QAT_TRAINING_CHECKPOINT_H
