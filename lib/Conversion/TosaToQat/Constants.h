//===- Constants.h - what a TOSA network holds as constants -----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CONVERSION_TOSATOQAT_CONSTANTS_H
#define QAT_LIB_CONVERSION_TOSATOQAT_CONSTANTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace mlir::qat {

/// The elements of a constant as they lie in memory, row-major, a splat
/// expanded: f32, or integers of 8, 16, 32 or 64 bits. Nullopt for anything
/// else and where a resource lacks its data.
std::optional<std::vector<char>> getElementBytes(ElementsAttr elements);

/// The inverse, without the hashing that a DenseElementsAttr costs.
ElementsAttr makeElements(RankedTensorType type, ArrayRef<char> bytes);

/// The elements of the integer constant that `value` is, sign-extended.
std::optional<std::vector<int64_t>> getIntegers(Value value);

/// The one integer that all elements of the constant `value` are.
std::optional<int64_t> getSplatInteger(Value value);

/// Whether `value` is a constant with all elements 0, of integers or f32.
bool isZeroConstant(Value value);

} // namespace mlir::qat

#endif // QAT_LIB_CONVERSION_TOSATOQAT_CONSTANTS_H
