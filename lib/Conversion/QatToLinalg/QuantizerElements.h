//===- QuantizerElements.h - pieces of the fake quantizers ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CONVERSION_QATTOLINALG_QUANTIZERELEMENTS_H
#define QAT_LIB_CONVERSION_QATTOLINALG_QUANTIZERELEMENTS_H

#include "LinalgBuilders.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::qat {

/// `ifTrue` where `predicate`(lhs, rhs), else `ifFalse`.
Value select(ImplicitLocOpBuilder &b, arith::CmpFPredicate predicate, Value lhs,
             Value rhs, Value ifTrue, Value ifFalse);

/// std::clamp: a NaN stays a NaN. Comparisons instead of maximumf, because
/// these are one instruction on every target.
Value clamp(ImplicitLocOpBuilder &b, Value x, Value lo, Value hi);

/// An integral value clamped to [lo, hi], with 0 for a NaN (lo <= 0 <= hi).
Value clampLevel(ImplicitLocOpBuilder &b, Value level, Value lo, Value hi);

Value roundHalfEven(ImplicitLocOpBuilder &b, Value x);

/// Between f32 and f64 scalars.
Value toDouble(ImplicitLocOpBuilder &b, Value scalar);
Value toSingle(ImplicitLocOpBuilder &b, Value scalar);

/// The number in a tensor of rank 0.
Value loadBound(ImplicitLocOpBuilder &b, Value bound);

/// min(bound, 0) for OLT, max(bound, 0) for OGT.
Value towardsZero(ImplicitLocOpBuilder &b, Value bound,
                  arith::CmpFPredicate sign);

/// What `raised` of qat.pact and qat.bounded adds, in steps: above the error of
/// sums of few bits, among which accumulators on a step are frequent, and so
/// little that it moves one element in 262,144 otherwise.
inline constexpr double kRaisedOffset = 0x1p-18;

/// floor(scaled + r): r is a rounding of its own, and kRaisedOffset more where
/// the quantizer is `raised`.
Value roundByMode(ImplicitLocOpBuilder &b, Value scaled, RoundingMode mode,
                  bool raised);

/// The step of qat.bounded in f64, for bounds in f64 that straddle 0.
Value buildBoundedStep(ImplicitLocOpBuilder &b, Value lo, Value hi,
                       uint32_t bits);

/// The lowest level, -Z, of qat.bounded in f64, for such bounds and their step.
Value buildLowestLevel(ImplicitLocOpBuilder &b, Value lo, Value step,
                       uint32_t bits);

/// What the weight schemes differ in.
struct WeightRule {
  uint32_t bits = 8;
  bool symmetric = false;
  /// The clamp of the weights; null where they are not clamped.
  Value lo = {}, hi = {};
  /// The dimensions with a step of their own.
  ArrayRef<int64_t> axes = {};

  /// Clamps by two bounds, or by one on both sides; tensors of rank 0.
  void setBounds(ImplicitLocOpBuilder &b, Value loBound, Value hiBound);
  void setBound(ImplicitLocOpBuilder &b, Value hiBound);
};

Value clampWeight(ImplicitLocOpBuilder &b, const WeightRule &rule,
                  Value weight);

/// The smallest clamped weight or 0, and the step, of each channel.
std::pair<Value, Value> buildWeightSteps(ImplicitLocOpBuilder &b, Value weight,
                                         const WeightRule &rule);

} // namespace mlir::qat

#endif // QAT_LIB_CONVERSION_QATTOLINALG_QUANTIZERELEMENTS_H
