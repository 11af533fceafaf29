//===- ScaleRounding.h - the rounding of an op, for arithmetic --*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_IR_SCALEROUNDING_H
#define QAT_DIALECT_QAT_IR_SCALEROUNDING_H

#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Support/FixedPoint.h"

namespace mlir::qat {

/// What an op says about its rounding as qat/Support knows it.
inline ScaleRounding getScaleRounding(ScaleRoundingMode mode) {
  switch (mode) {
  case ScaleRoundingMode::Floor:
    return ScaleRounding::Floor;
  case ScaleRoundingMode::SingleRound:
    return ScaleRounding::SingleRound;
  case ScaleRoundingMode::DoubleRound:
    return ScaleRounding::DoubleRound;
  }
  llvm_unreachable("all modes are listed");
}

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_IR_SCALEROUNDING_H
