//===- EpochRecord.h - what is written down after an epoch ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAINING_EPOCHRECORD_H
#define QAT_TRAINING_EPOCHRECORD_H

#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mlir::qat {

/// Top-1 and top-5 over a data set, in percent.
struct Accuracy {
  double top1 = 0, top5 = 0;
};

/// A bound of a quantizer after an epoch. Of bounds that are one a channel,
/// the extremes and the mean.
struct BoundRecord {
  /// The parameter: "conv1.alpha", "conv1.weight.lo".
  std::string name;
  double least = 0, mean = 0, greatest = 0;
};

/// Signal to noise of a layer against the float network after an epoch, in dB
/// (LayerFigures): of the layer alone, and with what it inherits. Infinite
/// without noise; absent where the float network has no such layer.
struct NoiseRecord {
  std::string layer;
  std::optional<double> local, accumulated;
};

/// A row of results.jsonl: one epoch of a training.
struct EpochRecord {
  /// From 0.
  int64_t epoch = 0;
  /// Steps and images since the training began, at the end of the epoch.
  int64_t steps = 0, images = 0;
  /// Mean loss of the epoch's steps.
  double loss = 0;
  /// Of the training batches as they were met; absent for an autoencoder.
  std::optional<Accuracy> train;
  /// Of the evaluation data: absent where there is none, or no such network.
  std::optional<Accuracy> real, fake, integer;
  /// Mean loss of the evaluation data (an autoencoder's only figure).
  std::optional<double> evaluationLoss;
  /// Images whose class is the same by fake-quantized and integer network, in
  /// percent.
  std::optional<double> agreement;
  /// Learning rates of weights and bounds at the end of the epoch.
  double learningRate = 0, boundLearningRate = 0;
  /// Whether batch norms were folded and bounds fixed at the end of the epoch.
  bool frozen = false;
  /// Whether it is the best epoch so far.
  bool best = false;
  /// Time of the training steps alone.
  double seconds = 0;
  std::vector<BoundRecord> bounds;
  /// Of the layers by name; empty but after the last epoch of a training with
  /// quantizers.
  std::vector<NoiseRecord> noise;

  /// The members that are present: {"epoch", "steps", "images", "loss",
  /// "train": {"top1", "top5"}, "float": {...}, "fake": {...},
  /// "integer": {...}, "evaluation_loss", "agreement", "lr", "bound_lr",
  /// "frozen", "best", "seconds", "bounds": {"conv1.alpha": 1.5,
  /// "conv1.weight.lo": [least, mean, greatest]}, "noise": {"conv1": [local,
  /// accumulated]}}. A loss that is not finite is null; of noise, what is
  /// absent is null and what is infinite is "inf" or "-inf".
  llvm::json::Object toJson() const;

  /// Fails with one line that names the member that is missing or wrong.
  static llvm::Expected<EpochRecord> fromJson(const llvm::json::Value &value);
};

/// The rows of the text of results.jsonl; a last line that was cut off in
/// writing is left out. The message of an error names the line.
llvm::Expected<std::vector<EpochRecord>> parseRecords(llvm::StringRef text);

} // namespace mlir::qat

#endif // QAT_TRAINING_EPOCHRECORD_H
