//===- BoundSearchTest.cpp - bounds against trying all of them ------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The searches against a fine grid of bounds on the values themselves, with the
// quantizers written out as docs/Spec.md has them.
//
//===----------------------------------------------------------------------===//

#include "qat/Calibration/BoundSearch.h"

#include "qat/Support/WeightQuantizers.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <cmath>
#include <random>

using namespace llvm;
using namespace mlir::qat;

namespace {

/// Many small values and a few large ones, as activations and weights are.
std::vector<float> heavyTail(size_t count, unsigned seed, float skew) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, 1.0f);
  std::vector<float> values(count);
  for (float &value : values) {
    value = normal(random);
    value *= std::abs(value) + 0.3f;
    value *= value > 0 ? skew : 1.0f;
  }
  return values;
}

std::vector<WeightedPoint> pointsOf(ArrayRef<float> values) {
  Histogram histogram;
  histogram.add(values);
  return histogram.points();
}

/// Section 2, in double.
double plainPactError(ArrayRef<float> values, double alpha, unsigned bits,
                      double r, double bound) {
  double n = (1 << bits) - 1, sum = 0;
  for (double x : values) {
    x = std::clamp(x, 0.0, bound);
    double level =
        x >= alpha ? n : std::clamp(std::floor(x * n / alpha + r), 0.0, n);
    sum += (x - level * alpha / n) * (x - level * alpha / n);
  }
  return sum;
}

double plainTwoBoundError(ArrayRef<float> values, double lo, double hi,
                          unsigned bits, double r) {
  double n = (1 << bits) - 1, step = (hi - lo) / n;
  double zero = std::nearbyint(-lo / step), sum = 0;
  for (double x : values) {
    double level = std::clamp(std::floor(x / step + r) + zero, 0.0, n);
    double error = x - (level - zero) * step;
    sum += error * error;
  }
  return sum;
}

/// By the scalar reference.
double referenceWeightError(ArrayRef<float> t, ArrayRef<float> importance,
                            BoundPair bounds, unsigned bits, bool symmetric) {
  std::vector<float> fake =
      quantizeWeights(t, 1, bits,
                      symmetric ? WeightScheme::PerLayerSymPACT
                                : WeightScheme::PerLayerAsymPACT,
                      WeightBounds{bounds.lo, bounds.hi})
          .getFake();
  double sum = 0;
  for (size_t i = 0; i < t.size(); ++i)
    sum += (importance.empty() ? 1.0 : importance[i]) * (t[i] - fake[i]) *
           static_cast<double>(t[i] - fake[i]);
  return sum;
}

TEST(BoundSearchTest, PactBoundIsTheBestOfAll) {
  constexpr float kNone = std::numeric_limits<float>::max();
  for (unsigned bits : {2u, 3u, 4u, 8u})
    for (Rounding rounding : {Rounding::Nearest, Rounding::Floor})
      for (float bound : {kNone, 2.5f}) {
        std::vector<float> values = heavyTail(4000, bits, 1.5f);
        double r = rounding == Rounding::Nearest ? 0.5 : 0.0;
        float most = *std::max_element(values.begin(), values.end());
        most = std::min(most, bound);
        double least = 1e300;
        for (int i = 1; i <= 2000; ++i)
          least = std::min(
              least, plainPactError(values, most * i / 2000.0, bits, r, bound));
        float alpha = findPactBound(pointsOf(values), bits, rounding, bound);
        EXPECT_LE(alpha, most);
        EXPECT_LE(plainPactError(values, alpha, bits, r, bound), least * 1.02)
            << bits << " bits, bound " << bound;
      }
}

TEST(BoundSearchTest, PactErrorIsThatOfTheQuantizer) {
  std::vector<float> values = heavyTail(3000, 7, 1.0f);
  std::vector<WeightedPoint> points;
  for (float value : values)
    points.push_back({value, 1});
  for (unsigned bits : {2u, 4u, 8u}) {
    double plain = plainPactError(values, 1.7, bits, 0.5, 3.0);
    EXPECT_NEAR(getPactError(points, 1.7f, bits, Rounding::Nearest, 3.0f),
                plain, plain * 1e-3);
  }
}

TEST(BoundSearchTest, TwoBoundsAreTheBestOfAll) {
  for (unsigned bits : {2u, 4u, 8u})
    for (float skew : {1.0f, 4.0f}) {
      std::vector<float> values = heavyTail(1500, bits + 10, skew);
      auto [min, max] = std::minmax_element(values.begin(), values.end());
      double least = 1e300;
      for (int i = 1; i <= 80; ++i)
        for (int j = 1; j <= 80; ++j)
          least =
              std::min(least, plainTwoBoundError(values, *min * i / 80.0,
                                                 *max * j / 80.0, bits, 0.5));
      BoundPair found =
          findTwoBounds(pointsOf(values), bits, Rounding::Nearest);
      EXPECT_GE(found.lo, *min);
      EXPECT_LE(found.hi, *max);
      // The zero point is rounded, which makes many local minima.
      EXPECT_LE(plainTwoBoundError(values, found.lo, found.hi, bits, 0.5),
                least * 1.05)
          << bits << " bits, skew " << skew;
    }
}

TEST(BoundSearchTest, WeightErrorIsThatOfTheReference) {
  std::vector<float> t = heavyTail(500, 3, 2.0f);
  std::vector<float> importance = heavyTail(500, 4, 1.0f);
  for (float &weight : importance)
    weight = std::abs(weight);
  for (bool symmetric : {false, true})
    for (unsigned bits : {2u, 4u, 8u})
      for (BoundPair bounds : {BoundPair{-1.0f, 2.0f}, BoundPair{-50, 50},
                               BoundPair{0.0f, 0.5f}}) {
        double reference =
            referenceWeightError(t, importance, bounds, bits, symmetric);
        EXPECT_NEAR(getWeightError(t, importance, bounds, bits, symmetric),
                    reference, reference * 1e-6);
      }
}

TEST(BoundSearchTest, WeightBoundsAreTheBestOfAll) {
  for (bool symmetric : {false, true})
    for (unsigned bits : {2u, 3u, 4u, 8u})
      for (size_t size : {9u, 900u}) {
        std::vector<float> t = heavyTail(size, bits + size, 2.0f);
        auto [min, max] = std::minmax_element(t.begin(), t.end());
        float lo = std::min(*min, 0.0f), hi = std::max(*max, 0.0f);
        double least = 1e300;
        for (int i = 1; i <= 60; ++i)
          for (int j = 1; j <= 60; ++j) {
            BoundPair bounds = {lo * i / 60, hi * j / 60};
            if (symmetric)
              bounds.hi = std::max(-lo, hi) * (60 * i + j) / 3660;
            least = std::min(
                least, referenceWeightError(t, {}, bounds, bits, symmetric));
          }
        BoundPair found = findWeightBounds(t, {}, bits, symmetric);
        double reached = referenceWeightError(t, {}, found, bits, symmetric);
        EXPECT_LE(reached, least * (size == 9 ? 1.5 : 1.1))
            << bits << " bits, " << size << " weights";
        EXPECT_LE(reached, referenceWeightError(t, {}, {-1e30f, 1e30f}, bits,
                                                symmetric) *
                               1.000001);
      }
}

TEST(BoundSearchTest, WhatIsEmptyHasBoundsToo) {
  EXPECT_EQ(findPactBound(pointsOf({-1.0f, -2.0f}), 4, Rounding::Nearest, 6.0f),
            0.0f);
  BoundPair none = findWeightBounds({0.0f, 0.0f}, {}, 4, false);
  EXPECT_EQ(none.lo, 0.0f);
  EXPECT_EQ(none.hi, 0.0f);
  BoundPair positive =
      findTwoBounds(pointsOf({1.0f, 2.0f, 3.0f}), 8, Rounding::Nearest);
  EXPECT_EQ(positive.lo, 0.0f);
  EXPECT_GT(positive.hi, 2.5f);
}

} // namespace
