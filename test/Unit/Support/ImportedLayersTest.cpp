//===- ImportedLayersTest.cpp - layers of imported integer networks -------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/ImportedLayers.h"

#include "gtest/gtest.h"

#include <cmath>
#include <random>

using namespace mlir::qat;

namespace {
// 2^20 steps of 0.5 and of 0.25 on grids of scale 1: (3 + 2) * 1 = 5 halves of
// which the result's grid has one.
TEST(ImportedLayersTest, RescaledAddScalesOperandsAndSum) {
  Multiplier up[] = {{1 << 30, 10}};
  Multiplier upThenHalf[] = {{1 << 30, 10}, {1 << 30, 31}};
  auto add = [&](int32_t x1, int32_t x2, ScaleRounding rounding) {
    return rescaledAdd(x1, {-128, up}, x2, {4, upThenHalf}, {1 << 30, 50},
                       rounding, -3, -128, 127);
  };
  // 10 + 6 / 2 = 13; 10 + 7 / 2 = 13.5, which goes up; -(3 / 2) goes up too.
  EXPECT_EQ(add(-118, 10, ScaleRounding::SingleRound), 13 - 3);
  EXPECT_EQ(add(-118, 11, ScaleRounding::SingleRound), 14 - 3);
  EXPECT_EQ(add(-128, 1, ScaleRounding::SingleRound), -1 - 3);
  // Twice rounded, halves below 0 go away from it.
  EXPECT_EQ(add(-128, 1, ScaleRounding::DoubleRound), -2 - 3);
  EXPECT_EQ(add(-118, 11, ScaleRounding::DoubleRound), 14 - 3);
  EXPECT_EQ(add(127, 127, ScaleRounding::SingleRound), 127);
}

TEST(ImportedLayersTest, AveragesHalvesAwayFromZero) {
  EXPECT_EQ(roundAverageHalfAway(7, 2), 4);
  EXPECT_EQ(roundAverageHalfAway(-7, 2), -4);
  EXPECT_EQ(roundAverageHalfAway(-5, 4), -1);
  EXPECT_EQ(roundAverageHalfAway(-6, 4), -2);
  EXPECT_EQ(roundAverageHalfAway(0, 3), 0);
}

/// tosa.avg_pool2d's own way: a reciprocal with 31 bits and one rounding.
int64_t averageByReciprocal(int64_t sum, int64_t count) {
  unsigned bits = 0;
  while ((int64_t(1) << bits) < count)
    ++bits;
  int64_t multiplier = (((int64_t(1) << 30) + 1) << bits) / count;
  return applyMultiplier(
      sum, {static_cast<int32_t>(multiplier), static_cast<int32_t>(30 + bits)},
      ScaleRounding::SingleRound);
}

TEST(ImportedLayersTest, TosasReciprocalRoundsHalvesAwayFromZero) {
  std::mt19937 random(3);
  for (int64_t count = 1; count <= 300; ++count)
    for (int64_t sum = -128 * count; sum <= 127 * count;
         sum += 1 + static_cast<int64_t>(random() % 7))
      ASSERT_EQ(averageByReciprocal(sum, count),
                roundAverageHalfAway(sum, count))
          << sum << " / " << count;
}

TEST(ImportedLayersTest, SoftmaxIsThatOfRealNumbers) {
  const double step = 0.11;
  std::vector<int32_t> table;
  for (int d = 0; d < 256; ++d)
    table.push_back(static_cast<int32_t>(
        std::min(std::exp(-step * d) * 2147483648.0, 2147483647.0)));
  std::mt19937 random(4);
  for (int round = 0; round < 200; ++round) {
    std::vector<int32_t> row(1 + random() % 100);
    for (int32_t &x : row)
      x = static_cast<int32_t>(random() % 256) - 128;
    std::vector<int32_t> result = tableSoftmax(row, table, -128, -128, 127);
    double sum = 0;
    for (int32_t x : row)
      sum += std::exp(step * x);
    for (size_t i = 0; i < row.size(); ++i) {
      double expected =
          std::min(std::exp(step * row[i]) / sum * 256 - 128, 127.0);
      EXPECT_NEAR(result[i], expected, 0.51);
    }
  }
}
} // namespace
