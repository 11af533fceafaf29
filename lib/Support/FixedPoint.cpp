//===- FixedPoint.cpp - rounding, multipliers, requantization ------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/FixedPoint.h"

#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace llvm;
using namespace mlir::qat;

namespace {
// The sum of two 32-bit numbers times a third has 65 bits.
__extension__ using Int128 = __int128;
} // namespace

StringRef mlir::qat::stringifyRounding(Rounding rounding) {
  return rounding == Rounding::Nearest ? "nearest" : "floor";
}

std::optional<Rounding> mlir::qat::symbolizeRounding(StringRef word) {
  if (word == "floor")
    return Rounding::Floor;
  if (word == "nearest")
    return Rounding::Nearest;
  return std::nullopt;
}

int64_t mlir::qat::clampToInteger(double value, int64_t lo, int64_t hi) {
  if (std::isnan(value))
    return std::clamp<int64_t>(0, lo, hi);
  // Compared as doubles first: the conversion of one that does not fit is
  // undefined. Where `hi` is not a double itself, it is rounded up, hence >=.
  if (value >= static_cast<double>(hi))
    return hi;
  if (value <= static_cast<double>(lo))
    return lo;
  return static_cast<int64_t>(value);
}

int32_t mlir::qat::saturateToInt32(int64_t value) {
  return saturateToBits(value, 32);
}

int32_t mlir::qat::saturateToBits(int64_t value, unsigned bits) {
  int64_t limit = int64_t(1) << (bits - 1);
  return static_cast<int32_t>(std::clamp(value, -limit, limit - 1));
}

int64_t mlir::qat::floorDivide(int64_t numerator, int64_t denominator) {
  int64_t quotient = numerator / denominator;
  return numerator % denominator < 0 ? quotient - 1 : quotient;
}

Multiplier SplitMultiplier::getMultiplier() const {
  return {mantissa, std::min(31 - exponent, 63)};
}

Expected<SplitMultiplier> mlir::qat::splitMultiplier(double M) {
  if (!std::isfinite(M) || std::fabs(M) >= 0x1p31)
    return createStringError(formatv(
        "multiplier {0:e} is not below 2^31 in magnitude; the scales of "
        "its layer are too far apart",
        M));
  if (M == 0)
    return SplitMultiplier();
  int exponent = 0;
  double mantissa = std::frexp(M, &exponent);
  // Only a multiplier with more than 31 significant bits can round up to 2^31.
  int64_t fixed = clampToInteger(roundHalfEven(mantissa * 0x1p31),
                                 std::numeric_limits<int32_t>::min(),
                                 std::numeric_limits<int32_t>::max());
  return SplitMultiplier{static_cast<int32_t>(fixed), std::max(exponent, -128)};
}

Expected<Multiplier> mlir::qat::quantizeMultiplier(double M) {
  Expected<SplitMultiplier> split = splitMultiplier(M);
  if (!split)
    return split.takeError();
  return split->getMultiplier();
}

int64_t mlir::qat::applyMultiplier(int64_t sum, Multiplier multiplier,
                                   ScaleRounding rounding) {
  Int128 product = static_cast<Int128>(sum) * multiplier.value;
  if (rounding != ScaleRounding::Floor && multiplier.shift > 0)
    product += Int128(1) << (multiplier.shift - 1);
  if (rounding == ScaleRounding::DoubleRound && multiplier.shift > 31)
    product += sum >= 0 ? Int128(1) << 30 : -(Int128(1) << 30);
  Int128 scaled = product >> multiplier.shift;
  return static_cast<int64_t>(
      std::clamp<Int128>(scaled, std::numeric_limits<int64_t>::min(),
                         std::numeric_limits<int64_t>::max()));
}

int32_t mlir::qat::requantize(int64_t accPlusBias, Multiplier multiplier,
                              int32_t lo, int32_t hi, int32_t zeroPoint,
                              ScaleRounding rounding) {
  int64_t scaled = applyMultiplier(accPlusBias, multiplier, rounding);
  // Clamped before the zero point is added, which could overflow 64 bits.
  return static_cast<int32_t>(std::clamp<int64_t>(scaled,
                                                  int64_t(lo) - zeroPoint,
                                                  int64_t(hi) - zeroPoint) +
                              zeroPoint);
}

int64_t mlir::qat::roundAverage(int64_t sum, int64_t count, Rounding rounding) {
  if (rounding == Rounding::Floor)
    return floorDivide(sum, count);
  return floorDivide(2 * sum + count, 2 * count);
}
