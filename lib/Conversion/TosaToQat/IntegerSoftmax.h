//===- IntegerSoftmax.h - the softmax that converters write out -*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CONVERSION_TOSATOQAT_INTEGERSOFTMAX_H
#define QAT_LIB_CONVERSION_TOSATOQAT_INTEGERSOFTMAX_H

#include "mlir/Dialect/Tosa/IR/TosaOps.h"

#include <optional>

namespace mlir::qat {

/// An 8-bit softmax as the converter from TFLite writes it: a shifted
/// exponential in four tables, and its sum's reciprocal by three Newton steps.
struct IntegerSoftmax {
  Value input;
  /// The exponential of -d for d = 0 to 255 (qat.table_softmax).
  SmallVector<int32_t> table;
  /// Every op of the group but its last, the rescale to 8 bits.
  SmallVector<Operation *> ops;
};

/// The softmax that `last` ends, or nullopt where anything is different.
std::optional<IntegerSoftmax> matchIntegerSoftmax(tosa::RescaleOp last);

} // namespace mlir::qat

#endif // QAT_LIB_CONVERSION_TOSATOQAT_INTEGERSOFTMAX_H
