//===- TrainingOptions.h - options that make a recipe -----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DRIVER_TRAININGOPTIONS_H
#define QAT_LIB_DRIVER_TRAININGOPTIONS_H

#include "qat/Training/Recipe.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::qat {

/// The options that make a recipe.
class TrainingOptions {
public:
  explicit TrainingOptions(llvm::cl::OptionCategory &category);

  /// Changes what was given in `recipe`; `dataset` is the kind of the data, for
  /// the default augmentation. Wrong usage where a value cannot be.
  llvm::Error apply(Recipe &recipe, llvm::StringRef dataset) const;

  bool givesSeed() const { return seed.getNumOccurrences() > 0; }
  bool givesDropout() const { return dropout.getNumOccurrences() > 0; }
  bool givesAugmentation() const { return augment.getNumOccurrences() > 0; }
  bool givesDistillation() const {
    return distillation.getNumOccurrences() > 0;
  }

private:
  llvm::cl::opt<int64_t> epochs, batch;
  llvm::cl::alias batchSize;
  llvm::cl::opt<int64_t> accumulate;
  llvm::cl::opt<std::string> optimizer;
  llvm::cl::opt<double> rate;
  llvm::cl::opt<std::string> schedule;
  llvm::cl::opt<double> weightDecay, boundDecay, boundRateFactor;
  llvm::cl::opt<std::string> boundScale;
  llvm::cl::opt<double> beta1, beta2, epsilon, momentum, clip, normMomentum;
  llvm::cl::opt<int64_t> normBatches;
  llvm::cl::opt<double> dropout;
  llvm::cl::opt<std::string> loss;
  llvm::cl::opt<double> labelSmoothing, distillation, temperature;
  llvm::cl::opt<std::string> augment, seed;
};

} // namespace mlir::qat

#endif // QAT_LIB_DRIVER_TRAININGOPTIONS_H
