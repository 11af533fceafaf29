//===- ConcatParts.h - where the operands of a concat go --------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A concat is no call of its own: each operand is copied to its place in the
// result, or computed there, where a qat.requantize makes it for this concat.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_C_CONCATPARTS_H
#define QAT_LIB_TARGET_C_CONCATPARTS_H

#include "qat/Dialect/Qat/IR/Qat.h"

namespace mlir::qat {

/// The members of that name of include/qat-rt/concat.h and requantize.h.
struct ConcatPart {
  int64_t width, channels, outputChannels, firstChannel, firstRow;
};

/// A tensor that is no part of another one.
ConcatPart getWholePart(RankedTensorType type);

/// Where operand number `index` lies in the result.
ConcatPart getConcatPart(ConcatOp op, unsigned index);

/// The operand of a concat that `op` computes in its place: its only use. Null
/// where it has a buffer of its own.
OpOperand *getConcatOperand(RequantizeOp op);

/// Whether operand number `index` is computed in its place.
bool isComputedInPlace(ConcatOp op, unsigned index);

} // namespace mlir::qat

#endif // QAT_LIB_TARGET_C_CONCATPARTS_H
