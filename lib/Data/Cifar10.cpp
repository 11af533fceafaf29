//===- Cifar10.cpp - the binary version of CIFAR-10 -----------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formats.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace mlir::qat;
using namespace mlir::qat::formats;

static constexpr int64_t kSide = 32;
static constexpr int64_t kPlane = kSide * kSide;
/// A label byte, then planes of red, green and blue.
static constexpr int64_t kRecord = 1 + 3 * kPlane;
static constexpr int64_t kClasses = 10;

namespace {
class Cifar10 : public Dataset {
public:
  explicit Cifar10(SmallVector<std::unique_ptr<MemoryBuffer>> files)
      : files(std::move(files)) {}

  size_t size() const override {
    size_t records = 0;
    for (const auto &file : files)
      records += file->getBufferSize() / kRecord;
    return records;
  }
  int64_t numClasses() const override { return kClasses; }
  Expected<Sample> get(size_t index) const override;
  int64_t label(size_t index) const override { return find(index).bytes[0]; }
  std::string name(size_t index) const override { return find(index).name; }

private:
  struct Record {
    const uint8_t *bytes;
    std::string name;
  };
  Record find(size_t index) const;

  SmallVector<std::unique_ptr<MemoryBuffer>> files;
};
} // namespace

Cifar10::Record Cifar10::find(size_t index) const {
  const MemoryBuffer *file = nullptr;
  for (const auto &candidate : files) {
    file = candidate.get();
    size_t records = file->getBufferSize() / kRecord;
    if (index < records)
      break;
    index -= records;
  }
  return {reinterpret_cast<const uint8_t *>(file->getBufferStart() +
                                            index * kRecord),
          (file->getBufferIdentifier() + "[" + Twine(index) + "]").str()};
}

Expected<Sample> Cifar10::get(size_t index) const {
  Record record = find(index);
  Sample sample;
  sample.name = std::move(record.name);
  sample.label = record.bytes[0];
  if (sample.label >= kClasses)
    return make_error<BadSample>("record '" + sample.name + "' has label " +
                                 Twine(sample.label) + ", expected 0 to 9");
  sample.pixels = NdArray::zeros(ElementKind::U8, {kSide, kSide, 3});
  uint8_t *pixels = sample.pixels.bytes().data();
  for (int64_t pixel = 0; pixel < kPlane; ++pixel)
    for (int64_t colour = 0; colour < 3; ++colour)
      pixels[3 * pixel + colour] = record.bytes[1 + colour * kPlane + pixel];
  return sample;
}

/// The .bin files of `folder` that hold the half `split`.
static Expected<SmallVector<std::string>> findFiles(StringRef folder,
                                                    DataSplit split) {
  bool train = split == DataSplit::Train;
  Expected<SmallVector<std::string>> files = listFiles(folder);
  if (!files)
    return files;
  SmallVector<std::string> official, others;
  for (const std::string &file : *files) {
    StringRef name = sys::path::filename(file);
    if (!name.ends_with(".bin"))
      continue;
    if (train ? name.starts_with("data_batch_") : name == "test_batch.bin")
      official.push_back(file);
    else if (name.contains(train ? "train" : "test"))
      others.push_back(file);
  }
  if (official.empty())
    official = std::move(others);
  if (official.empty())
    return cannotOpen(folder, train ? "expected data_batch_*.bin in it"
                                    : "expected test_batch.bin in it");
  return official;
}

OpenedDataset formats::openCifar10(StringRef path, DataSplit split) {
  SmallVector<std::string> paths = {path.str()};
  if (sys::fs::is_directory(path)) {
    std::string inner = childPath(path, "cifar-10-batches-bin");
    Expected<SmallVector<std::string>> found = findFiles(
        sys::fs::is_directory(inner) ? StringRef(inner) : path, split);
    if (!found)
      return found.takeError();
    paths = std::move(*found);
  }

  SmallVector<std::unique_ptr<MemoryBuffer>> files;
  for (const std::string &file : paths) {
    auto buffer = MemoryBuffer::getFile(file, /*IsText=*/false,
                                        /*RequiresNullTerminator=*/false);
    if (std::error_code reason = buffer.getError())
      return cannotOpen(file, reason.message());
    size_t size = (*buffer)->getBufferSize();
    if (!size || size % kRecord)
      return cannotOpen(file, "its " + Twine(size) +
                                  " bytes are not records of 3073, as the "
                                  "binary version of CIFAR-10 has");
    files.push_back(std::move(*buffer));
  }
  return std::make_unique<Cifar10>(std::move(files));
}
