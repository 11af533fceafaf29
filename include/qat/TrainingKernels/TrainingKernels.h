//===- TrainingKernels.h - contractions by oneDNN ---------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What `qat.contraction` computes (QatContractionOps.td), as functions that the
// machine code of a training step calls. Images lie NHWC, weights OHWI (HWCM
// where depthwise) and without gaps; a result is overwritten (or added to).
// Floats are strict float32: no bfloat16, no relaxed arithmetic. A call runs on
// the calling thread alone, and gives the same bits on every thread and at
// every call.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAININGKERNELS_TRAININGKERNELS_H
#define QAT_TRAININGKERNELS_TRAININGKERNELS_H

#include "qat/Dialect/Qat/IR/ContractionGeometry.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <array>
#include <cstdint>
#include <string>

namespace mlir::qat {

/// Which tensor of a convolution is computed, with the numbers of
/// ContractionKind. `a` and `b` of a call are the other two.
enum class TrainingProduct : int64_t {
  /// y from x and w.
  Forward = 0,
  /// dx from dy and w.
  InputGradient = 1,
  /// dw from x and dy.
  WeightGradient = 2,
};

/// Elements of `a`, `b` and the result. Integers go forward only.
enum class TrainingElements : int64_t {
  /// float32 throughout.
  F32 = 0,
  /// uint8 by int8 to int32, exact.
  U8 = 1,
  /// int8 by int8 to int32, exact.
  S8 = 2,
};

struct TrainingContraction {
  TrainingProduct product = TrainingProduct::Forward;
  TrainingElements elements = TrainingElements::F32;
  ContractionGeometry geometry;
  /// Whether a gradient of weights is added to what the result holds.
  bool accumulate = false;

  static constexpr size_t wordCount = 22;
  using Words = std::array<int64_t, wordCount>;

  /// The contraction as 64-bit words, so that a constant of machine code can
  /// hold it, and back.
  Words getWords() const;
  static TrainingContraction fromWords(llvm::ArrayRef<int64_t> words);
};

/// Bytes of scratch that a call of runTrainingContraction writes over, for any
/// thread. Fails, with oneDNN's status, where the library refuses the sizes.
llvm::Expected<int64_t>
getTrainingScratchBytes(const TrainingContraction &contraction);

/// Which implementation runs: "brg:avx512_core", for benchmarks.
llvm::Expected<std::string>
describeTrainingKernel(const TrainingContraction &contraction);

/// Computes `result` from `a` and `b`. `scratch`: 64-byte aligned memory of
/// getTrainingScratchBytes. The first call of a contraction on a thread
/// prepares it and allocates; later calls allocate nothing.
llvm::Error runTrainingContraction(const TrainingContraction &contraction,
                                   const void *a, const void *b, void *result,
                                   void *scratch);

/// The same for machine code, with the words of a contraction for which
/// getTrainingScratchBytes succeeded. The scratch is the thread's own, as large
/// as the largest contraction that it has met. Ends the program where oneDNN
/// fails in spite of that (no memory).
extern "C" void qat_training_contraction(const int64_t *words, const void *a,
                                         const void *b, void *result);

/// A function under the name by which machine code calls it.
struct NamedTrainingKernel {
  llvm::StringRef name;
  void *function;
};
llvm::ArrayRef<NamedTrainingKernel> getNamedTrainingKernels();

/// Whether products of bytes are exact on this processor and faster than those
/// of floats: without VNNI oneDNN adds pairs of products in 16 bits, which
/// saturates.
bool hasByteProducts();

/// The version of oneDNN, a part of the key of anything compiled against it.
std::string getTrainingLibraryVersion();

} // namespace mlir::qat

#endif // QAT_TRAININGKERNELS_TRAININGKERNELS_H
