//===- LinalgBuilders.h - loops over tensors, briefly -----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CONVERSION_QATTOLINALG_LINALGBUILDERS_H
#define QAT_LIB_CONVERSION_QATTOLINALG_LINALGBUILDERS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::qat {

/// Writes the computation of one element; `arguments` are the elements of the
/// inputs, then that of the init.
using ElementBuilder =
    llvm::function_ref<Value(ImplicitLocOpBuilder &, ValueRange arguments)>;

/// A tensor of `type` whose elements are computed by `body` from those of
/// `inputs` at the same index.
Value mapElements(ImplicitLocOpBuilder &b, ValueRange inputs,
                  RankedTensorType type, ElementBuilder body);

/// The same with an index map for each input, from the result's index.
Value mapElements(ImplicitLocOpBuilder &b, ValueRange inputs,
                  ArrayRef<AffineMap> inputMaps, RankedTensorType type,
                  ElementBuilder body);

/// The same into the memory of `init`, whose elements are not read.
Value mapElementsInto(ImplicitLocOpBuilder &b, ValueRange inputs, Value init,
                      ElementBuilder body);

/// A loop nest: `maps` has one map an input and, last, that of `init`; the
/// loops run in the order of `iterators`.
Value buildLoops(ImplicitLocOpBuilder &b, ValueRange inputs, Value init,
                 ArrayRef<AffineMap> maps,
                 ArrayRef<utils::IteratorType> iterators, ElementBuilder body);

/// A tensor of `type` with every element `value`.
Value buildFilled(ImplicitLocOpBuilder &b, RankedTensorType type, Value value);

/// The map (d0, .., d(rank-1)) -> (the dimensions `axes`).
AffineMap getAxesMap(MLIRContext *context, unsigned rank,
                     ArrayRef<int64_t> axes);

/// `vector`, one element a channel, in the shape of the dimensions `axes` of a
/// tensor of `type`, which make up the channel.
Value shapeAsChannels(ImplicitLocOpBuilder &b, Value vector,
                      RankedTensorType type, ArrayRef<int64_t> axes);

/// A constant of an integer or floating-point scalar type.
Value buildScalar(ImplicitLocOpBuilder &b, Type type, int64_t value);
Value buildFloat(ImplicitLocOpBuilder &b, Type type, double value);

} // namespace mlir::qat

#endif // QAT_LIB_CONVERSION_QATTOLINALG_LINALGBUILDERS_H
