//===- NpyDataset.cpp - data sets of .npy arrays --------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formats.h"

#include "qat/Support/Npy.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cstring>

using namespace llvm;
using namespace mlir::qat;
using namespace mlir::qat::formats;

namespace {
class ArrayDataset : public Dataset {
public:
  ArrayDataset(std::string path, NdArray inputs, SmallVector<int64_t> labels)
      : path(std::move(path)), inputs(std::move(inputs)),
        labels(std::move(labels)) {}

  size_t size() const override { return inputs.dim(0); }
  int64_t numClasses() const override {
    return labels.empty() ? 0 : *llvm::max_element(labels) + 1;
  }
  Expected<Sample> get(size_t index) const override;
  int64_t label(size_t index) const override {
    return labels.empty() ? -1 : labels[index];
  }
  std::string name(size_t index) const override {
    return (path + "[" + Twine(index) + "]").str();
  }

private:
  std::string path;
  NdArray inputs;
  SmallVector<int64_t> labels; ///< Empty, or one an input.
};
} // namespace

Expected<Sample> ArrayDataset::get(size_t index) const {
  NdArray slice = NdArray::zeros(inputs.kind(), inputs.shape().drop_front());
  std::memcpy(slice.bytes().data(),
              inputs.bytes().data() + index * slice.byteSize(),
              slice.byteSize());
  if (slice.kind() == ElementKind::U8) {
    if (slice.rank() == 2)
      slice.reshape({slice.dim(0), slice.dim(1), 1});
  } else if (slice.kind() != ElementKind::F32) {
    slice = slice.toF32();
  }
  return Sample{std::move(slice), label(index), name(index)};
}

/// The labels in `path`, one for each of `count` inputs.
static Expected<SmallVector<int64_t>> readLabels(StringRef path,
                                                 int64_t count) {
  Expected<NdArray> array = readNpy(path);
  if (!array)
    return array.takeError();
  if (array->rank() == 0 || array->dim(0) != count || array->size() != count)
    return cannotOpen(path, "expected " + Twine(count) +
                                " labels, one an input, but its shape is " +
                                shapeText(array->shape()));
  if (array->kind() == ElementKind::F32 || array->kind() == ElementKind::F64)
    return cannotOpen(path, "expected labels of an integer type, but got " +
                                kindName(array->kind()));
  SmallVector<int64_t> labels;
  visitKind(array->kind(), [&](auto zero) {
    llvm::append_range(labels, array->data<decltype(zero)>());
  });
  for (int64_t label : labels)
    if (label < -1 || label >= INT32_MAX)
      return cannotOpen(path,
                        "class index " + Twine(label) + " is out of range");
  return labels;
}

/// The array of inputs that `path` means.
static Expected<std::string> findInputs(StringRef path, DataSplit split) {
  if (!sys::fs::is_directory(path))
    return path.str();
  std::string folder = enterSplit(path, split);
  StringRef half = split == DataSplit::Train ? "x_train.npy" : "x_test.npy";
  for (StringRef name : {StringRef("x.npy"), half})
    if (sys::fs::exists(childPath(folder, name)))
      return childPath(folder, name);
  return cannotOpen(folder, "expected x.npy or " + half + " in it");
}

/// The array of labels beside `inputs`, or "" if there is none.
static std::string findLabels(StringRef inputs) {
  StringRef folder = sys::path::parent_path(inputs);
  StringRef name = sys::path::filename(inputs);
  SmallVector<std::string> candidates;
  if (name.starts_with("x"))
    candidates.push_back("y" + name.drop_front().str());
  candidates.push_back("y.npy");
  for (const std::string &candidate : candidates)
    if (sys::fs::exists(childPath(folder, candidate)))
      return childPath(folder, candidate);
  return "";
}

OpenedDataset formats::openNpy(StringRef path, DataSplit split) {
  Expected<std::string> file = findInputs(path, split);
  if (!file)
    return file.takeError();
  Expected<NdArray> inputs = readNpy(*file);
  if (!inputs)
    return inputs.takeError();
  if (inputs->rank() < 2 || !inputs->size())
    return cannotOpen(*file, "expected samples along the first dimension, but "
                             "its shape is " +
                                 shapeText(inputs->shape()));

  SmallVector<int64_t> labels;
  std::string labelFile = findLabels(*file);
  if (!labelFile.empty()) {
    Expected<SmallVector<int64_t>> read = readLabels(labelFile, inputs->dim(0));
    if (!read)
      return read.takeError();
    labels = std::move(*read);
  }
  return std::make_unique<ArrayDataset>(std::move(*file), std::move(*inputs),
                                        std::move(labels));
}
