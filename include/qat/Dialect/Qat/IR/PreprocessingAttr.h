//===- PreprocessingAttr.h - preprocessing in a module ----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_IR_PREPROCESSINGATTR_H
#define QAT_DIALECT_QAT_IR_PREPROCESSINGATTR_H

#include "qat/Support/Preprocessing.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::qat {

/// The attribute of the module that holds how its inputs are made.
constexpr llvm::StringLiteral kPreprocessingAttrName = "qat.preprocessing";

/// `{crop = 224 : i64, mean = [...], order = "rgb", resize = 256 : i64,
/// scale = 1.0 : f64, std = [...]}`; members that are not given are left out.
DictionaryAttr preprocessingToAttr(MLIRContext *context,
                                   const Preprocessing &preprocessing);

/// The preprocessing of `module`; nothing where it has none. Fails with one
/// line for an attribute that no preprocessing gives.
llvm::Expected<std::optional<Preprocessing>> getPreprocessing(ModuleOp module);

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_IR_PREPROCESSINGATTR_H
