//===- NpzReader.h - numpy archives for tests ------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the golden .npz files. It remembers which arrays were asked for, so
// that a test can show that it left none out.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TEST_UNIT_SUPPORT_NPZREADER_H
#define QAT_TEST_UNIT_SUPPORT_NPZREADER_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mlir::qat::test {

/// One array; whatever its numeric type was, `values` holds it exactly (64-bit
/// integers of the goldens stay below 2^53).
struct NpzArray {
  std::vector<int64_t> shape;
  /// numpy's name of the element type: "<f4", "<i2", "|u1", "|b1", ...
  std::string type;
  std::vector<double> values;
  bool used = false;

  size_t size() const { return values.size(); }
  double operator[](size_t index) const { return values[index]; }
  std::vector<float> floats() const;
  std::vector<int32_t> ints() const;
};

class NpzReader {
public:
  static llvm::Expected<NpzReader> open(const std::string &path);

  bool contains(llvm::StringRef key) const { return arrays.contains(key); }
  /// The array, which is marked as used; an empty one and a test failure where
  /// there is none.
  const NpzArray &operator[](llvm::StringRef key);
  /// Sorted names of the arrays that were not asked for.
  std::vector<std::string> unused() const;
  size_t size() const { return arrays.size(); }

private:
  llvm::StringMap<NpzArray> arrays;
};

/// A path below the folder of goldens: the variable QAT_SHARED, else where the
/// build was configured to look.
std::string getSharedPath(llvm::StringRef relative);

} // namespace mlir::qat::test

/// Skips the test, with the reason, where a golden file is not on the machine.
#define QAT_SKIP_WITHOUT(PATH)                                                 \
  if (!llvm::sys::fs::exists(PATH))                                            \
  GTEST_SKIP() << "no golden file " << (PATH)                                  \
               << "; set QAT_SHARED to the folder that holds golden/"

#endif // QAT_TEST_UNIT_SUPPORT_NPZREADER_H
