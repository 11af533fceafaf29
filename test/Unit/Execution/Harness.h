//===- Harness.h - compiles and runs modules given as text ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TEST_UNIT_EXECUTION_HARNESS_H
#define QAT_TEST_UNIT_EXECUTION_HARNESS_H

#include "qat/Execution/CompiledNetwork.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace mlir::qat::test {

/// One context for all tests of the process.
MLIRContext &getContext();

/// Parses a module; a test failure and null for text that does not parse.
OwningOpRef<ModuleOp> parse(llvm::StringRef text);

/// Parses and compiles; a test failure and null where either fails.
std::unique_ptr<CompiledNetwork> compile(llvm::StringRef text,
                                         const CompileOptions &options = {});

/// The first output of a network of one output.
NdArray run(const CompiledNetwork &network,
            llvm::ArrayRef<const NdArray *> inputs);

/// `dense<"0x..">` with these elements, one byte each for less than 8 bits.
std::string hexDense(llvm::ArrayRef<char> bytes);
template <class T> std::string dense(llvm::ArrayRef<T> values) {
  return hexDense({reinterpret_cast<const char *>(values.data()),
                   values.size() * sizeof(T)});
}

/// Uniform integers in [lo, hi].
template <class T>
std::vector<T> randomIntegers(std::mt19937 &random, size_t count, int64_t lo,
                              int64_t hi) {
  std::uniform_int_distribution<int64_t> distribution(lo, hi);
  std::vector<T> values(count);
  for (T &value : values)
    value = static_cast<T>(distribution(random));
  return values;
}

std::vector<float> randomFloats(std::mt19937 &random, size_t count, float lo,
                                float hi);

/// An array of floats.
NdArray floatArray(llvm::ArrayRef<int64_t> shape,
                   const std::vector<float> &values);

/// "2x3x4x" for the inside of a tensor type.
std::string dims(llvm::ArrayRef<int64_t> shape);

} // namespace mlir::qat::test

#endif // QAT_TEST_UNIT_EXECUTION_HARNESS_H
