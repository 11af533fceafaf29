//===- PreprocessingAttr.h - preprocessing kept in a module ----------*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_IR_PREPROCESSINGATTR_H
#define QAT_DIALECT_QAT_IR_PREPROCESSINGATTR_H

#include "qat/Support/Preprocessing.h"

#include "mlir/IR/BuiltinOps.h"

#include <optional>

namespace mlir::qat {

/// Stores `preprocessing` as the module's `qat.preprocessing`.
void setPreprocessing(ModuleOp module, const Preprocessing &preprocessing);

/// What `qat.preprocessing` of the module says; nullopt where the module has
/// none, failure after a diagnostic where it cannot be read.
FailureOr<std::optional<Preprocessing>> getPreprocessing(ModuleOp module);

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_IR_PREPROCESSINGATTR_H
