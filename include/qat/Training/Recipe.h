//===- Recipe.h - how a network is trained ----------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAINING_RECIPE_H
#define QAT_TRAINING_RECIPE_H

#include "qat/Training/LearningRates.h"
#include "qat/Training/TrainingStep.h"

#include <cstdint>
#include <string>

namespace mlir::qat {

/// How a network is trained: everything but the network, the data and what
/// changes no bit of the result. The defaults are the reference's.
struct Recipe {
  int64_t epochs = 12;
  /// Images a step, and steps whose gradients are added up before an update.
  int64_t batch = 128, accumulate = 1;
  /// "adam" or "sgd".
  std::string optimizer = "adam";
  LearningRates rates;
  /// Learning rate of bounds in terms of that of weights.
  double boundRateFactor = 1;
  /// "none", or "lsq": gradients of bounds scaled as by arXiv 1902.08153.
  std::string boundScale = "none";
  /// Added to the gradients (L2): of weights and batch norms, and of bounds.
  double weightDecay = 0, boundDecay = 5e-4;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, momentum = 0.9;
  /// Greatest norm of all gradients; 0 for no bound.
  double clip = 0;
  double normMomentum = 0.003;
  /// Batches whose statistics, each of the same weight, replace the running
  /// ones when batch norms are frozen; 0: the running ones stay. With few bits
  /// running statistics are those of weights that were rounded otherwise.
  int64_t normBatches = 0;
  /// Share of inputs of the last layer that are dropped.
  double dropout = 0;
  /// "cross-entropy" or "mse".
  std::string loss = "cross-entropy";
  double labelSmoothing = 0;
  /// Weight of the teacher's part of the loss (0 without one), and the
  /// temperature of both distributions in it.
  double distillation = 0, temperature = 1;
  /// The epoch at whose start batch norms are frozen; -1 for never.
  int64_t batchFoldDelay = 1;
  /// How the layers of a frozen network are computed, in steps and in
  /// evaluations: "integer" (on their exact integers) or "float".
  std::string forward = "integer";
  /// Of the order of the images, their augmentation and dropout.
  uint64_t seed = 0;
  /// As parseAugmentation reads it.
  std::string augmentation = "none";

  /// The hyperparameters of update `update`, from 0, of a training in which an
  /// epoch has `updatesPerEpoch`.
  Hyperparameters getHyperparameters(int64_t update,
                                     int64_t updatesPerEpoch) const;

  /// Fails with one line that names the option of `qat train` whose value
  /// cannot be.
  llvm::Error verify() const;

  llvm::json::Object toJson() const;
  static llvm::Expected<Recipe> fromJson(const llvm::json::Value &value);
};

} // namespace mlir::qat

#endif // QAT_TRAINING_RECIPE_H
