//===- FixedPointTest.cpp - rounding and multipliers by hand -------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/FixedPoint.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>

using namespace llvm;
using namespace mlir::qat;

namespace {
constexpr int32_t int32Min = std::numeric_limits<int32_t>::min();
constexpr int32_t int32Max = std::numeric_limits<int32_t>::max();

SplitMultiplier split(double M) { return cantFail(splitMultiplier(M)); }

TEST(FixedPointTest, RoundsHalvesToEven) {
  for (auto [value, rounded] : {std::pair{0.5, 0.0},
                                {1.5, 2.0},
                                {2.5, 2.0},
                                {-0.5, 0.0},
                                {-1.5, -2.0},
                                {-2.5, -2.0},
                                {0.49999999, 0.0},
                                {2.50001, 3.0}}) {
    EXPECT_EQ(roundHalfEven(value), rounded) << value;
    EXPECT_EQ(roundHalfEven(static_cast<float>(value)), rounded) << value;
  }
}

TEST(FixedPointTest, SaturatesReals) {
  EXPECT_EQ(clampToInteger(1e30, int32Min, int32Max), int32Max);
  EXPECT_EQ(clampToInteger(-INFINITY, int32Min, int32Max), int32Min);
  EXPECT_EQ(clampToInteger(0x1p31, int32Min, int32Max), int32Max);
  EXPECT_EQ(clampToInteger(-0x1p31, int32Min, int32Max), int32Min);
  EXPECT_EQ(clampToInteger(NAN, -3, 3), 0);
  EXPECT_EQ(clampToInteger(NAN, 1, 3), 1);
  EXPECT_EQ(clampToInteger(0x1p63, std::numeric_limits<int64_t>::min(),
                           std::numeric_limits<int64_t>::max()),
            std::numeric_limits<int64_t>::max());
}

TEST(FixedPointTest, SaturatesToBits) {
  EXPECT_EQ(saturateToBits(2047, 12), 2047);
  EXPECT_EQ(saturateToBits(2048, 12), 2047);
  EXPECT_EQ(saturateToBits(-2048, 12), -2048);
  EXPECT_EQ(saturateToBits(-2049, 12), -2048);
  EXPECT_EQ(saturateToInt32(int64_t(1) << 31), int32Max);
  EXPECT_EQ(saturateToInt32(-(int64_t(1) << 40)), int32Min);
}

TEST(FixedPointTest, SplitsMultipliers) {
  // 1 = 0.5 * 2^1
  EXPECT_EQ(split(1.0).mantissa, 1 << 30);
  EXPECT_EQ(split(1.0).exponent, 1);
  EXPECT_EQ(split(1.0).getMultiplier(), (Multiplier{1 << 30, 30}));
  // -0.75 = -0.75 * 2^0
  EXPECT_EQ(split(-0.75).mantissa, -1610612736);
  EXPECT_EQ(split(-0.75).exponent, 0);
  // 0.1 = 0.8 * 2^-3; 0.8 * 2^31 = 1717986918.4
  EXPECT_EQ(split(0.1).mantissa, 1717986918);
  EXPECT_EQ(split(0.1).exponent, -3);
  EXPECT_EQ(split(0.1).getMultiplier().shift, 34);
  EXPECT_EQ(split(0.0).mantissa, 0);
  EXPECT_EQ(split(0.0).exponent, 0);
}

TEST(FixedPointTest, SaturatesMantissaOfOneHundredPercent) {
  // 1 - 2^-40 rounds up to 2^31 in Q1.31, one more than int32 holds.
  EXPECT_EQ(split(1.0 - 0x1p-40).mantissa, int32Max);
  EXPECT_EQ(split(1.0 - 0x1p-40).exponent, 0);
  EXPECT_EQ(split(-(1.0 - 0x1p-40)).mantissa, int32Min);
}

TEST(FixedPointTest, SaturatesShiftAndExponent) {
  // 2^-40 = 0.5 * 2^-39: the shift is 70 and acts as 63.
  EXPECT_EQ(split(0x1p-40).exponent, -39);
  EXPECT_EQ(split(0x1p-40).getMultiplier().shift, 63);
  EXPECT_EQ(split(0x1p-149).exponent, -128);
  EXPECT_EQ(split(0x1p-149).mantissa, 1 << 30);
}

TEST(FixedPointTest, RefusesMultipliersThatDoNotFit) {
  EXPECT_EQ(split(0x1.fffffep30).exponent, 31);
  EXPECT_EQ(split(0x1.fffffep30).getMultiplier().shift, 0);
  for (double M : {0x1p31, -0x1p31, double(INFINITY), double(NAN)}) {
    Expected<SplitMultiplier> result = splitMultiplier(M);
    ASSERT_FALSE(static_cast<bool>(result)) << M;
    std::string message = toString(result.takeError());
    EXPECT_NE(message.find("not below 2^31"), std::string::npos) << message;
  }
}

TEST(FixedPointTest, RequantizesByFloor) {
  Multiplier half = split(0.5).getMultiplier();
  EXPECT_EQ(requantize(7, half, 0, 255), 3);
  EXPECT_EQ(requantize(-7, half, -128, 127), -4);
  EXPECT_EQ(requantize(-7, half, 0, 255), 0);
  EXPECT_EQ(requantize(1000, half, 0, 255), 255);
  // A negative multiplier floors towards minus infinity as well.
  Multiplier minusHalf = split(-0.5).getMultiplier();
  EXPECT_EQ(requantize(7, minusHalf, -128, 127), -4);
  EXPECT_EQ(requantize(-7, minusHalf, 0, 255), 3);
}

TEST(FixedPointTest, RequantizesOntoAZeroPoint) {
  Multiplier half = split(0.5).getMultiplier();
  EXPECT_EQ(requantize(-7, half, 0, 255, 100), 96);
  EXPECT_EQ(requantize(-1000, half, 0, 255, 100), 0);
  EXPECT_EQ(requantize(311, half, 0, 255, 100), 255);
}

TEST(FixedPointTest, RequantizesWithPositiveExponent) {
  // 6 = 0.75 * 2^3: shift 28.
  Multiplier six = split(6.0).getMultiplier();
  EXPECT_EQ(six.shift, 28);
  EXPECT_EQ(requantize(40, six, 0, 255), 240);
  EXPECT_EQ(requantize(-1, six, -128, 127), -6);
}

TEST(FixedPointTest, ShiftOf63LeavesOnlyTheSign) {
  Multiplier tiny = split(0x1p-60).getMultiplier();
  EXPECT_EQ(tiny.shift, 63);
  EXPECT_EQ(requantize(int32Max, tiny, -128, 127), 0);
  EXPECT_EQ(requantize(-1, tiny, -128, 127), -1);
  EXPECT_EQ(requantize(1, split(-0x1p-60).getMultiplier(), -128, 127), -1);
}

TEST(FixedPointTest, ProductIsExactBeyond64Bits) {
  // -2^32 * -2^31 = 2^63 does not fit int64.
  Multiplier lowest{int32Min, 62};
  EXPECT_EQ(applyMultiplier(-(int64_t(1) << 32), lowest), 2);
}

TEST(FixedPointTest, RoundsImportedNetworksAsTosa) {
  // 1.5 -> 2 and -1.5 -> -1: the half goes up.
  Multiplier quarter{1, 2};
  EXPECT_EQ(applyMultiplier(6, quarter, ScaleRounding::SingleRound), 2);
  EXPECT_EQ(applyMultiplier(-6, quarter, ScaleRounding::SingleRound), -1);
  EXPECT_EQ(applyMultiplier(5, quarter, ScaleRounding::SingleRound), 1);
  // With shift 32: 2^31 * 1 + 2^31 (+- 2^30) over 2^32.
  Multiplier wide{1 << 30, 32};
  EXPECT_EQ(applyMultiplier(1, wide, ScaleRounding::SingleRound), 0);
  EXPECT_EQ(applyMultiplier(1, wide, ScaleRounding::DoubleRound), 1);
  EXPECT_EQ(applyMultiplier(-2, wide, ScaleRounding::SingleRound), 0);
  EXPECT_EQ(applyMultiplier(-2, wide, ScaleRounding::DoubleRound), -1);
  // Up to a shift of 31 the two are the same.
  Multiplier narrow{1 << 30, 31};
  EXPECT_EQ(applyMultiplier(-1, narrow, ScaleRounding::DoubleRound), 0);
  EXPECT_EQ(applyMultiplier(3, {5, 0}, ScaleRounding::SingleRound), 15);
}

TEST(FixedPointTest, RoundsAverages) {
  EXPECT_EQ(roundAverage(7, 2, Rounding::Floor), 3);
  EXPECT_EQ(roundAverage(-7, 2, Rounding::Floor), -4);
  EXPECT_EQ(roundAverage(7, 2, Rounding::Nearest), 4);
  EXPECT_EQ(roundAverage(-7, 2, Rounding::Nearest), -3);
  EXPECT_EQ(roundAverage(-5, 3, Rounding::Nearest), -2);
  EXPECT_EQ(roundAverage(4, 3, Rounding::Nearest), 1);
  EXPECT_EQ(roundAverage(-9, 1, Rounding::Nearest), -9);
}

TEST(FixedPointTest, NamesItsRoundings) {
  for (Rounding rounding : {Rounding::Floor, Rounding::Nearest})
    EXPECT_EQ(symbolizeRounding(stringifyRounding(rounding)), rounding);
  EXPECT_EQ(symbolizeRounding("up"), std::nullopt);
}
} // namespace
