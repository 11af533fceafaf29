//===- BatchLoader.h - batches of a data set for training -------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The batches of an epoch are a function of the data set, the options, the
// seed and the epoch alone:
//
// * The samples are sorted by the first draw of CounterRandom{seed, 0, epoch,
//   sample}; batch k has places k * batch to (k + 1) * batch - 1 of that order.
//   What is left at the end is in no batch of this epoch.
// * Sample i is augmented by the draws of CounterRandom{seed, 1, epoch, i}.
// * A sample that cannot be read is replaced by the next one of the order that
//   can be, round the end if need be, so that batches stay full.
//
// So neither the number of workers nor where an epoch is taken up again changes
// a bit of them.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DATA_BATCHLOADER_H
#define QAT_DATA_BATCHLOADER_H

#include "qat/Data/Augmentation.h"
#include "qat/Data/Dataset.h"
#include "qat/Support/Preprocessing.h"

#include <memory>
#include <vector>

namespace mlir::qat {

struct BatchOptions {
  /// Samples a batch, at least 1.
  int64_t batch = 32;
  /// The network's input without the batch: HxWxC, or C.
  llvm::SmallVector<int64_t, 3> inputShape;
  /// The number of classes of the network; 0 if labels do not count, as for an
  /// autoencoder (they are 0 in the batches then).
  int64_t classes = 0;
  uint64_t seed = 0;
  Augmentation augmentation;
  Preprocessing preprocessing;
  /// Threads that read and prepare samples; 0: as many as the machine has.
  unsigned workers = 0;
  /// Batches that are prepared ahead of the one in use, at least 1.
  unsigned ahead = 4;
};

/// The samples of a data set in the order of an epoch.
std::vector<size_t> shuffleSamples(size_t count, uint64_t seed, uint64_t epoch);

/// Fails if `dataset`, which `path` names in messages, cannot train a network:
/// it has no sample, fewer than a batch, no labels, or a label that is no class
/// of the network. Says in a remark to `os` which classes have no sample.
llvm::Error checkTrainingData(const Dataset &dataset, llvm::StringRef path,
                              const BatchOptions &options,
                              llvm::raw_ostream &os);

/// A batch of inputs and classes.
struct Batch {
  /// The number in the epoch, from 0.
  size_t step = 0;
  /// N x inputShape, 64-byte aligned.
  NdArray input;
  /// N of i32.
  NdArray labels;
  /// The samples in it.
  std::vector<size_t> samples;
};

/// Reads the batches of an epoch ahead of their use, on threads of its own,
/// into a fixed number of buffers. One thread may use it at a time; destroying
/// it at any moment waits for the samples that are being read, no longer.
class BatchLoader {
public:
  /// Starts the threads. `dataset` and `log` outlive the loader. The options
  /// are those that checkTrainingData accepts.
  BatchLoader(const Dataset &dataset, const BatchOptions &options,
              BadSampleLog &log);
  ~BatchLoader();

  BatchLoader(const BatchLoader &) = delete;
  BatchLoader &operator=(const BatchLoader &) = delete;

  /// Full batches in an epoch.
  size_t numSteps() const;

  /// Begins to read epoch `epoch` from batch `firstStep` on; what was under way
  /// is dropped.
  void start(uint64_t epoch, size_t firstStep = 0);

  /// The next batch, which stays as it is until the next call of `next` or
  /// `start`; null after the last one of the epoch. Fails with one line where a
  /// sample has no class of the network or not the shape, and as soon as more
  /// than 1 % of the data set cannot be read in this epoch. After an error only
  /// `start` may follow. Bad samples are told to the log in the order of the
  /// epoch.
  llvm::Expected<const Batch *> next();

private:
  class Implementation;
  std::unique_ptr<Implementation> implementation;
};

} // namespace mlir::qat

#endif // QAT_DATA_BATCHLOADER_H
