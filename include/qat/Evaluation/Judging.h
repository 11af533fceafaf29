//===- Judging.h - networks judged on a data set ----------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_EVALUATION_JUDGING_H
#define QAT_EVALUATION_JUDGING_H

#include "qat/Data/Dataset.h"
#include "qat/Execution/CompiledNetwork.h"
#include "qat/Support/Preprocessing.h"

#include "llvm/ADT/STLFunctionalExtras.h"

#include <string>
#include <vector>

namespace mlir::qat {

/// How often a network was right.
struct Score {
  size_t top1 = 0, top5 = 0;
};

/// What networks said to the images of a data set.
struct Judgement {
  /// Of each image: its label (-1: not known) and name.
  std::vector<int64_t> labels;
  std::vector<std::string> names;
  /// Of each network the classes of each image by falling score, at most five,
  /// the lower index first among equals; empty for an image that could not be
  /// read.
  std::vector<std::vector<llvm::SmallVector<int64_t, 5>>> best;

  /// The images that could be read, and those of them that have a label.
  size_t countJudged() const;
  size_t countLabelled() const;
  Score getScore(size_t network) const;
  /// For how many images two networks name the same class.
  size_t countAgreeing(size_t network, size_t other) const;
};

/// Called for every image that could be read, from several threads at once: its
/// place among those that are judged, and what makes an input of it.
using ImageVisitor = llvm::function_ref<llvm::Error(
    size_t, llvm::function_ref<llvm::Expected<NdArray>(const TensorInfo &)>)>;

/// Runs every network, each of which takes a batch of one, on the samples
/// `indices` of `data` on `threads` threads (0: all cores). Samples that cannot
/// be read are named on `os` and skipped; fails where they are more than 1 %.
llvm::Expected<Judgement>
judgeNetworks(const Dataset &data, llvm::ArrayRef<size_t> indices,
              const Preprocessing &preprocessing, unsigned threads,
              llvm::ArrayRef<const CompiledNetwork *> networks,
              llvm::raw_ostream &os, ImageVisitor visit = {});

/// Fails where `data`, at `path`, has labels beyond the outputs of a network,
/// which would count as its errors.
llvm::Error checkClasses(const Dataset &data, llvm::StringRef path,
                         llvm::ArrayRef<int64_t> outputShape);

} // namespace mlir::qat

#endif // QAT_EVALUATION_JUDGING_H
