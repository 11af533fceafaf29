//===- IntegerLayersTest.cpp - the integer layers by hand ----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/IntegerLayers.h"

#include "gtest/gtest.h"

#include <limits>

using namespace llvm;
using namespace mlir::qat;

namespace {
using Values = std::vector<int32_t>;

template <typename T> std::string messageOf(Expected<T> result) {
  return result ? "" : toString(result.takeError());
}

/// 1 2 3
/// 4 5 6
/// 7 8 9
const IntegerTensor square{{1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9}};

TEST(IntegerLayersTest, ConvolvesWithPadsThatAddNothing) {
  IntegerTensor ones{{1, 3, 3, 1}, Values(9, 1)};
  Window window;
  window.pads[0] = window.pads[1] = window.pads[2] = window.pads[3] = 1;
  IntegerTensor sums =
      cantFail(referenceConv2d(square, 0, {ones, {0}}, window, 1, {}));
  EXPECT_EQ(sums.shape, (SmallVector<int64_t, 4>{1, 3, 3, 1}));
  EXPECT_EQ(sums.values, (Values{12, 21, 16, 27, 45, 33, 24, 39, 28}));
  // With input zero point 5 a pad is worth 0, a 1 is worth -4.
  IntegerTensor shifted =
      cantFail(referenceConv2d(square, 5, {ones, {0}}, window, 1, {}));
  EXPECT_EQ(shifted.values, (Values{-8, -9, -4, -3, 0, 3, 4, 9, 8}));
  // Weights stored with zero point 3 are worth -2 each.
  IntegerTensor negative =
      cantFail(referenceConv2d(square, 5, {ones, {3}}, window, 1, {}));
  EXPECT_EQ(negative.values, (Values{16, 18, 8, 6, 0, -6, -8, -18, -16}));
}

TEST(IntegerLayersTest, StridesDilatesAndPadsOneSide) {
  IntegerTensor corner{{1, 2, 2, 1}, {1, 10, 100, 1000}};
  Window dilated;
  dilated.dilation[0] = dilated.dilation[1] = 2;
  EXPECT_EQ(cantFail(referenceConv2d(square, 0, {corner, {0}}, dilated, 1, {}))
                .values,
            (Values{9731}));
  Window strided;
  strided.stride[0] = strided.stride[1] = 2;
  strided.pads[1] = strided.pads[3] = 1; // bottom and right
  EXPECT_EQ(cantFail(referenceConv2d(square, 0, {corner, {0}}, strided, 1, {}))
                .values,
            (Values{5421, 603, 87, 9}));
  strided.pads[1] = 0; // a row that no window reaches
  EXPECT_EQ(cantFail(referenceConv2d(square, 0, {corner, {0}}, strided, 1, {}))
                .values,
            (Values{5421, 603}));
}

TEST(IntegerLayersTest, TellsTheFourPadsApart) {
  // 1 top, 0 bottom, 2 left, 1 right: the 1 stands at row 1, column 2 of 4.
  IntegerTensor input{{1, 1, 1, 1}, {1}};
  IntegerTensor weights{{1, 2, 1, 1}, {1, 10}};
  Window window;
  window.pads[0] = 1, window.pads[2] = 2, window.pads[3] = 1;
  IntegerTensor sums =
      cantFail(referenceConv2d(input, 0, {weights, {0}}, window, 1, {}));
  EXPECT_EQ(sums.shape, (SmallVector<int64_t, 4>{1, 1, 4, 1}));
  EXPECT_EQ(sums.values, (Values{0, 0, 10, 0}));
}

TEST(IntegerLayersTest, KeepsGroupsApart) {
  IntegerTensor input{{1, 1, 1, 4}, {1, 2, 3, 4}};
  IntegerTensor weights{{2, 1, 1, 2}, {1, 10, 100, 1000}};
  EXPECT_EQ(
      cantFail(referenceConv2d(input, 0, {weights, {0}}, {}, 2, {})).values,
      (Values{21, 4300}));
}

TEST(IntegerLayersTest, DepthwiseMultipliesChannels) {
  IntegerTensor input{{1, 1, 2, 2}, {1, 2, 3, 4}};
  // H = 1, W = 2, C = 2, M = 2
  IntegerTensor weights{{1, 2, 2, 2}, {1, 2, 3, 4, 10, 20, 30, 40}};
  IntegerTensor sums = cantFail(
      referenceDepthwiseConv2d(input, 0, {weights, {0, 0, 0, 1}}, {}, {}));
  EXPECT_EQ(sums.shape, (SmallVector<int64_t, 4>{1, 1, 1, 4}));
  EXPECT_EQ(sums.values, (Values{31, 62, 126, 2 * 3 + 4 * 39}));
}

TEST(IntegerLayersTest, RequantizesByChannel) {
  IntegerTensor input{{2, 2}, {1, 2, 3, 4}};
  IntegerTensor weights{{2, 2}, {1, 1, 5, 5}};
  Requantization layer;
  SmallVector<int32_t> biases = {1, -4};
  // A half, and minus one.
  SmallVector<Multiplier> multipliers = {{1 << 30, 31}, {-(1 << 30), 30}};
  layer.biases = biases;
  layer.multipliers = multipliers;
  layer.zeroPoint = 20;
  layer.storageMin = 0;
  layer.storageMax = 23;
  // acc: 3 15; 7 35.
  EXPECT_EQ(
      cantFail(referenceFullyConnected(input, 0, {weights, {0}}, layer)).values,
      (Values{22, 9, 23, 0}));
  layer.multipliers = ArrayRef<Multiplier>(multipliers).take_front();
  EXPECT_EQ(
      cantFail(referenceFullyConnected(input, 0, {weights, {0}}, layer)).values,
      (Values{22, 23, 23, 23}));
  // Without multipliers: the logits.
  layer = {};
  layer.biases = biases;
  EXPECT_EQ(
      cantFail(referenceFullyConnected(input, 0, {weights, {0}}, layer)).values,
      (Values{4, 11, 8, 31}));
}

TEST(IntegerLayersTest, AccumulatorsAreWiderThanTheirResult) {
  IntegerTensor input{{1, 3}, {1 << 30, 1 << 30, 1 << 30}};
  IntegerTensor weights{{1, 3}, {4, 4, 4}};
  EXPECT_EQ(
      cantFail(referenceFullyConnected(input, 0, {weights, {0}}, {})).values,
      (Values{std::numeric_limits<int32_t>::max()}));
  Requantization layer;
  SmallVector<Multiplier> tiny = {{1, 30}};
  layer.multipliers = tiny;
  EXPECT_EQ(
      cantFail(referenceFullyConnected(input, 0, {weights, {0}}, layer)).values,
      (Values{12}));
}

TEST(IntegerLayersTest, ComparesByChannel) {
  // Two channels that both have the input as accumulator; the second falls:
  // ~acc >= -4, -2, -1 where acc <= 3, 1, 0.
  IntegerTensor input{{5, 1}, {-1, 0, 1, 3, 4}};
  IntegerTensor weights{{2, 1}, {1, 1}};
  Requantization requantization;
  int32_t thresholds[] = {0, 1, 4, -4, -2, -1};
  bool falling[] = {false, true};
  requantization.thresholds = thresholds;
  requantization.falling = falling;
  requantization.storageMin = -2;
  requantization.storageMax = 1;
  Expected<IntegerTensor> result =
      referenceFullyConnected(input, 0, {weights, {0}}, requantization);
  ASSERT_TRUE(bool(result)) << toString(result.takeError());
  EXPECT_EQ(result->values,
            (std::vector<int32_t>{-2, 1, -1, 1, 0, 0, 0, -1, 1, -2}));

  requantization.falling = ArrayRef(falling).take_front();
  EXPECT_EQ(messageOf(referenceFullyConnected(input, 0, {weights, {0}},
                                              requantization)),
            "expected 'falling' to have one element a channel (2) beside "
            "'thresholds', but got 1");
  requantization.storageMax = 2;
  EXPECT_EQ(messageOf(referenceFullyConnected(input, 0, {weights, {0}},
                                              requantization)),
            "expected 4 'thresholds' for each of 2 channels, but got 6 in all");
}

TEST(IntegerLayersTest, PoolsDoNotCountPads) {
  Window window;
  window.kernel[0] = window.kernel[1] = 2;
  window.stride[0] = window.stride[1] = 2;
  window.pads[0] = window.pads[2] = 1;
  // 1 | 2 3 / 4 7 | 5 6 8 9: averages 1, 2.5, 5.5, 7.
  EXPECT_EQ(
      cantFail(referenceAvgPool2d(square, 0, window, Rounding::Floor)).values,
      (Values{1, 2, 5, 7}));
  EXPECT_EQ(
      cantFail(referenceAvgPool2d(square, 0, window, Rounding::Nearest)).values,
      (Values{1, 3, 6, 7}));
  // The zero point does not move the result.
  EXPECT_EQ(
      cantFail(referenceAvgPool2d(square, 9, window, Rounding::Nearest)).values,
      (Values{1, 3, 6, 7}));
  EXPECT_EQ(cantFail(referenceMaxPool2d(square, window)).values,
            (Values{1, 3, 7, 9}));
  IntegerTensor negative{{1, 1, 1, 1}, {-5}};
  window.pads[1] = window.pads[3] = 0;
  EXPECT_EQ(cantFail(referenceMaxPool2d(negative, window)).values,
            (Values{-5}));
}

TEST(IntegerLayersTest, AddsAndConcatenates) {
  IntegerTensor a{{1, 2, 1}, {1, 2}}, b{{1, 2, 1}, {10, 20}};
  Grid grid;
  AddRule rule = cantFail(getAddRule(1.0, 1.0, 1.0, Rounding::Floor));
  EXPECT_EQ(cantFail(referenceAdd(a, grid, b, grid, grid, rule)).values,
            (Values{11, 22}));
  IntegerTensor wide{{1, 2, 2}, {3, 4, 5, 6}};
  IntegerTensor both = cantFail(referenceConcat({a, wide}));
  EXPECT_EQ(both.shape, (SmallVector<int64_t, 4>{1, 2, 3}));
  EXPECT_EQ(both.values, (Values{1, 3, 4, 2, 5, 6}));
  AddRule halve = cantFail(getRescaleRule(0.5, 1.0, Rounding::Nearest));
  EXPECT_EQ(referenceRescale(wide, grid, grid, halve).values,
            (Values{2, 2, 3, 3}));
}

TEST(IntegerLayersTest, RefusesShapesThatDoNotFit) {
  IntegerTensor weights{{1, 1, 1, 2}, {1, 1}};
  EXPECT_EQ(messageOf(referenceConv2d(square, 0, {weights, {0}}, {}, 1, {})),
            "1 groups do not divide 1 input channels into 2 and 1 output "
            "channels");
  IntegerTensor large{{1, 4, 1, 1}, {1, 1, 1, 1}};
  EXPECT_EQ(messageOf(referenceConv2d(square, 0, {large, {0}}, {}, 1, {})),
            "a window of 4 with stride 1, dilation 1 and pads 0 and 0 does not "
            "fit 3 elements");
  IntegerTensor torn{{1, 2, 2, 1}, {1, 2, 3}};
  EXPECT_EQ(messageOf(referenceMaxPool2d(torn, {})),
            "expected 'input' to be a tensor of rank 4 with positive sizes, "
            "but got shape [1, 2, 2, 1] and 3 values");
  IntegerTensor one{{1, 1, 1, 1}, {1}};
  EXPECT_EQ(messageOf(referenceConv2d(square, 0, {one, {0, 0}}, {}, 1, {})),
            "expected 'zero points' to have one element, or one a channel (1), "
            "but got 2");
  Window window;
  window.pads[0] = 1;
  EXPECT_EQ(messageOf(referenceMaxPool2d(square, window)),
            "a window of the pool lies in its pads alone");
  EXPECT_EQ(messageOf(referenceConcat({square, one})),
            "operands of a concat differ in a dimension that is not the last");
}
} // namespace
