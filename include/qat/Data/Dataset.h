//===- Dataset.h - labelled samples of a data set ---------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DATA_DATASET_H
#define QAT_DATA_DATASET_H

#include "qat/Support/NdArray.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace mlir::qat {

/// One input of a network with its class.
struct Sample {
  /// u8 pixels of shape HxWx1 or HxWx3 (RGB) as stored, of any size; or, from
  /// the data set `npy`, u8 or f32 of the shape that the array has past its
  /// first dimension (rank 2 becomes HxWx1 for u8).
  NdArray pixels;
  /// The class, 0 to numClasses() - 1, or -1 where it is not known.
  int64_t label = -1;
  /// The file, or the file and the record in it, for messages.
  std::string name;
};

/// A data set on disk. `get` may be called from several threads at once and
/// fails, with one line that names the file, for a sample that is corrupt or
/// unreadable; the others stay usable (see `BadSampleLog`).
class Dataset {
public:
  virtual ~Dataset();
  virtual size_t size() const = 0;
  /// One more than the greatest label that may occur; 0 without labels.
  virtual int64_t numClasses() const = 0;
  virtual llvm::Expected<Sample> get(size_t index) const = 0;
  /// The label and the name that `get` would give, without reading the pixels;
  /// a label may be out of range where `get` fails for it.
  virtual int64_t label(size_t index) const = 0;
  virtual std::string name(size_t index) const = 0;
};

/// Which half of a data set that comes in two.
enum class DataSplit { Train, Test };

struct DatasetOptions {
  /// Chooses among files where `path` is a folder that has both halves; a path
  /// to a file, or a folder with one half only, is taken as it is.
  DataSplit split = DataSplit::Test;
};

/// Whether openDataset knows data sets called `name`.
bool isDatasetName(llvm::StringRef name);

/// Opens the data set called `name` at `path`:
///
/// * `cifar10`: the binary version: a .bin file, or a folder (or one with a
///   subfolder cifar-10-batches-bin) with data_batch_*.bin and test_batch.bin,
///   else with *train*.bin and *test*.bin. 10 classes, 32x32x3.
/// * `mnist`, `digits`: IDX files, plain or gz: the file of images, or a folder
///   with train-images* and t10k-images*, else one *images*idx3*; the labels
///   are beside it, with "labels" for "images" and "idx1" for "idx3" in the
///   name. 10 classes, HxWx1.
/// * `folder`, `imagenet`: a folder with labels.tsv (or the path of such a
///   file) whose lines are: file, class index, anything; a first line without
///   a number is a header; files are looked for beside it and in images/. Or a
///   folder with one subfolder of images a class; classes are numbered by
///   name in byte order. A folder that has both train and val (or test) is
///   entered first. Names beginning with '.' are skipped. `imagenet` with
///   labels.tsv has at least 1,000 classes.
/// * `npy`: a folder with x.npy and, for labels, y.npy, else x_train.npy,
///   x_test.npy and their y; or a path to the array of inputs, whose labels
///   are in the file beside it with y for the x in front of its name, else
///   in y.npy. Labels are integers, one an input.
///
/// Fails with one line if there is nothing to read, or labels and samples do
/// not fit together.
llvm::Expected<std::unique_ptr<Dataset>>
openDataset(llvm::StringRef name, llvm::StringRef path,
            const DatasetOptions &options = {});

/// An error about one sample, which a loop skips rather than stops at. What
/// fails for every sample (a wrong option) is another error.
class BadSample : public llvm::ErrorInfo<BadSample> {
public:
  static char ID;
  explicit BadSample(const llvm::Twine &message) : message(message.str()) {}
  void log(llvm::raw_ostream &os) const override;
  std::error_code convertToErrorCode() const override;

private:
  std::string message;
};

/// The policy for samples that cannot be read: each is named in one line (once,
/// however often it is met), counted and skipped, and the run ends with an
/// error if more than 1 % of what was asked for are bad.
class BadSampleLog {
public:
  explicit BadSampleLog(llvm::raw_ostream &os) : os(os) {}

  /// Takes note of a sample that cannot be used.
  void addBad(llvm::Error why);
  /// Takes note of `count` samples that were asked for, good or bad.
  void addSeen(size_t count) { seen += count; }

  size_t numBad() const { return bad; }
  size_t numSeen() const { return seen; }

  /// The error of the run, if too many were bad.
  llvm::Error finish() const;

private:
  llvm::raw_ostream &os;
  llvm::StringSet<> named;
  size_t bad = 0;
  size_t seen = 0;
};

/// Reads the samples `indices` on `threads` threads (0: as many as the machine
/// has) and calls `fn(position, sample)` for each, with its position in
/// `indices`, from several threads at once and in no order. Samples that
/// cannot be read, and those for which `fn` returns a BadSample, go into `log`
/// in the order of `indices`. Any other error of `fn` stops the loop and is
/// returned (that of the first position, if there are several).
llvm::Error forEachSample(const Dataset &dataset,
                          llvm::ArrayRef<size_t> indices, unsigned threads,
                          BadSampleLog &log,
                          llvm::function_ref<llvm::Error(size_t, Sample)> fn);

/// The same for the samples `begin` to `end` - 1 as a run of its own, so with
/// the error for too many bad ones; `fn` gets the index in the data set.
llvm::Error forEachSample(const Dataset &dataset, size_t begin, size_t end,
                          unsigned threads, llvm::raw_ostream &os,
                          llvm::function_ref<llvm::Error(size_t, Sample)> fn);

} // namespace mlir::qat

#endif // QAT_DATA_DATASET_H
