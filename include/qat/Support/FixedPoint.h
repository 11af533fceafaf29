//===- FixedPoint.h - rounding, multipliers, requantization ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The integer steps that every layer shares: how a real multiplier becomes an
// integer one, how an accumulator becomes an activation, how an average is
// rounded. "Section" means a section of docs/Spec.md.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_FIXEDPOINT_H
#define QAT_SUPPORT_FIXEDPOINT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <optional>

namespace mlir::qat {

/// How a real value between two levels of an activation grid is rounded
/// (section 2): down, or to the nearest level with halves going up. It names
/// the rule of activations, pools, adds and the half step in the bias; weights
/// and parameters are always rounded half to even.
enum class Rounding { Floor, Nearest };

/// "floor" or "nearest", as on the command line and in the IR.
llvm::StringRef stringifyRounding(Rounding rounding);

/// The inverse of stringifyRounding, nullopt for any other word.
std::optional<Rounding> symbolizeRounding(llvm::StringRef word);

/// `r` of section 2, what is added before the floor: 0 or 0.5.
inline float getRoundingOffset(Rounding rounding) {
  return rounding == Rounding::Nearest ? 0.5f : 0.0f;
}

/// The nearest integral value, halves to even, whatever the rounding mode of
/// the processor is. Infinities and NaN stay what they are.
inline float roundHalfEven(float value) { return __builtin_roundevenf(value); }
inline double roundHalfEven(double value) { return __builtin_roundeven(value); }

/// An integral real value as an integer in [lo, hi]: saturates, NaN counts as
/// 0 (which is then clamped too). `value` must have been rounded; a fraction
/// is cut.
int64_t clampToInteger(double value, int64_t lo, int64_t hi);

/// `value` clamped to 32 bits in two's complement.
int32_t saturateToInt32(int64_t value);

/// `value` clamped to `bits` (1 to 32) bits in two's complement: `bias_bits`
/// of section 5.
int32_t saturateToBits(int64_t value, unsigned bits);

/// floor(numerator / denominator) for denominator > 0.
int64_t floorDivide(int64_t numerator, int64_t denominator);

/// An integer multiplier as a device applies it: x * value / 2^shift.
/// Two arrays, not an array of this, are emitted in C.
struct Multiplier {
  /// Any int32. Normalized ones (section 5) are 0 or at least 2^30 in
  /// magnitude; imported networks need not be normalized.
  int32_t value = 0;
  /// 0 to 63, the right shift of the 64-bit product.
  int32_t shift = 31;

  bool operator==(const Multiplier &other) const {
    return value == other.value && shift == other.shift;
  }
  bool operator!=(const Multiplier &other) const { return !(*this == other); }
};

/// A real multiplier M as mantissa M0 in Q1.31 and exponent N (section 5):
/// M = (mantissa / 2^31) * 2^exponent.
struct SplitMultiplier {
  /// M0, with 2^30 <= |M0| <= 2^31, or 0 where M is 0.
  int32_t mantissa = 0;
  /// N, -128 to 31; fits int8.
  int32_t exponent = 0;

  /// M0 with the shift `31 - N`; a shift above 63 acts as 63.
  Multiplier getMultiplier() const;
};

/// Splits a real multiplier (section 5): M = m * 2^N with 0.5 <= |m| < 1,
/// M0 = clamp(round(m * 2^31), int32), half to even. M = 0 gives 0 and 0; N
/// below -128 becomes -128 (the shift is 63 long before). `M` is a float32 in
/// all that we quantize, and then the split is exact. Fails where M is not
/// finite or |M| >= 2^31.
llvm::Expected<SplitMultiplier> splitMultiplier(double M);

/// splitMultiplier(M) in the form that a device applies.
llvm::Expected<Multiplier> quantizeMultiplier(double M);

/// How the scaled product is rounded. Floor is the rule of everything that we
/// quantize (section 5); the other two come with imported networks and are
/// those of tosa.rescale.
enum class ScaleRounding { Floor, SingleRound, DoubleRound };

/// sum * value / 2^shift on an exact product, rounded:
/// Floor: arithmetic shift. SingleRound: half of 2^shift is added first.
/// DoubleRound: as SingleRound, and where the shift is above 31, 2^30 more is
/// added for sum >= 0 or taken off for sum < 0 (TOSA 1.0, apply_scale_32).
/// The result saturates at 64 bits, which no network reaches: |sum| < 2^32
/// keeps the product in 64 bits.
int64_t applyMultiplier(int64_t sum, Multiplier multiplier,
                        ScaleRounding rounding = ScaleRounding::Floor);

/// An accumulator with its bias as a stored activation (sections 2 and 5):
/// clamp(((acc + b_int) * M0 >> shift) + zeroPoint, lo, hi). `lo` and `hi` are
/// stored values, so they include the zero point.
int32_t requantize(int64_t accPlusBias, Multiplier multiplier, int32_t lo,
                   int32_t hi, int32_t zeroPoint = 0,
                   ScaleRounding rounding = ScaleRounding::Floor);

/// The average of `count` (> 0) integers that add up to `sum` (section 7):
/// floor(sum / count), or floor((2 * sum + count) / (2 * count)).
int64_t roundAverage(int64_t sum, int64_t count, Rounding rounding);

} // namespace mlir::qat

#endif // QAT_SUPPORT_FIXEDPOINT_H
