//===- ActivationQuantizersTest.cpp - input, PACT, two bounds by hand ----===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/ActivationQuantizers.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace llvm;
using namespace mlir::qat;

namespace {
TEST(InputQuantizerTest, DefaultGridIsSigned) {
  InputQuantizer input = cantFail(InputQuantizer::get());
  EXPECT_EQ(input.getGrid(), (Grid{2.0 / 255.0, 0, -128, 127}));
  // 1 * 127.5 rounds to the even 128, which is clamped; -1 to -128.
  EXPECT_EQ(input.quantize(1.0f), 127);
  EXPECT_EQ(input.quantize(-1.0f), -128);
  EXPECT_EQ(input.quantize(-7.0f), -128);
  EXPECT_EQ(input.quantize(0.0f), 0);
  EXPECT_EQ(input.quantize(0.5f), 64); // 63.75
  EXPECT_EQ(input.quantize(NAN), 0);
}

TEST(InputQuantizerTest, OtherRangesAreUnsigned) {
  InputQuantizer pixels = cantFail(InputQuantizer::get(0.0, 255.0));
  EXPECT_EQ(pixels.getGrid(), (Grid{1.0, 0, 0, 255}));
  EXPECT_EQ(pixels.quantize(2.5f), 2);
  EXPECT_EQ(pixels.quantize(3.5f), 4);
  EXPECT_EQ(pixels.quantize(300.0f), 255);
  InputQuantizer shifted = cantFail(InputQuantizer::get(-51.0, 204.0));
  EXPECT_EQ(shifted.getGrid(), (Grid{1.0, 51, 0, 255}));
  EXPECT_EQ(shifted.quantize(-1.0f), 50);
  EXPECT_EQ(shifted.fakeQuantize(-1.25f), -1.0f);
  EXPECT_EQ(shifted.quantize(NAN), 51);
  EXPECT_EQ(shifted.getGrid().withStorageOffset(-128),
            (Grid{1.0, -77, -128, 127}));
}

TEST(InputQuantizerTest, RefusesRangesWithoutZero) {
  for (auto [lo, hi] : {std::pair{0.5, 1.0},
                        {-1.0, -0.5},
                        {1.0, -1.0},
                        {0.0, 0.0},
                        {0.0, double(INFINITY)}}) {
    Expected<InputQuantizer> input = InputQuantizer::get(lo, hi);
    ASSERT_FALSE(static_cast<bool>(input)) << lo << " " << hi;
    std::string message = toString(input.takeError());
    EXPECT_NE(message.find("input range"), std::string::npos) << message;
  }
}

TEST(PactQuantizerTest, FloorsOrRounds) {
  // Two bits, alpha 3: levels 0, 1, 2, 3.
  PactQuantizer floor(3.0f, 2, Rounding::Floor);
  PactQuantizer nearest(3.0f, 2, Rounding::Nearest);
  for (auto [x, low, near] : {std::tuple{-1.0f, 0, 0},
                              {0.49f, 0, 0},
                              {0.5f, 0, 1},
                              {1.0f, 1, 1},
                              {1.5f, 1, 2},
                              {2.5f, 2, 3},
                              {3.0f, 3, 3},
                              {INFINITY, 3, 3},
                              {-INFINITY, 0, 0},
                              {NAN, 0, 0}}) {
    EXPECT_EQ(floor.quantize(x), low) << x;
    EXPECT_EQ(nearest.quantize(x), near) << x;
  }
  EXPECT_EQ(nearest.fakeQuantize(1.6f), 2.0f);
}

TEST(PactQuantizerTest, ReachesItsTopLevelForEveryAlpha) {
  for (int i = 1; i < 2000; ++i)
    for (unsigned bits = 2; bits <= 8; ++bits) {
      float alpha = 0.0037f * i;
      PactQuantizer quantizer(alpha, bits, Rounding::Floor);
      EXPECT_EQ(quantizer.quantize(alpha), getMaxLevel(bits)) << alpha;
    }
}

TEST(PactQuantizerTest, SplitsTheGradientAtItsBounds) {
  std::vector<float> dx(5);
  double dalpha = pactGradient({-1.0f, 0.0f, 1.0f, 3.0f, 4.0f},
                               {1.0f, 2.0f, 4.0f, 8.0f, 16.0f}, 3.0f, dx);
  EXPECT_EQ(dx, (std::vector<float>{0, 0, 4, 0, 0}));
  EXPECT_EQ(dalpha, 24.0);
}

TEST(PactQuantizerTest, RefusesUselessGrids) {
  EXPECT_EQ(cantFail(getPactGrid(6.0, 8)), (Grid{6.0 / 255.0, 0, 0, 255}));
  for (auto [alpha, bits] :
       {std::pair{0.0, 8u}, {-1.0, 8u}, {NAN, 8u}, {1.0, 1u}, {1.0, 9u}}) {
    Expected<Grid> grid = getPactGrid(alpha, bits);
    EXPECT_FALSE(static_cast<bool>(grid)) << alpha << " " << bits;
    consumeError(grid.takeError());
  }
}

TEST(TwoBoundQuantizerTest, PutsZeroOnALevel) {
  // 4 bits over [-5, 10]: S = 1, Z = 5.
  EXPECT_EQ(cantFail(getTwoBoundGrid(-5.0, 10.0, 4)), (Grid{1.0, 5, 0, 15}));
  // -lo/S = 2.5 ties to 2, 3.5 to 4.
  EXPECT_EQ(cantFail(getTwoBoundGrid(-2.5, 12.5, 4)).zeroPoint, 2);
  EXPECT_EQ(cantFail(getTwoBoundGrid(-3.5, 11.5, 4)).zeroPoint, 4);
  // One-sided ranges are widened to 0, an empty one has step 1.
  EXPECT_EQ(cantFail(getTwoBoundGrid(3.0, 15.0, 4)), (Grid{1.0, 0, 0, 15}));
  EXPECT_EQ(cantFail(getTwoBoundGrid(-15.0, -3.0, 4)), (Grid{1.0, 15, 0, 15}));
  EXPECT_EQ(cantFail(getTwoBoundGrid(2.0, -2.0, 4)), (Grid{1.0, 0, 0, 15}));
  Expected<Grid> grid = getTwoBoundGrid(-INFINITY, 1.0, 4);
  EXPECT_FALSE(static_cast<bool>(grid));
  consumeError(grid.takeError());
}

TEST(TwoBoundQuantizerTest, FloorsOrRounds) {
  TwoBoundQuantizer floor(-5.0f, 10.0f, 4, Rounding::Floor);
  TwoBoundQuantizer nearest(-5.0f, 10.0f, 4, Rounding::Nearest);
  for (auto [x, low, near] : {std::tuple{-0.5f, 4, 5},
                              {-0.6f, 4, 4},
                              {0.5f, 5, 6},
                              {9.5f, 14, 15},
                              {-100.0f, 0, 0},
                              {1e30f, 15, 15}}) {
    EXPECT_EQ(floor.quantize(x), low) << x;
    EXPECT_EQ(nearest.quantize(x), near) << x;
  }
  EXPECT_EQ(floor.fakeQuantize(-0.5f), -1.0f);
}

TEST(TwoBoundQuantizerTest, GivesClippedGradientToTheBounds) {
  std::vector<float> dx(5);
  BoundGradient sums =
      twoBoundGradient({-2.0f, -1.0f, 0.0f, 2.0f, 3.0f},
                       {1.0f, 2.0f, 4.0f, 8.0f, 16.0f}, -1.0f, 2.0f, dx);
  EXPECT_EQ(dx, (std::vector<float>{0, 0, 4, 0, 0}));
  EXPECT_EQ(sums.lo, 3.0);
  EXPECT_EQ(sums.hi, 24.0);
}
} // namespace
