//===- TestFiles.h - files for the tests of data sets -----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TEST_UNIT_DATA_TESTFILES_H
#define QAT_TEST_UNIT_DATA_TESTFILES_H

#include "qat/Support/NdArray.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Error.h"
#include "gtest/gtest.h"

#include <string>

/// A test with a folder of its own, which goes when the test ends.
class FolderTest : public testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;

  /// The path of `name` in the folder, whose parents are created.
  std::string path(llvm::StringRef name = "");
  /// Writes a file and returns its path.
  std::string write(llvm::StringRef name, llvm::StringRef bytes);

private:
  llvm::SmallString<128> folder;
};

/// u8 pixels, the same on every machine, from a linear congruential generator.
mlir::qat::NdArray randomImage(int64_t height, int64_t width, int64_t channels);

/// The files of a gray or RGB image, by the libraries' own encoders.
std::string encodeJpeg(const mlir::qat::NdArray &image, int quality = 100);
std::string encodePng(const mlir::qat::NdArray &image);

std::string gzipOf(llvm::StringRef bytes);
uint32_t checksum(const mlir::qat::NdArray &array);

/// The message of a failure, or "" for success.
std::string messageOf(llvm::Error error);
template <class T> std::string messageOf(llvm::Expected<T> result) {
  return result ? "" : messageOf(result.takeError());
}

/// The path of a file of the shared assets, or "" where it is absent.
std::string sharedAsset(llvm::StringRef name);

/// One array of a .npz file.
llvm::Expected<mlir::qat::NdArray> readNpzMember(llvm::StringRef path,
                                                 llvm::StringRef name);

#endif // QAT_TEST_UNIT_DATA_TESTFILES_H
