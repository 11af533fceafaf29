//===- ImageFolder.cpp - folders of image files ---------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formats.h"

#include "qat/Data/Image.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <vector>

using namespace llvm;
using namespace mlir::qat;
using namespace mlir::qat::formats;

/// The greatest class index that a table may hold: labels become output
/// channels, so more is a typing error.
static constexpr int64_t kMaxClass = 1 << 24;

/// How deep the images of a class may lie below its folder.
static constexpr unsigned kMaxDepth = 4;

namespace {
class ImageFiles : public Dataset {
public:
  struct Entry {
    std::string path;
    int64_t label;
  };

  ImageFiles(std::vector<Entry> entries, int64_t classes)
      : entries(std::move(entries)), classes(classes) {}

  size_t size() const override { return entries.size(); }
  int64_t numClasses() const override { return classes; }
  Expected<Sample> get(size_t index) const override {
    const Entry &entry = entries[index];
    Expected<NdArray> pixels = readImage(entry.path);
    if (!pixels)
      return pixels.takeError();
    return Sample{std::move(*pixels), entry.label, entry.path};
  }
  int64_t label(size_t index) const override { return entries[index].label; }
  std::string name(size_t index) const override { return entries[index].path; }

private:
  std::vector<Entry> entries;
  int64_t classes;
};
} // namespace

static bool hasImageName(StringRef path) {
  return StringSwitch<bool>(sys::path::extension(path))
      .CasesLower({".jpg", ".jpeg", ".png", ".ppm", ".pgm"}, true)
      .Default(false);
}

//===----------------------------------------------------------------------===//
// labels.tsv
//===----------------------------------------------------------------------===//

/// Where the file `name` of the table in `folder` lies: beside the table, else
/// in images/. A file that is in neither is a bad sample when it is read.
static std::string locate(StringRef folder, StringRef name) {
  std::string beside = childPath(folder, name);
  std::string inner = childPath(childPath(folder, "images"), name);
  return !sys::fs::exists(beside) && sys::fs::exists(inner) ? inner : beside;
}

static OpenedDataset openTable(StringRef table, int64_t minClasses) {
  auto buffer = MemoryBuffer::getFile(table);
  if (std::error_code reason = buffer.getError())
    return cannotOpen(table, reason.message());
  StringRef folder = sys::path::parent_path(table);

  std::vector<ImageFiles::Entry> entries;
  int64_t classes = minClasses;
  SmallVector<StringRef> lines;
  (*buffer)->getBuffer().split(lines, '\n');
  for (auto [number, line] : enumerate(lines)) {
    line = line.rtrim("\r");
    if (line.trim().empty())
      continue;
    auto [file, columns] = line.split('\t');
    StringRef text = columns.split('\t').first.trim();
    int64_t label;
    if (text.getAsInteger(10, label)) {
      if (number == 0 && !text.empty() && !hasImageName(file))
        continue; // The header.
      return cannotOpen(table, "line " + Twine(number + 1) +
                                   " has no class index in its second column");
    }
    // A table is data of others: it must not read what lies elsewhere.
    if (sys::path::is_absolute(file) ||
        is_contained(make_range(sys::path::begin(file), sys::path::end(file)),
                     ".."))
      return cannotOpen(table, "line " + Twine(number + 1) + " names '" + file +
                                   "', which may lie outside of its folder");
    if (label < 0 || label > kMaxClass)
      return cannotOpen(table, "line " + Twine(number + 1) +
                                   " has class index " + Twine(label));
    entries.push_back({locate(folder, file), label});
    classes = std::max(classes, label + 1);
  }
  if (entries.empty())
    return cannotOpen(table, "it lists no image");
  return std::make_unique<ImageFiles>(std::move(entries), classes);
}

//===----------------------------------------------------------------------===//
// A folder a class
//===----------------------------------------------------------------------===//

static Error collectImages(StringRef folder, int64_t label, unsigned depth,
                           std::vector<ImageFiles::Entry> &entries) {
  Expected<SmallVector<std::string>> files = listFiles(folder);
  if (!files)
    return files.takeError();
  for (const std::string &file : *files)
    if (hasImageName(file))
      entries.push_back({file, label});
  // Tiny ImageNet has CLASS/images/*.JPEG; the bound ends cycles of links.
  if (depth == kMaxDepth)
    return Error::success();
  Expected<SmallVector<std::string>> folders = listFolders(folder);
  if (!folders)
    return folders.takeError();
  for (const std::string &inner : *folders)
    if (Error error = collectImages(inner, label, depth + 1, entries))
      return error;
  return Error::success();
}

OpenedDataset formats::openImageFolder(StringRef path, DataSplit split,
                                       int64_t minClasses) {
  if (!sys::fs::is_directory(path))
    return sys::path::extension(path) == ".tsv"
               ? openTable(path, minClasses)
               : cannotOpen(path, "expected a folder of images, or a table of "
                                  "files and classes (.tsv)");
  std::string folder = enterSplit(path, split);
  std::string table = childPath(folder, "labels.tsv");
  if (sys::fs::exists(table))
    return openTable(table, minClasses);

  Expected<SmallVector<std::string>> classes = listFolders(folder);
  if (!classes)
    return classes.takeError();
  std::vector<ImageFiles::Entry> entries;
  for (auto [label, inner] : enumerate(*classes))
    if (Error error = collectImages(inner, label, /*depth=*/1, entries))
      return error;
  if (entries.empty())
    return cannotOpen(folder, "expected labels.tsv, or a subfolder of JPEG, "
                              "PNG or PPM images a class, in it");
  return std::make_unique<ImageFiles>(std::move(entries), classes->size());
}
