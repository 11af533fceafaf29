//===- IntegerVerifiers.h - checks of every integer layer -------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DIALECT_QAT_IR_INTEGERVERIFIERS_H
#define QAT_LIB_DIALECT_QAT_IR_INTEGERVERIFIERS_H

#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace mlir::qat {

RankedTensorType tensorType(Value value);
quant::UniformQuantizedType gridOf(Value value);

/// conv2d_c8 and its likes: every zero point lies in its storage range.
/// Upstream does not check this.
LogicalResult verifyZeroPoints(Operation *op);

} // namespace mlir::qat

#endif // QAT_LIB_DIALECT_QAT_IR_INTEGERVERIFIERS_H
