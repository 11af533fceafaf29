//===- Sums.h - sums whose order is part of the contract --------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CONVERSION_QATTOLINALG_SUMS_H
#define QAT_LIB_CONVERSION_QATTOLINALG_SUMS_H

#include "LinalgBuilders.h"

namespace mlir::qat {

/// The sum of `term` (f32 or f64) over the elements of `inputs`, tensors of one
/// shape: f64 sums over all dimensions but the last, whose loop is then the
/// inner one and free of dependences, then over the last; a tensor<f64>.
Value sumTermsWide(ImplicitLocOpBuilder &b, ValueRange inputs,
                   ElementBuilder term);

/// The same rounded once to a tensor<element>.
Value sumTerms(ImplicitLocOpBuilder &b, ValueRange inputs, Type element,
               ElementBuilder term);

/// An f32 or f64 element as f64, and an f64 element as `type`.
Value widen(ImplicitLocOpBuilder &b, Value value);
Value narrow(ImplicitLocOpBuilder &b, Value value, Type type);

} // namespace mlir::qat

#endif // QAT_LIB_CONVERSION_QATTOLINALG_SUMS_H
