//===- SetBatch.h - how many samples a network takes at once ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIFFERENTIATION_SETBATCH_H
#define QAT_DIFFERENTIATION_SETBATCH_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::qat {

/// Gives `@main` of a module in form F or Q the batch `batch` (at least 1) in
/// place of the one that its input has, a static or unknown first dimension:
/// types of values and the shape constants of reshapes and slices. Nothing else
/// changes.
///
/// Emits an error on the op and fails where samples would not stay apart, such
/// as at a transpose that moves the batch, or where tensors would have 2^31
/// elements or more.
LogicalResult setBatch(ModuleOp module, int64_t batch);

} // namespace mlir::qat

#endif // QAT_DIFFERENTIATION_SETBATCH_H
