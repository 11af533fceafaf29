//===- Thresholds.cpp - requantization by comparison ---------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/Thresholds.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <limits>

using namespace llvm;
using namespace mlir::qat;

namespace {
__extension__ using Int128 = __int128;
} // namespace

/// floor(numerator / denominator) for denominator > 0.
static Int128 floorDivide128(Int128 numerator, Int128 denominator) {
  Int128 quotient = numerator / denominator;
  return numerator % denominator < 0 ? quotient - 1 : quotient;
}

int32_t ChannelThresholds::apply(int64_t acc) const {
  return static_cast<int32_t>(count_if(levels, [&](int64_t threshold) {
    return rising ? acc >= threshold : acc <= threshold;
  }));
}

static int32_t saturate(int64_t value) {
  return static_cast<int32_t>(
      std::clamp<int64_t>(value, std::numeric_limits<int32_t>::min(),
                          std::numeric_limits<int32_t>::max()));
}

SmallVector<int32_t> ChannelThresholds::getStored() const {
  return to_vector(map_range(levels, [&](int64_t threshold) {
    return rising ? saturate(threshold) : ~saturate(threshold);
  }));
}

int32_t mlir::qat::countPassed(int64_t acc, ArrayRef<int32_t> stored,
                               bool falling) {
  int32_t value = falling ? ~saturate(acc) : saturate(acc);
  return static_cast<int32_t>(llvm::upper_bound(stored, value) -
                              stored.begin());
}

ChannelThresholds mlir::qat::getThresholds(int32_t bias, Multiplier multiplier,
                                           int32_t maxLevel,
                                           int32_t zeroPoint) {
  constexpr int64_t lowest = std::numeric_limits<int64_t>::min();
  constexpr int64_t highest = std::numeric_limits<int64_t>::max();
  ChannelThresholds result;
  result.rising = multiplier.value >= 0;
  for (int32_t level = 1; level <= maxLevel; ++level) {
    // Level k is reached where (acc + bias) * M0 >= (k - Z) * 2^shift.
    Int128 product =
        Int128(level - zeroPoint) * (Int128(1) << multiplier.shift);
    Int128 threshold;
    if (multiplier.value > 0)
      threshold = -floorDivide128(-product, multiplier.value) - bias;
    else if (multiplier.value < 0)
      threshold = floorDivide128(-product, -Int128(multiplier.value)) - bias;
    else
      threshold = product <= 0 ? lowest : highest;
    result.levels.push_back(
        static_cast<int64_t>(std::clamp<Int128>(threshold, lowest, highest)));
  }
  return result;
}
