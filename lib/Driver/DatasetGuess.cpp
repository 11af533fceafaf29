//===- DatasetGuess.cpp - which kind of data set a path is -------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Command.h"

#include "qat/Data/Dataset.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

/// Whether the folder `path` has a file whose name `matches`.
static bool hasFile(StringRef path, function_ref<bool(StringRef)> matches) {
  std::error_code ec;
  for (sys::fs::directory_iterator it(path, ec), end; it != end && !ec;
       it.increment(ec))
    if (matches(sys::path::filename(it->path())))
      return true;
  return false;
}

static bool isIdx(StringRef name) {
  return name.contains("idx3") || name.contains("idx1");
}

Error mlir::qat::checkDatasetName(StringRef name) {
  if (name.empty() || isDatasetName(name))
    return Error::success();
  return wrongUsage("unknown data set '" + name +
                    "', expected cifar10, mnist, digits, folder, imagenet or "
                    "npy");
}

std::string mlir::qat::guessDataset(StringRef path) {
  StringRef name = sys::path::filename(path);
  if (!sys::fs::is_directory(path)) {
    if (name.ends_with(".bin"))
      return "cifar10";
    if (name.ends_with(".npy"))
      return "npy";
    return isIdx(name) ? "mnist" : "folder";
  }
  if (hasFile(path, [](StringRef file) { return file.ends_with(".bin"); }) ||
      hasFile(path,
              [](StringRef file) { return file == "cifar-10-batches-bin"; }))
    return "cifar10";
  if (hasFile(path, isIdx))
    return "mnist";
  if (hasFile(path, [](StringRef file) {
        return file == "x.npy" || file == "x_train.npy" || file == "x_test.npy";
      }))
    return "npy";
  return "folder";
}
