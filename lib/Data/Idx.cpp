//===- Idx.cpp - IDX files of images, as MNIST has ------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formats.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <algorithm>
#include <cstring>
#include <zlib.h>

using namespace llvm;
using namespace mlir::qat;
using namespace mlir::qat::formats;

static constexpr int64_t kClasses = 10;

namespace {
class IdxImages : public Dataset {
public:
  IdxImages(std::string path, NdArray images, NdArray labels)
      : path(std::move(path)), images(std::move(images)),
        labels(std::move(labels)) {}

  size_t size() const override { return images.dim(0); }
  int64_t numClasses() const override { return kClasses; }
  Expected<Sample> get(size_t index) const override;
  int64_t label(size_t index) const override {
    return labels.data<uint8_t>()[index];
  }
  std::string name(size_t index) const override {
    return (path + "[" + Twine(index) + "]").str();
  }

private:
  std::string path;
  NdArray images; ///< u8, NxHxW
  NdArray labels; ///< u8, N
};
} // namespace

Expected<Sample> IdxImages::get(size_t index) const {
  Sample sample;
  sample.name = name(index);
  sample.label = label(index);
  if (sample.label >= kClasses)
    return make_error<BadSample>("record '" + sample.name + "' has label " +
                                 Twine(sample.label) + ", expected 0 to 9");
  int64_t height = images.dim(1), width = images.dim(2);
  sample.pixels = NdArray::of<uint8_t>(
      {height, width, 1},
      images.data<uint8_t>().slice(index * height * width, height * width));
  return sample;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// Reads `size` bytes; zlib hands a file that is not gz through. Grows with
/// what is there, not with what a header claims.
static Error readBytes(gzFile file, StringRef path, uint64_t size,
                       std::string &bytes) {
  constexpr uint64_t chunk = 1 << 20;
  while (bytes.size() < size) {
    size_t have = bytes.size();
    size_t want = std::min(chunk, size - have);
    bytes.resize(have + want);
    int got = gzread(file, &bytes[have], want);
    if (got < 0) {
      int code;
      return cannotOpen(path, gzerror(file, &code));
    }
    if (static_cast<size_t>(got) < want)
      return cannotOpen(path, "the file is truncated");
  }
  return Error::success();
}

/// Reads an IDX file of bytes with `rank` dimensions:
///
///   0, 0, 8 (u8), rank, a 32-bit big-endian size a dimension, the elements
static Expected<NdArray> readIdx(const std::string &path, unsigned rank) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (!file)
    return cannotOpen(path, "the file cannot be read");
  std::unique_ptr<gzFile_s, int (*)(gzFile)> owner(file, gzclose);

  std::string header;
  if (Error error = readBytes(file, path, 4 + 4 * rank, header))
    return error;
  const char magic[] = {0, 0, 8, static_cast<char>(rank)};
  if (StringRef(header).take_front(4) != StringRef(magic, 4))
    return cannotOpen(path, "expected an IDX file of bytes with " +
                                Twine(rank) + " dimensions");
  SmallVector<int64_t> shape;
  for (unsigned axis = 0; axis < rank; ++axis)
    shape.push_back(support::endian::read32be(&header[4 + 4 * axis]));
  std::optional<int64_t> count = countElements(shape);
  if (!count || !*count)
    return cannotOpen(path, "shape " + shapeText(shape) + " is " +
                                (count ? "empty" : "too large"));

  std::string elements;
  if (Error error = readBytes(file, path, *count, elements))
    return error;
  // Reaching the end is what makes zlib check the sum of a gz file.
  char extra;
  int got = gzread(file, &extra, 1);
  if (got != 0)
    return cannotOpen(path, got < 0 ? "the compressed data is damaged"
                                    : "the file goes on past its elements");
  NdArray array = NdArray::zeros(ElementKind::U8, shape);
  std::memcpy(array.bytes().data(), elements.data(), elements.size());
  return array;
}

//===----------------------------------------------------------------------===//
// Finding
//===----------------------------------------------------------------------===//

/// The file of images in `folder`: train-images* or t10k-images* by `split`,
/// else the only *images*idx3* there is.
static Expected<std::string> findImages(StringRef folder, DataSplit split) {
  Expected<SmallVector<std::string>> files = listFiles(folder);
  if (!files)
    return files.takeError();
  StringRef half = split == DataSplit::Train ? "train" : "t10k";
  SmallVector<std::string> candidates;
  for (const std::string &file : *files) {
    StringRef name = sys::path::filename(file);
    if (name.starts_with((half + "-images").str()))
      return file;
    if (name.contains("images") && name.contains("idx3"))
      candidates.push_back(file);
  }
  if (candidates.size() == 1)
    return candidates[0];
  if (candidates.empty())
    return cannotOpen(folder, "expected " + half + "-images* in it");
  return cannotOpen(folder, "it has several files of images and none is " +
                                half + "-images*; give the path of one");
}

/// The file of labels that belongs to `images`, in its folder.
static Expected<std::string> findLabels(StringRef images) {
  std::string name = sys::path::filename(images).str();
  auto substitute = [&](StringRef from, StringRef to) {
    size_t at = name.rfind(from);
    if (at != std::string::npos)
      name.replace(at, from.size(), to);
    return at != std::string::npos;
  };
  if (!substitute("images", "labels"))
    return cannotOpen(images,
                      "expected 'images' in the file's name, to find the "
                      "labels beside it");
  substitute("idx3", "idx1");
  StringRef plain = StringRef(name);
  plain.consume_back(".gz");
  StringRef folder = sys::path::parent_path(images);
  for (std::string candidate : {name, plain.str(), plain.str() + ".gz"})
    if (sys::fs::exists(childPath(folder, candidate)))
      return childPath(folder, candidate);
  return cannotOpen(images, "expected the labels '" + name + "' beside it");
}

OpenedDataset formats::openIdx(StringRef path, DataSplit split) {
  std::string images = path.str();
  if (sys::fs::is_directory(path)) {
    Expected<std::string> found = findImages(path, split);
    if (!found)
      return found.takeError();
    images = std::move(*found);
  }
  Expected<std::string> labels = findLabels(images);
  if (!labels)
    return labels.takeError();

  Expected<NdArray> pixels = readIdx(images, 3);
  if (!pixels)
    return pixels.takeError();
  Expected<NdArray> classes = readIdx(*labels, 1);
  if (!classes)
    return classes.takeError();
  if (classes->dim(0) != pixels->dim(0))
    return cannotOpen(images, "it has " + Twine(pixels->dim(0)) +
                                  " images, but '" + *labels + "' has " +
                                  Twine(classes->dim(0)) + " labels");
  return std::make_unique<IdxImages>(images, std::move(*pixels),
                                     std::move(*classes));
}
