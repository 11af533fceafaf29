//===- LearningRates.h - the rate of every step -----------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAINING_LEARNINGRATES_H
#define QAT_TRAINING_LEARNINGRATES_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <vector>

namespace mlir::qat {

/// The learning rate as a function of how far a training is.
class LearningRates {
public:
  /// The reference's: 1e-4, 5e-5 from epoch 5, 1e-5 from epoch 8.
  LearningRates();

  /// Reads a word, or JSON:
  ///
  /// * `reference`, `constant` (1e-4) or `cosine` (from 1e-4 to 0);
  /// * a list of steps, of which the first begins at epoch 0:
  ///   `[{"epoch": 0, "lr": 1e-3}, {"epoch": 20, "lr": 1e-4}]`;
  /// * an object: `{"schedule": "cosine", "lr": 1e-3, "final_lr": 0,
  ///   "warmup_epochs": 1}`, or `{"steps": [...], "warmup_epochs": 0.5}`, or
  ///   `{"schedule": "reference"}`.
  ///
  /// Fails with one line for anything else, and for rates that are negative or
  /// not finite.
  static llvm::Expected<LearningRates> parse(llvm::StringRef text);

  /// Multiplies all rates so that the highest is `rate`.
  void scaleTo(double rate);

  /// The rate of the step that begins `position` epochs (whole and parts) after
  /// the start of a training of `epochs` epochs with `stepsPerEpoch` steps
  /// each. While it warms up, the rate grows by the same amount every step.
  double get(double position, double epochs, double stepsPerEpoch) const;

  /// What `parse` reads as the same rates.
  llvm::json::Value toJson() const;

private:
  struct Step {
    double epoch, rate;
  };

  static llvm::Expected<LearningRates> fromJson(const llvm::json::Value &value);
  static llvm::Expected<std::vector<Step>>
  readSteps(const llvm::json::Value &value);

  /// Rates by epoch; of a cosine, the rate from which it falls.
  std::vector<Step> steps;
  bool isCosine = false;
  double finalRate = 0;
  double warmupEpochs = 0;
};

} // namespace mlir::qat

#endif // QAT_TRAINING_LEARNINGRATES_H
