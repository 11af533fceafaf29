//===- ContractionHarness.h - compiles single contractions ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TEST_UNIT_CONVERSION_CONTRACTIONHARNESS_H
#define QAT_TEST_UNIT_CONVERSION_CONTRACTIONHARNESS_H

#include "qat/TrainingKernels/TrainingKernels.h"

#include "mlir/ExecutionEngine/ExecutionEngine.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir::qat::test {

/// How contractions are lowered.
enum class Lowering {
  /// convert-contractions-to-linalg on tensors.
  Linalg,
  /// convert-contractions-to-kernels on buffers.
  Kernels,
};

/// Machine code that computes products of one convolution, in the order given,
/// in one block. Its arguments are x, w, y, dx, dw and dy, of which it takes
/// those that the products name.
class CompiledContractions {
public:
  /// Null with a failure of the test where it does not compile. `element` is
  /// f32 or f64; `lanes` as of convert-contractions-to-kernels; with
  /// `accumulate` dw is added to.
  static std::unique_ptr<CompiledContractions>
  compile(const ContractionGeometry &geometry,
          llvm::ArrayRef<TrainingProduct> products, Lowering lowering,
          llvm::StringRef element = "f32", unsigned lanes = 16,
          bool accumulate = false);

  /// The addresses of x, w, y, dx, dw, dy.
  void run(llvm::ArrayRef<void *> buffers) const;

private:
  std::unique_ptr<ExecutionEngine> engine;
  void (*packed)(void **) = nullptr;
};

} // namespace mlir::qat::test

#endif // QAT_TEST_UNIT_CONVERSION_CONTRACTIONHARNESS_H
