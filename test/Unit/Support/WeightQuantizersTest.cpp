//===- WeightQuantizersTest.cpp - weight schemes by hand -----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/WeightQuantizers.h"

#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::qat;

namespace {
using Floats = std::vector<float>;
using Ints = std::vector<int32_t>;

TEST(WeightQuantizersTest, TakesTheStepFromTheClampedData) {
  // Clamped to [-1, 2]: S = 3/3, Z = 1.
  QuantizedWeights q =
      quantizeWeights({-4.0f, -0.5f, 0.5f, 1.5f, 7.0f}, 1, 2,
                      WeightScheme::PerLayerAsymPACT, WeightBounds{-1, 2});
  EXPECT_EQ(q.scales[0], 1.0f);
  EXPECT_EQ(q.zeroPoints[0], 1);
  EXPECT_EQ(q.integers, (Ints{-1, 0, 0, 2, 2}));
  EXPECT_EQ(q.getStored(), (Ints{0, 1, 1, 3, 3}));
  EXPECT_EQ(q.getFake(), (Floats{-1, 0, 0, 2, 2}));
}

TEST(WeightQuantizersTest, WithoutBoundsNothingIsClamped) {
  QuantizedWeights q =
      quantizeWeights({-4.0f, 8.0f}, 1, 2, WeightScheme::PerLayerAsymPACT,
                      /*bounds=*/std::nullopt);
  EXPECT_EQ(q.scales[0], 4.0f);
  EXPECT_EQ(q.integers, (Ints{-1, 2}));
}

TEST(WeightQuantizersTest, KeepsATieWithinItsBits) {
  // Z = 1.5 ties to 2; 1.5 ties to 2 as well and is clamped to n - Z = 1.
  QuantizedWeights q = quantizeWeights(
      {-1.5f, 1.5f}, 1, 2, WeightScheme::PerLayerAsymMinMax, std::nullopt);
  EXPECT_EQ(q.zeroPoints[0], 2);
  EXPECT_EQ(q.integers, (Ints{-2, 1}));
  EXPECT_EQ(q.getStored(), (Ints{0, 3}));
}

TEST(WeightQuantizersTest, WidensOneSidedRangesToZero) {
  QuantizedWeights positive = quantizeWeights(
      {1.0f, 3.0f}, 1, 2, WeightScheme::PerLayerAsymMinMax, std::nullopt);
  EXPECT_EQ(positive.scales[0], 1.0f);
  EXPECT_EQ(positive.zeroPoints[0], 0);
  EXPECT_EQ(positive.integers, (Ints{1, 3}));
  QuantizedWeights negative = quantizeWeights(
      {-1.0f, -3.0f}, 1, 2, WeightScheme::PerLayerAsymMinMax, std::nullopt);
  EXPECT_EQ(negative.zeroPoints[0], 3);
  EXPECT_EQ(negative.getStored(), (Ints{2, 0}));
}

TEST(WeightQuantizersTest, ClosedBoundsGiveZeroWithStepOne) {
  QuantizedWeights q = quantizeWeights(
      {-4.0f, 8.0f}, 1, 8, WeightScheme::PerLayerAsymPACT, WeightBounds{1, -1});
  EXPECT_EQ(q.scales[0], 1.0f);
  EXPECT_EQ(q.zeroPoints[0], 0);
  EXPECT_EQ(q.integers, (Ints{0, 0}));
}

TEST(WeightQuantizersTest, AnUnderflowingStepIsOne) {
  // 2^-149 / 255 is 0 in float32.
  QuantizedWeights q = quantizeWeights(
      {0x1p-149f, 0.0f}, 1, 8, WeightScheme::PerLayerAsymMinMax, std::nullopt);
  EXPECT_EQ(q.scales[0], 1.0f);
  EXPECT_EQ(q.integers, (Ints{0, 0}));
  // 382/255 = 1.498 units of the last place become 1; Z stays in its bits.
  QuantizedWeights tiny = quantizeWeights(
      {-382 * 0x1p-149f}, 1, 8, WeightScheme::PerLayerAsymMinMax, std::nullopt);
  EXPECT_EQ(tiny.scales[0], 0x1p-149f);
  EXPECT_EQ(tiny.zeroPoints[0], 255);
  EXPECT_EQ(tiny.getStored(), (Ints{0}));
}

TEST(WeightQuantizersTest, QuantizesEveryChannelOnItsOwn) {
  QuantizedWeights q =
      quantizeWeights({0.0f, 3.0f, -6.0f, 0.0f, 0.0f, 0.0f}, 3, 2,
                      WeightScheme::PerChannelsAsymMinMax, std::nullopt);
  EXPECT_EQ(Floats(q.scales.begin(), q.scales.end()), (Floats{1, 2, 1}));
  EXPECT_EQ(Ints(q.zeroPoints.begin(), q.zeroPoints.end()), (Ints{0, 3, 0}));
  EXPECT_EQ(q.integers, (Ints{0, 3, -3, 0, 0, 0}));
  EXPECT_EQ(q.getFake(), (Floats{0, 3, -6, 0, 0, 0}));
  EXPECT_FALSE(q.isChannelZero(1));
  EXPECT_TRUE(q.isChannelZero(2));
  q.clearChannel(1);
  EXPECT_EQ(q.integers, (Ints{0, 3, 0, 0, 0, 0}));
  EXPECT_EQ(q.getStored(), (Ints{0, 3, 3, 3, 0, 0}));
  EXPECT_EQ(q.getScale(1), 2.0f);
}

TEST(WeightQuantizersTest, SymmetricUsesTwosComplement) {
  // Bound 3: S = 6/3; 3/2 ties to 2 and is clamped to 1, -1.5 to -2.
  QuantizedWeights q =
      quantizeWeights({-9.0f, -3.0f, -1.0f, 1.1f, 3.0f}, 1, 2,
                      WeightScheme::PerLayerSymPACT, WeightBounds{0, 3});
  EXPECT_EQ(q.scales[0], 2.0f);
  EXPECT_EQ(q.zeroPoints[0], 0);
  EXPECT_EQ(q.integers, (Ints{-2, -2, 0, 1, 1}));
}

TEST(WeightQuantizersTest, SymmetricGradientHasItsSign) {
  Floats dt(4);
  BoundGradient sums =
      weightGradient({-5.0f, -3.0f, 2.0f, 4.0f}, {1.0f, 2.0f, 4.0f, 8.0f},
                     WeightScheme::PerLayerSymPACT, WeightBounds{-1, 3}, dt);
  EXPECT_EQ(dt, (Floats{0, 0, 4, 0}));
  EXPECT_EQ(sums.hi, 5.0);
  EXPECT_EQ(sums.lo, 0.0);
}

TEST(WeightQuantizersTest, MinMaxPassesTheGradient) {
  for (WeightScheme scheme : {WeightScheme::PerLayerAsymMinMax,
                              WeightScheme::PerChannelsAsymMinMax}) {
    Floats dt(2);
    BoundGradient sums = weightGradient({-5.0f, 5.0f}, {1.0f, 2.0f}, scheme,
                                        WeightBounds{-1, 1}, dt);
    EXPECT_EQ(dt, (Floats{1, 2}));
    EXPECT_EQ(sums.lo + sums.hi, 0.0);
  }
}

TEST(WeightQuantizersTest, ScalesEveryChannel) {
  Floats t(4);
  scaleChannels({1.0f, 2.0f, 3.0f, 4.0f}, {10.0f, -1.0f}, t);
  EXPECT_EQ(t, (Floats{10, 20, -3, -4}));
}

TEST(WeightQuantizersTest, ChoosesInitialBoundsByFoldType) {
  Floats t = {-1.0f, 0.25f, 0.5f, 3.0f};
  auto bounds = getInitialBounds(t, 8, WeightScheme::PerLayerAsymPACT,
                                 FoldType::FoldingWeights);
  ASSERT_TRUE(bounds.has_value());
  EXPECT_EQ(bounds->lo, -1.0f);
  EXPECT_EQ(bounds->hi, 3.0f);
  for (FoldType foldType : {FoldType::ICN, FoldType::FoldingThresh}) {
    auto projected =
        getInitialBounds(t, 8, WeightScheme::PerLayerAsymPACT, foldType);
    ASSERT_TRUE(projected.has_value());
    EXPECT_EQ(projected->lo, ppqBounds(t, 8).lo);
    EXPECT_NE(projected->lo, -1.0f);
  }
  auto symmetric =
      getInitialBounds(t, 8, WeightScheme::PerLayerSymPACT, FoldType::ICN);
  ASSERT_TRUE(symmetric.has_value());
  EXPECT_EQ(symmetric->hi, 3.0f);
  EXPECT_FALSE(
      getInitialBounds(t, 8, WeightScheme::PerChannelsAsymMinMax, FoldType::ICN)
          .has_value());
}

TEST(WeightQuantizersTest, ProjectsOntoTheBestStep) {
  // Mean 0, farthest 1.5, three steps: G = 1 and every value on its half
  // level; round(+-1.5) = +-2, so the next G is (4 * 2 * 1.5)/(4 * 4) = 0.75,
  // whose levels +-1.125/0.75 = +-1.5 tie to 2 again: G stays at 0.75.
  WeightBounds bounds = ppqBounds({-1.5f, 1.5f, 1.5f, -1.5f}, 2);
  EXPECT_EQ(bounds.lo, -1.125f);
  EXPECT_EQ(bounds.hi, 1.125f);
}

TEST(WeightQuantizersTest, ConstantTensorsProjectToTheirRange) {
  WeightBounds bounds = ppqBounds({-0.3f, -0.3f, -0.3f}, 4);
  EXPECT_EQ(bounds.lo, -0.3f);
  EXPECT_EQ(bounds.hi, 0.0f);
  bounds = ppqBounds({0.0f, 0.0f}, 4);
  EXPECT_EQ(bounds.lo, 0.0f);
  EXPECT_EQ(bounds.hi, 0.0f);
}

TEST(WeightQuantizersTest, NamesItsSchemes) {
  for (WeightScheme scheme :
       {WeightScheme::PerLayerAsymPACT, WeightScheme::PerLayerAsymMinMax,
        WeightScheme::PerChannelsAsymMinMax, WeightScheme::PerLayerSymPACT})
    EXPECT_EQ(symbolizeWeightScheme(stringifyWeightScheme(scheme)), scheme);
  EXPECT_EQ(symbolizeWeightScheme("PerLayerDymPACT"),
            WeightScheme::PerLayerSymPACT);
  EXPECT_EQ(symbolizeWeightScheme("PerChannel"), std::nullopt);
  for (FoldType foldType :
       {FoldType::FoldingWeights, FoldType::ICN, FoldType::FoldingThresh})
    EXPECT_EQ(symbolizeFoldType(stringifyFoldType(foldType)), foldType);
}
} // namespace
