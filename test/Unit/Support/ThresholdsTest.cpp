//===- ThresholdsTest.cpp - thresholds equal requantization --------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/Thresholds.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <limits>

using namespace llvm;
using namespace mlir::qat;

namespace {
TEST(ThresholdsTest, AreWhereTheOutputSteps) {
  // y = floor((acc + 1)/2): level k from acc = 2k - 1 on.
  ChannelThresholds rising = getThresholds(1, {1 << 30, 31}, 3);
  EXPECT_TRUE(rising.rising);
  EXPECT_EQ(rising.levels, (SmallVector<int64_t>{1, 3, 5}));
  // y = floor(-(acc + 1)/2): level k up to acc = -2k - 1.
  ChannelThresholds falling = getThresholds(1, {-(1 << 30), 31}, 3);
  EXPECT_FALSE(falling.rising);
  EXPECT_EQ(falling.levels, (SmallVector<int64_t>{-3, -5, -7}));
}

TEST(ThresholdsTest, WithoutMultiplierLevelsAreAlwaysOrNeverReached) {
  ChannelThresholds thresholds = getThresholds(5, {0, 31}, 3, 2);
  for (int64_t acc : {-1000000, 0, 1000000})
    EXPECT_EQ(thresholds.apply(acc), 2);
}

TEST(ThresholdsTest, EqualRequantization) {
  constexpr int64_t lowest = std::numeric_limits<int32_t>::min();
  constexpr int64_t highest = std::numeric_limits<int32_t>::max();
  size_t steps = 0;
  for (int32_t value : {1 << 30, 2147483647, 1234567891, 3, -1, -(1 << 30),
                        -1999999999, std::numeric_limits<int32_t>::min()})
    for (int32_t shift : {0, 20, 30, 31, 38, 45, 63})
      for (int32_t bias : {0, 17, -40000, 2147483647})
        for (int32_t zeroPoint : {0, 4, 15}) {
          Multiplier multiplier{value, shift};
          ChannelThresholds thresholds =
              getThresholds(bias, multiplier, 15, zeroPoint);
          // Around every step, at the ends and at zero.
          std::vector<int64_t> accs = {lowest, -1, 0, 1, highest};
          for (int64_t threshold : thresholds.levels)
            for (int64_t near : {-1, 0, 1})
              if (threshold > lowest && threshold < highest)
                accs.push_back(threshold + near);
          steps += accs.size();
          for (int64_t acc : accs)
            EXPECT_EQ(thresholds.apply(acc),
                      requantize(acc + bias, multiplier, 0, 15, zeroPoint))
                << acc << " + " << bias << ", " << value << " >> " << shift;
        }
  EXPECT_GT(steps, 10000u);
}

TEST(ThresholdsTest, StoredRowsAscendAndEqualRequantization) {
  constexpr int64_t lowest = std::numeric_limits<int32_t>::min();
  constexpr int64_t highest = std::numeric_limits<int32_t>::max();
  size_t falling = 0, saturated = 0;
  for (int32_t value : {1 << 30, 2147483647, 3, 0, -1, -(1 << 30), -1999999999,
                        std::numeric_limits<int32_t>::min()})
    for (int32_t shift : {0, 20, 31, 38, 45, 63})
      for (int32_t bias :
           {0, 17, -40000, 2147483647, std::numeric_limits<int32_t>::min()})
        for (int32_t maxLevel : {3, 15, 255})
          for (int32_t zeroPoint : {0, maxLevel / 3, maxLevel}) {
            Multiplier multiplier{value, shift};
            ChannelThresholds thresholds =
                getThresholds(bias, multiplier, maxLevel, zeroPoint);
            SmallVector<int32_t> stored = thresholds.getStored();
            ASSERT_TRUE(llvm::is_sorted(stored));
            falling += !thresholds.rising;
            // All that are no ends of int32, for which they are not made.
            std::vector<int64_t> accs = {lowest + 1, -1, 0, 1, highest - 1};
            for (int64_t threshold : thresholds.levels)
              for (int64_t near : {-2, -1, 0, 1, 2})
                if (threshold > lowest + 2 && threshold < highest - 2)
                  accs.push_back(threshold + near);
                else
                  ++saturated;
            for (int64_t acc : accs)
              ASSERT_EQ(
                  countPassed(acc, stored, !thresholds.rising),
                  requantize(acc + bias, multiplier, 0, maxLevel, zeroPoint))
                  << acc << " + " << bias << ", " << value << " >> " << shift
                  << " to " << maxLevel << " around " << zeroPoint;
          }
  EXPECT_GT(falling, 100u);
  EXPECT_GT(saturated, 100u);
}

// What does not fit 32 bits acts as the nearest that does, as in C.
TEST(ThresholdsTest, SaturatesTheAccumulator) {
  constexpr int32_t lowest = std::numeric_limits<int32_t>::min();
  constexpr int32_t highest = std::numeric_limits<int32_t>::max();
  for (int64_t beyond : {int64_t(highest), int64_t(1) << 40}) {
    EXPECT_EQ(countPassed(beyond, {lowest, 0, highest}, false), 3);
    EXPECT_EQ(countPassed(beyond, {lowest, 0, highest}, true), 1);
    EXPECT_EQ(countPassed(-beyond - 1, {lowest, 0, highest}, false), 1);
    EXPECT_EQ(countPassed(-beyond - 1, {lowest, 0, highest}, true), 3);
  }
}
} // namespace
