//===- IntegerBiasTest.cpp - integer biases by hand ----------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/IntegerBias.h"

#include "gtest/gtest.h"

#include <limits>

using namespace llvm;
using namespace mlir::qat;

namespace {
constexpr int32_t int32Max = std::numeric_limits<int32_t>::max();

TEST(IntegerBiasTest, GainIsGammaOverDeviation) {
  EXPECT_EQ(getBatchNormGain(6.0f, 3.0f, 1.0f), 3.0f);
}

TEST(IntegerBiasTest, FoldsIntoWeights) {
  // B = (1 - 3)*2 + 1.5 = -2.5; e = 0.5*0.5; M = 0.25/0.5; h = 1.
  ChannelNorm norm{1.0f, 2.0f, 3.0f, 1.5f};
  ChannelParameters floor =
      getFoldedParameters(norm, 0.5f, 0.5, 0.5, Rounding::Floor);
  EXPECT_EQ(floor.multiplier, 0.5f);
  EXPECT_EQ(floor.bias, -10);
  EXPECT_EQ(floor.fakeBias, -2.5f);
  ChannelParameters nearest =
      getFoldedParameters(norm, 0.5f, 0.5, 0.5, Rounding::Nearest);
  EXPECT_EQ(nearest.bias, -9);
  EXPECT_EQ(nearest.fakeBias, -2.5f);
  EXPECT_EQ(nearest.fakeScale, 1.0f);
  EXPECT_FALSE(nearest.isConstant);
  // Ties go to the even integer: 0.625/0.25 = 2.5.
  EXPECT_EQ(
      getFoldedParameters({0.625f, 1, 0, 0}, 0.5f, 0.5, 0.5, Rounding::Floor)
          .bias,
      2);
}

TEST(IntegerBiasTest, SaturatesAtTheBiasBits) {
  EXPECT_EQ(
      getFoldedParameters({4.0f, 1, 0, 0}, 0.5f, 0.5, 0.5, Rounding::Floor, 4)
          .bias,
      7);
  EXPECT_EQ(
      getFoldedParameters({1e30f, 1, 0, 0}, 0.5f, 0.5, 0.5, Rounding::Floor)
          .bias,
      int32Max);
  EXPECT_EQ(getIcnParameters({4.0f, 1, 0, 0}, 0.5f, 0.5, 0.5, Rounding::Floor,
                             false, 4)
                .bias,
            7);
}

TEST(IntegerBiasTest, IcnKeepsTheGainInTheMultiplier) {
  // e = 0.25, M = -2*(0.25/0.5) = -1, h = -0.5;
  // ((-3 + 1) + 1.5/-2)/0.25 = -11, with h -11.5, which ties to -12.
  ChannelNorm norm{1.0f, -2.0f, 3.0f, 1.5f};
  ChannelParameters floor =
      getIcnParameters(norm, 0.5f, 0.5, 0.5, Rounding::Floor, false);
  EXPECT_EQ(floor.multiplier, -1.0f);
  EXPECT_EQ(floor.bias, -11);
  EXPECT_EQ(floor.fakeBias, -2.75f);
  EXPECT_EQ(floor.fakeScale, -2.0f);
  ChannelParameters nearest =
      getIcnParameters(norm, 0.5f, 0.5, 0.5, Rounding::Nearest, false);
  EXPECT_EQ(nearest.bias, -12);
  EXPECT_EQ(nearest.fakeBias, -2.875f);
}

TEST(IntegerBiasTest, ChannelsWithoutGainAreConstant) {
  // floor(1.3/0.5 + r) = 2 or 3.
  ChannelNorm norm{1.0f, 0.0f, 3.0f, 1.3f};
  for (Rounding rounding : {Rounding::Floor, Rounding::Nearest}) {
    ChannelParameters channel =
        getIcnParameters(norm, 0.5f, 0.5, 0.5, rounding, false);
    EXPECT_TRUE(channel.isConstant);
    EXPECT_EQ(channel.bias, rounding == Rounding::Floor ? 2 : 3);
    EXPECT_EQ(channel.multiplier, 1.0f);
    EXPECT_EQ(channel.fakeBias, 1.3f);
    EXPECT_EQ(channel.fakeScale, 1.0f);
  }
  // gamma = beta = 0 is 0/0 in the bias.
  ChannelParameters zero =
      getIcnParameters({0, 0, 0, 0}, 0.5f, 0.5, 0.5, Rounding::Nearest, false);
  EXPECT_TRUE(zero.isConstant);
  EXPECT_EQ(zero.bias, 0);
}

TEST(IntegerBiasTest, ChannelsWhoseBiasDoesNotFitAreConstant) {
  // 2^29/0.25 = 2^31 is one too many for int32, -2^31 fits.
  ChannelParameters above = getIcnParameters({0x1p29f, 1, 0, 0}, 0.5f, 0.5,
                                             0x1p28, Rounding::Floor, false);
  EXPECT_TRUE(above.isConstant);
  EXPECT_EQ(above.bias, 2);
  ChannelParameters below = getIcnParameters({-0x1p29f, 1, 0, 0}, 0.5f, 0.5,
                                             0x1p28, Rounding::Floor, false);
  EXPECT_FALSE(below.isConstant);
  EXPECT_EQ(below.bias, std::numeric_limits<int32_t>::min());
  // Fewer bias bits saturate but make no constant.
  EXPECT_FALSE(getIcnParameters({100.0f, 1, 0, 0}, 0.5f, 0.5, 0.5,
                                Rounding::Floor, false, 4)
                   .isConstant);
}

TEST(IntegerBiasTest, ChannelsWithoutWeightsAreConstant) {
  ChannelParameters channel = getIcnParameters({1.0f, 1, 0, 0}, 0.5f, 0.5, 0.5,
                                               Rounding::Floor, true, 2);
  EXPECT_TRUE(channel.isConstant);
  // The bias bits do not hold for the constant.
  EXPECT_EQ(channel.bias, 2);
}

TEST(IntegerBiasTest, LogitsOfOneStep) {
  LogitParameters logits =
      getPerLayerLogitParameters({1.0f, -0.625f, 0.0f}, 0.5f, 0.5);
  EXPECT_EQ(logits.scale, 0.25f);
  EXPECT_TRUE(logits.multipliers.empty());
  EXPECT_EQ(logits.biases, (SmallVector<int32_t>{4, -2, 0}));
  EXPECT_EQ(logits.fakeBiases, (SmallVector<float>{1.0f, -0.5f, 0.0f}));
}

TEST(IntegerBiasTest, LogitsOfOneStepAClass) {
  // The class of step 8 has no weights and takes the largest of the others, 1.
  LogitParameters logits =
      getPerChannelLogitParameters({1.0f, 1.0f, 1.0f}, {0.5f, 1.0f, 8.0f},
                                   {false, false, true}, 0.25, Rounding::Floor);
  EXPECT_EQ(logits.multipliers, (SmallVector<float>{128, 256, 256}));
  EXPECT_EQ(logits.biases, (SmallVector<int32_t>{8, 4, 4}));
  EXPECT_EQ(logits.scale, 0.25f / 256);
  // h = 0.5/M is too small to move these biases, but not a tie: 2.5 + 1/512.
  LogitParameters tie = getPerChannelLogitParameters({0.625f}, {1.0f}, {false},
                                                     0.25, Rounding::Nearest);
  EXPECT_EQ(tie.biases, (SmallVector<int32_t>{3}));
  LogitParameters empty = getPerChannelLogitParameters({0.5f}, {4.0f}, {true},
                                                       0.25, Rounding::Floor);
  EXPECT_EQ(empty.scale, 0.25f / 256);
}
} // namespace
