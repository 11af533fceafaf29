//===- Dataset.cpp - opening data sets, and loops over them ---------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Data/Dataset.h"

#include "Formats.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <atomic>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

using namespace llvm;
using namespace mlir::qat;

Dataset::~Dataset() = default;

namespace {
enum class Format { Unknown, Cifar10, Idx, Folder, Imagenet, Npy };
} // namespace

static Format findFormat(StringRef name) {
  return StringSwitch<Format>(name)
      .Case("cifar10", Format::Cifar10)
      .Cases({"mnist", "digits"}, Format::Idx)
      .Case("folder", Format::Folder)
      .Case("imagenet", Format::Imagenet)
      .Case("npy", Format::Npy)
      .Default(Format::Unknown);
}

bool mlir::qat::isDatasetName(StringRef name) {
  return findFormat(name) != Format::Unknown;
}

Expected<std::unique_ptr<Dataset>>
mlir::qat::openDataset(StringRef name, StringRef path,
                       const DatasetOptions &options) {
  Format format = findFormat(name);
  if (format == Format::Unknown)
    return createStringError(inconvertibleErrorCode(),
                             "unknown data set '" + name +
                                 "', expected cifar10, mnist, digits, folder, "
                                 "imagenet or npy");
  if (!sys::fs::exists(path))
    return formats::cannotOpen(path, "there is no such file or folder");
  switch (format) {
  case Format::Cifar10:
    return formats::openCifar10(path, options.split);
  case Format::Idx:
    return formats::openIdx(path, options.split);
  case Format::Folder:
    return formats::openImageFolder(path, options.split, /*minClasses=*/0);
  case Format::Imagenet:
    return formats::openImageFolder(path, options.split, /*minClasses=*/1000);
  default:
    return formats::openNpy(path, options.split);
  }
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

Error formats::cannotOpen(StringRef path, const Twine &why) {
  return createStringError(inconvertibleErrorCode(),
                           "cannot open data set '" + path + "': " + why);
}

std::string formats::childPath(StringRef folder, StringRef name) {
  SmallString<256> path(folder);
  sys::path::append(path, name);
  return std::string(path);
}

/// The entries of `folder` that are folders, or that are not.
static Expected<SmallVector<std::string>> list(StringRef folder, bool folders) {
  SmallVector<std::string> paths;
  std::error_code reason;
  for (sys::fs::directory_iterator it(folder, reason), end;
       it != end && !reason; it.increment(reason)) {
    if (!sys::path::filename(it->path()).starts_with(".") &&
        sys::fs::is_directory(it->path()) == folders)
      paths.push_back(it->path());
  }
  if (reason)
    return formats::cannotOpen(folder, reason.message());
  llvm::sort(paths);
  return paths;
}

Expected<SmallVector<std::string>> formats::listFiles(StringRef folder) {
  return list(folder, /*folders=*/false);
}

Expected<SmallVector<std::string>> formats::listFolders(StringRef folder) {
  return list(folder, /*folders=*/true);
}

std::string formats::enterSplit(StringRef path, DataSplit split) {
  std::string train = childPath(path, "train");
  if (!sys::fs::is_directory(train))
    return path.str();
  for (StringRef name : {"val", "test"}) {
    std::string test = childPath(path, name);
    if (sys::fs::is_directory(test))
      return split == DataSplit::Train ? train : test;
  }
  return path.str();
}

//===----------------------------------------------------------------------===//
// Bad samples
//===----------------------------------------------------------------------===//

char BadSample::ID = 0;

void BadSample::log(raw_ostream &os) const { os << message; }

std::error_code BadSample::convertToErrorCode() const {
  return inconvertibleErrorCode();
}

void BadSampleLog::addBad(Error why) {
  ++bad;
  std::string message = toString(std::move(why));
  if (named.insert(message).second)
    os << "warning: " << message << "; skipped\n";
}

Error BadSampleLog::finish() const {
  // More than 1 %, without rounding.
  if (bad <= seen / 100)
    return Error::success();
  return createStringError(inconvertibleErrorCode(),
                           Twine(bad) + " of " + Twine(seen) +
                               " samples cannot be used, more than 1 %");
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

Error mlir::qat::forEachSample(const Dataset &dataset, ArrayRef<size_t> indices,
                               unsigned threads, BadSampleLog &log,
                               function_ref<Error(size_t, Sample)> fn) {
  struct Failure {
    size_t position;
    bool skipped;
    Error error;
  };
  std::mutex mutex;
  std::vector<Failure> failures;
  std::atomic<size_t> next = 0;
  std::atomic<bool> stopped = false;

  // Positions are handed out in order and each is carried to its end, so that
  // those before the first error have all been seen whatever the timing.
  auto process = [&](size_t position, bool &skipped) -> Error {
    Expected<Sample> sample = dataset.get(indices[position]);
    skipped = !sample;
    if (!sample)
      return sample.takeError();
    Error error = fn(position, std::move(*sample));
    skipped = error.isA<BadSample>();
    return error;
  };
  auto work = [&] {
    while (!stopped) {
      size_t position = next++;
      if (position >= indices.size())
        return;
      bool skipped;
      Error error = process(position, skipped);
      if (!error)
        continue;
      if (!skipped)
        stopped = true;
      std::lock_guard<std::mutex> lock(mutex);
      failures.push_back({position, skipped, std::move(error)});
    }
  };

  if (!threads)
    threads = std::thread::hardware_concurrency();
  threads = std::min<size_t>(threads, indices.size());
  std::vector<std::thread> pool;
  for (unsigned i = 1; i < threads; ++i)
    pool.emplace_back(work);
  work();
  for (std::thread &thread : pool)
    thread.join();

  llvm::sort(failures, [](const Failure &a, const Failure &b) {
    return a.position < b.position;
  });
  auto firstError = llvm::find_if(
      failures, [](const Failure &failure) { return !failure.skipped; });
  for (auto it = failures.begin(); it != firstError; ++it)
    log.addBad(std::move(it->error));
  if (firstError == failures.end()) {
    log.addSeen(indices.size());
    return Error::success();
  }
  log.addSeen(firstError->position + 1);
  Error result = std::move(firstError->error);
  for (auto it = std::next(firstError); it != failures.end(); ++it)
    consumeError(std::move(it->error));
  return result;
}

Error mlir::qat::forEachSample(const Dataset &dataset, size_t begin, size_t end,
                               unsigned threads, raw_ostream &os,
                               function_ref<Error(size_t, Sample)> fn) {
  std::vector<size_t> indices(end > begin ? end - begin : 0);
  std::iota(indices.begin(), indices.end(), begin);
  BadSampleLog log(os);
  if (Error error = forEachSample(
          dataset, indices, threads, log, [&](size_t position, Sample sample) {
            return fn(begin + position, std::move(sample));
          }))
    return error;
  return log.finish();
}
