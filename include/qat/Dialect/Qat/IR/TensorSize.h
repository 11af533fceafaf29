//===- TensorSize.h - element counts of shapes ------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_IR_TENSORSIZE_H
#define QAT_DIALECT_QAT_IR_TENSORSIZE_H

#include "mlir/IR/BuiltinTypes.h"

namespace mlir::qat {

/// Whether `type` has static dimensions, none of them 0, and at most 2^31-1
/// elements.
bool hasKnownSize(ShapedType type);

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_IR_TENSORSIZE_H
