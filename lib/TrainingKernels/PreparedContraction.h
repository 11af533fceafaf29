//===- PreparedContraction.h - one primitive, ready to run ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TRAININGKERNELS_PREPAREDCONTRACTION_H
#define QAT_LIB_TRAININGKERNELS_PREPAREDCONTRACTION_H

#include "DnnHandles.h"

#include "qat/TrainingKernels/TrainingKernels.h"

namespace mlir::qat {

/// A contraction with the primitives that compute it: the product itself, and
/// reorders where oneDNN wants an operand in another layout than ours. Belongs
/// to one thread.
class PreparedContraction {
public:
  /// Prepares for the calling thread, and sets oneDNN to one thread a call on
  /// it.
  static llvm::Expected<std::unique_ptr<PreparedContraction>>
  create(const TrainingContraction &contraction);

  int64_t getScratchBytes() const { return scratchBytes; }
  std::string describe() const { return description; }

  llvm::Error run(const void *a, const void *b, void *result, void *scratch);

private:
  struct Operand {
    int argument = 0;
    bool isResult = false;
    /// As the caller has it, and as the product takes it.
    DnnMemory given, taken;
    /// Between the two, null where they are the same.
    DnnPrimitive reorder;
    int64_t scratchOffset = 0;
  };

  llvm::Error prepare(const TrainingContraction &contraction);
  llvm::Error describeMatmul(const TrainingContraction &contraction);
  llvm::Error describeConvolution(const TrainingContraction &contraction);
  llvm::Error choose(const void *descriptor);
  llvm::Error addOperand(unsigned index, int argument,
                         const dnnl_memory_desc_t &given, dnnl_query_t query);
  int64_t reserve(size_t bytes);

  DnnDescription product;
  DnnPrimitive primitive;
  DnnAttributes attributes;
  DnnMemory scratchpad;
  int64_t scratchpadOffset = 0;
  /// a, b and the result.
  Operand operands[3];
  int64_t scratchBytes = 0;
  /// Whether the result is added to, by the product or after it.
  bool accumulate = false, addsItself = false;
  std::string description;
};

} // namespace mlir::qat

#endif // QAT_LIB_TRAININGKERNELS_PREPAREDCONTRACTION_H
