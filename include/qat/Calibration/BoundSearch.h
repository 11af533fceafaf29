//===- BoundSearch.h - bounds of least squared error ------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which bounds make a quantizer lose least: the sum of (x - fake(x))^2 over the
// values, `fake` being the quantizer itself (docs/Spec.md, sections 2 and 3).
// Every search is deterministic. It goes over bounds in geometric steps and
// then between the neighbours of the best; two bounds are first narrowed
// together, then in turn.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_CALIBRATION_BOUNDSEARCH_H
#define QAT_CALIBRATION_BOUNDSEARCH_H

#include "qat/Calibration/Histogram.h"
#include "qat/Support/FixedPoint.h"

#include "llvm/ADT/ArrayRef.h"

namespace mlir::qat {

/// Two bounds with lo <= 0 <= hi.
struct BoundPair {
  float lo = 0;
  float hi = 0;
};

/// The sum of squared errors of a PACT quantizer with bound `alpha` on what a
/// ReLU with the upper bound `floatBound` makes of the points.
double getPactError(llvm::ArrayRef<WeightedPoint> points, float alpha,
                    unsigned bits, Rounding rounding, float floatBound);

/// The bound alpha in (0, min(greatest of points, floatBound)] of least error;
/// 0 where no point is positive.
float findPactBound(llvm::ArrayRef<WeightedPoint> points, unsigned bits,
                    Rounding rounding, float floatBound);

/// The sum of squared errors of a quantizer between two bounds (lo <= 0 <= hi).
double getTwoBoundError(llvm::ArrayRef<WeightedPoint> points, BoundPair range,
                        unsigned bits, Rounding rounding);

/// The bounds of least error, within the range of the points and 0.
BoundPair findTwoBounds(llvm::ArrayRef<WeightedPoint> points, unsigned bits,
                        Rounding rounding);

/// The sum of squared errors of weights that share a step, clamped to `range`
/// first (which straddles 0; for the symmetric scheme to [-hi, hi]), each error
/// times the weight's `importance` where that is not empty. Equals that of
/// quantizeWeights.
double getWeightError(llvm::ArrayRef<float> t, llvm::ArrayRef<float> importance,
                      BoundPair range, unsigned bits, bool symmetric);

/// The clamping bounds of least error for weights that share a step; never
/// worse than no clamping.
BoundPair findWeightBounds(llvm::ArrayRef<float> t,
                           llvm::ArrayRef<float> importance, unsigned bits,
                           bool symmetric);

} // namespace mlir::qat

#endif // QAT_CALIBRATION_BOUNDSEARCH_H
