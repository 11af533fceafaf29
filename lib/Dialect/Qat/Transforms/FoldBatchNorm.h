//===- FoldBatchNorm.h - batch norms into their layers ----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DIALECT_QAT_TRANSFORMS_FOLDBATCHNORM_H
#define QAT_LIB_DIALECT_QAT_TRANSFORMS_FOLDBATCHNORM_H

#include "qat/Dialect/Qat/IR/Qat.h"

namespace mlir::qat {

/// qat-fold-batch-norm: freezes each live batch norm of `module` into its
/// layer; `fallback` is the fold of those that name none.
LogicalResult
foldBatchNorms(ModuleOp module,
               BatchNormFold fallback = BatchNormFold::FoldingWeights);

} // namespace mlir::qat

#endif // QAT_LIB_DIALECT_QAT_TRANSFORMS_FOLDBATCHNORM_H
