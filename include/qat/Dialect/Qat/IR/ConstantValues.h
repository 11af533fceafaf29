//===- ConstantValues.h - numbers out of constants -------------------*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_IR_CONSTANTVALUES_H
#define QAT_DIALECT_QAT_IR_CONSTANTVALUES_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"

#include <optional>
#include <vector>

namespace mlir::qat {

/// The f32 elements of `attribute` in row-major order, for dense (a splat is
/// expanded) and dense_resource elements; nullopt for anything else, and for a
/// resource whose data is missing or of the wrong size.
std::optional<std::vector<float>> getFloatElements(Attribute attribute);

/// The constant that `value` is: of a constant op, or of an op of this dialect
/// that folds once its operands are constants. Null if it is none.
ElementsAttr getConstant(Value value);

/// The f32 elements of the constant that `value` is, or nullopt.
std::optional<std::vector<float>> getConstantFloats(Value value);

/// Checks that the data of every dense_resource of `module` is there and has
/// the size of its tensor, and that no dense constant lacks its data; what a
/// file lacks must not be read from memory.
/// Emits an error where it is not.
LogicalResult verifyResources(Operation *module);

/// Weights with `axes` as their channels (see qat.fold_weight) as a flat array
/// with the channel outermost, which is how qat/Support takes weights.
template <typename T>
std::vector<T> toChannelMajor(ArrayRef<T> elements, ArrayRef<int64_t> shape,
                              ArrayRef<int64_t> axes);

/// The inverse of toChannelMajor.
template <typename T>
std::vector<T> fromChannelMajor(ArrayRef<T> elements, ArrayRef<int64_t> shape,
                                ArrayRef<int64_t> axes);

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_IR_CONSTANTVALUES_H
