//===- HistogramTest.cpp - histograms against sorted values ---------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Calibration/Histogram.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <random>

using namespace llvm;
using namespace mlir::qat;

namespace {

/// Values of growing size, so that bins have to be joined on the way.
std::vector<float> growingValues(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.3f, 1.0f);
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = normal(random) * std::exp2(10.0f * i / count - 6);
  return values;
}

bool isSame(const Histogram &one, const Histogram &other) {
  std::vector<WeightedPoint> a = one.points(), b = other.points();
  return one.count() == other.count() && one.minimum() == other.minimum() &&
         one.maximum() == other.maximum() && a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(),
                    [](const WeightedPoint &x, const WeightedPoint &y) {
                      return x.value == y.value && x.weight == y.weight;
                    });
}

TEST(HistogramTest, DoesNotDependOnOrderOrPieces) {
  std::vector<float> values = growingValues(20000, 1);
  Histogram whole;
  whole.add(values);
  std::vector<float> reversed(values.rbegin(), values.rend());
  for (size_t piece : {1u, 7u, 4096u}) {
    Histogram rising, merged;
    for (size_t begin = 0; begin < values.size(); begin += piece) {
      size_t size = std::min<size_t>(piece, values.size() - begin);
      rising.add(ArrayRef<float>(values).slice(begin, size));
      if (piece == 1)
        continue;
      Histogram part;
      part.add(ArrayRef<float>(reversed).slice(begin, size));
      merged.merge(part);
    }
    EXPECT_TRUE(isSame(whole, rising)) << piece;
    if (piece != 1)
      EXPECT_TRUE(isSame(whole, merged)) << piece;
  }
}

TEST(HistogramTest, CountsEveryValueNearItsPlace) {
  std::vector<float> values = growingValues(5000, 2);
  values.insert(values.end(), 300, 0.0f);
  Histogram histogram;
  histogram.add(values);
  std::sort(values.begin(), values.end());
  float reach = std::max(-values.front(), values.back());
  // The widest bin of kBins / 2 that are in use.
  float width = reach / (Histogram::kBins / 2);
  size_t next = 0;
  for (const WeightedPoint &point : histogram.points())
    for (int i = 0; i < point.weight; ++i)
      ASSERT_NEAR(values[next++], point.value, width / 2 * 1.001f);
  EXPECT_EQ(next, values.size());
  EXPECT_EQ(histogram.minimum(), values.front());
  EXPECT_EQ(histogram.maximum(), values.back());
}

TEST(HistogramTest, QuantilesAreThoseOfSortedValues) {
  std::vector<float> values = growingValues(9973, 3);
  values.insert(values.end(), 500, 0.0f);
  Histogram histogram;
  histogram.add(values);
  std::sort(values.begin(), values.end());
  float width = std::max(-values.front(), values.back()) * 2 / Histogram::kBins;
  auto count = static_cast<double>(values.size());
  for (double fraction : {0.5, 0.75, 0.9, 0.99, 0.999, 1.0}) {
    // The least bound that holds the fraction, by counting.
    auto rank = static_cast<size_t>(std::ceil(fraction * count - 1e-9));
    float upper = histogram.upperQuantile(fraction);
    EXPECT_GE(upper, values[rank - 1]) << fraction;
    EXPECT_LE(upper, values[rank - 1] + width) << fraction;
    float lower = histogram.lowerQuantile(fraction);
    EXPECT_LE(lower, values[values.size() - rank]) << fraction;
    EXPECT_GE(lower, values[values.size() - rank] - width) << fraction;
  }
  EXPECT_EQ(histogram.upperQuantile(1.0), values.back());
  EXPECT_EQ(histogram.lowerQuantile(1.0), values.front());
}

TEST(HistogramTest, TakesWhatIsOddOnlyOnce) {
  Histogram histogram;
  EXPECT_FALSE(histogram.isFinite()); // nothing was seen
  histogram.add({0.0f, -0.0f});
  EXPECT_TRUE(histogram.isFinite());
  EXPECT_EQ(histogram.upperQuantile(0.99), 0.0f);
  // The least float there is, and the greatest.
  histogram.add({std::numeric_limits<float>::denorm_min()});
  histogram.add({std::numeric_limits<float>::max(),
                 std::numeric_limits<float>::lowest()});
  EXPECT_TRUE(histogram.isFinite());
  EXPECT_EQ(histogram.points().size(), 4u);
  EXPECT_EQ(histogram.upperQuantile(1.0), std::numeric_limits<float>::max());
  Histogram broken;
  broken.add({1.0f, std::nanf("")});
  broken.add({2.0f});
  EXPECT_FALSE(broken.isFinite());
  histogram.merge(broken);
  EXPECT_FALSE(histogram.isFinite());
}

} // namespace
