//===- DepthwiseLoops.h - depthwise contractions as loops -------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CONVERSION_CONTRACTIONTOKERNELS_DEPTHWISELOOPS_H
#define QAT_LIB_CONVERSION_CONTRACTIONTOKERNELS_DEPTHWISELOOPS_H

#include "qat/Dialect/Qat/IR/ContractionGeometry.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::qat {

/// Whether the loops serve a depthwise contraction: one output channel an input
/// channel, and few enough taps to write out.
bool hasDepthwiseLoops(const ContractionGeometry &geometry);

/// Writes y from x and w, dense buffers of f32, as vector loops of `lanes`
/// channels.
void buildDepthwiseForward(ImplicitLocOpBuilder &b,
                           const ContractionGeometry &geometry, Value x,
                           Value w, Value y, int64_t lanes);

/// Writes the gradients in one pass over dy: `dx` from `w`, and `dw` from `x`.
/// Either pair may be null. `dx` must not lie over `x`. With `accumulate` what
/// `dw` holds is added to.
void buildDepthwiseGradients(ImplicitLocOpBuilder &b,
                             const ContractionGeometry &geometry, Value x,
                             Value w, Value dy, Value dx, Value dw,
                             bool accumulate, int64_t lanes);

} // namespace mlir::qat

#endif // QAT_LIB_CONVERSION_CONTRACTIONTOKERNELS_DEPTHWISELOOPS_H
