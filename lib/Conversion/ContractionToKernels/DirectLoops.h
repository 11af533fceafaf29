//===- DirectLoops.h - contractions of few channels as loops ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CONVERSION_CONTRACTIONTOKERNELS_DIRECTLOOPS_H
#define QAT_LIB_CONVERSION_CONTRACTIONTOKERNELS_DIRECTLOOPS_H

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::qat {

/// Whether loops that keep all weights of a pixel in registers serve a
/// contraction and are faster than oneDNN, which is weak where a matrix has
/// less than 16 columns (docs/Rationale.md).
bool hasDirectLoops(ContractionKind kind, const ContractionGeometry &geometry);

/// Writes a contraction of dense buffers of f32 as vector loops of up to
/// `lanes` channels. With `accumulate` a gradient of weights is added to what
/// `result` holds.
void buildDirectLoops(ImplicitLocOpBuilder &b, ContractionKind kind,
                      const ContractionGeometry &geometry, Value left,
                      Value right, Value result, bool accumulate,
                      int64_t lanes);

} // namespace mlir::qat

#endif // QAT_LIB_CONVERSION_CONTRACTIONTOKERNELS_DIRECTLOOPS_H
