//===- ImportedKernelsTest.cpp - kernels of imported integer networks -----===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Against the scalar reference of qat/Support.
//
//===----------------------------------------------------------------------===//

#include "ImportedKernels.h"
#include "KernelTesting.h"

#include "qat/Support/ImportedLayers.h"

#include <cmath>

using namespace qat_test;
using mlir::qat::Multiplier;
using mlir::qat::ScaleRounding;

namespace {
ScaleRounding roundingOf(bool twice) {
  return twice ? ScaleRounding::DoubleRound : ScaleRounding::SingleRound;
}

TEST(RoundedScaleTest, IsThatOfTosa) {
  Random random(11);
  for (int round = 0; round < 20000; ++round) {
    int64_t acc = random.in(INT32_MIN, INT32_MAX) >> random.in(0, 31);
    int64_t wide = random.in(-(1LL << 61), 1LL << 61) >> random.in(0, 61);
    Multiplier scale = {int32_t(random.in(0, INT32_MAX) >> random.in(0, 30)),
                        int32_t(random.in(2, 62))};
    for (bool twice : {false, true}) {
      auto expected = [&](int64_t value) {
        // The reference saturates at 64 bits, the kernels at 32.
        return std::clamp<int64_t>(
            mlir::qat::applyMultiplier(value, scale, roundingOf(twice)),
            INT32_MIN, INT32_MAX);
      };
      ASSERT_EQ(
          qat_requantize_rounded(int32_t(acc), scale.value, scale.shift, twice),
          expected(acc))
          << acc << " * " << scale.value << " >> " << scale.shift;
      ASSERT_EQ(
          qat_requantize_wide_rounded(wide, scale.value, scale.shift, twice),
          expected(wide))
          << wide << " * " << scale.value << " >> " << scale.shift;
    }
  }
}

/// One pixel, weights 1 and as many channels as accumulators: the bias is the
/// accumulator but for the input.
template <typename Run> void testRounded(Random &random, bool twice, Run run) {
  const int channels = int(random.in(1, 40));
  bool perChannel = random.chance(50);
  int8_t input = int8_t(random.in(-128, 127));
  std::vector<int32_t> bias, multiplier;
  std::vector<uint8_t> shift;
  for (int i = 0; i < channels; ++i) {
    bias.push_back(int32_t(random.in(-100000, 100000)));
    if (i == 0 || perChannel) {
      multiplier.push_back(int32_t(random.in(1 << 30, INT32_MAX)));
      shift.push_back(uint8_t(random.in(36, 44)));
    }
  }
  std::vector<uint32_t> weights(channels, 1);
  std::vector<int8_t> output(channels);
  run(channels, perChannel, input, weights, bias, multiplier, shift, output);
  for (int i = 0; i < channels; ++i) {
    int at = perChannel ? i : 0;
    EXPECT_EQ(output[i],
              mlir::qat::requantize(int64_t(input) + 3 + bias[i],
                                    {multiplier[at], shift[at]}, -120, 127, 5,
                                    roundingOf(twice)));
  }
}

TEST(RoundedLayerTest, FullyConnected) {
  const struct {
    decltype(&qat_fully_connected_i8_i8_i8_single_round) kernel;
    bool twice;
  } kernels[] = {{qat_fully_connected_i8_i8_i8_single_round, false},
                 {qat_fully_connected_i8_i8_i8_double_round, true},
                 {qat_fully_connected_i8_i8_i8_acc64_single_round, false},
                 {qat_fully_connected_i8_i8_i8_acc64_double_round, true}};
  Random random(12);
  for (auto [kernel, twice] : kernels)
    for (int round = 0; round < 50; ++round)
      testRounded(
          random, twice,
          [&, kernel = kernel](int channels, bool perChannel, int8_t input,
                               auto &weights, auto &bias, auto &multiplier,
                               auto &shift, auto &output) {
            qat_fully_connected layer = {};
            layer.inputs = 1;
            layer.outputs = channels;
            layer.per_channel_multiplier = perChannel;
            layer.input_zero_point = -3;
            layer.output_zero_point = 5;
            layer.output_min = -120;
            layer.output_max = 127;
            layer.weights = weights.data();
            layer.bias = bias.data();
            layer.multiplier = multiplier.data();
            layer.shift = shift.data();
            alignas(8) int16_t scratch[8];
            kernel(&layer, &input, 1, output.data(), channels, 0, 1, scratch);
          });
}

TEST(RescaledAddTest, RoundsOperandsAndSum) {
  Random random(13);
  const Storage i8 = {8, true};
  for (int round = 0; round < 200; ++round) {
    bool twice = round % 2;
    int64_t rows = random.in(1, 4), elements = random.in(1, 30);
    qat_rescaled_add layer = {};
    layer.row_elements = int32_t(elements);
    layer.input1_zero_point = int32_t(random.in(-128, 127));
    layer.input2_zero_point = int32_t(random.in(-128, 127));
    layer.output_zero_point = int32_t(random.in(-128, 127));
    layer.output_min = -128;
    layer.output_max = 127;
    layer.double_round = twice;
    // As TFLite makes them: left by 20, at most 1, back by about 20.
    layer.input1_first_multiplier = layer.input2_first_multiplier = 1 << 30;
    layer.input1_first_shift = layer.input2_first_shift = 10;
    layer.input1_second_multiplier = int32_t(random.in(1 << 30, INT32_MAX));
    layer.input2_second_multiplier = int32_t(random.in(1 << 30, INT32_MAX));
    layer.input1_second_shift = uint8_t(random.in(31, 34));
    layer.input2_second_shift = uint8_t(random.in(31, 34));
    layer.multiplier = int32_t(random.in(1 << 30, INT32_MAX));
    layer.shift = uint8_t(random.in(49, 51));
    Multiplier first[] = {
        {1 << 30, 10},
        {layer.input1_second_multiplier, layer.input1_second_shift}};
    Multiplier second[] = {
        {1 << 30, 10},
        {layer.input2_second_multiplier, layer.input2_second_shift}};
    std::vector<int64_t> x1 = random.values(rows * elements, i8);
    std::vector<int64_t> x2 = random.values(rows * elements, i8);
    std::vector<int64_t> expected;
    for (size_t i = 0; i < x1.size(); ++i)
      expected.push_back(mlir::qat::rescaledAdd(
          int32_t(x1[i]), {layer.input1_zero_point, first}, int32_t(x2[i]),
          {layer.input2_zero_point, second}, {layer.multiplier, layer.shift},
          roundingOf(twice), layer.output_zero_point, -128, 127));
    Rows input1(rows, elements, i8, 3), input2(rows, elements, i8, 0);
    Rows output(rows, elements, i8, 1);
    input1.set(x1);
    input2.set(x2);
    qat_rescaled_add_i8_i8_i8(
        &layer, reinterpret_cast<const int8_t *>(input1.data()),
        int32_t(input1.pitch), reinterpret_cast<const int8_t *>(input2.data()),
        int32_t(input2.pitch), reinterpret_cast<int8_t *>(output.data()),
        int32_t(output.pitch), 0, int32_t(rows), nullptr);
    EXPECT_EQ(output.get(), expected);
    EXPECT_TRUE(output.isClean());
  }
}

TEST(TableTest, LooksUp) {
  Random random(14);
  uint8_t values[256];
  for (uint8_t &value : values)
    value = uint8_t(random.in(0, 255));
  int8_t input[256], output[256];
  for (int i = 0; i < 256; ++i)
    input[i] = int8_t(random.in(-128, 127));
  qat_table layer = {128, -128, values};
  qat_table_i8_i8(&layer, input, 128, output, 128, 0, 2, nullptr);
  for (int i = 0; i < 256; ++i)
    EXPECT_EQ(uint8_t(output[i]), values[input[i] + 128]);
}

TEST(TableSoftmaxTest, EqualsTheReference) {
  Random random(15);
  for (int round = 0; round < 200; ++round) {
    double step = double(random.in(1, 400)) / 1000;
    std::vector<int32_t> table;
    for (int d = 0; d < 256; ++d)
      table.push_back(
          int32_t(std::min(std::exp(-step * d) * 2147483648.0, 2147483647.0)));
    int channels = int(random.in(1, 200)), pixels = int(random.in(1, 3));
    qat_table_softmax layer = {pixels, channels, -128, -128, 127, table.data()};
    std::vector<int8_t> input(2 * channels * pixels), output(input.size());
    for (int8_t &x : input)
      x = int8_t(random.in(-128, 127));
    int32_t pitch = channels * pixels;
    qat_table_softmax_i8_i8(&layer, input.data(), pitch, output.data(), pitch,
                            0, 2, nullptr);
    for (int pixel = 0; pixel < 2 * pixels; ++pixel) {
      std::vector<int32_t> row(input.begin() + pixel * channels,
                               input.begin() + (pixel + 1) * channels);
      std::vector<int32_t> expected =
          mlir::qat::tableSoftmax(row, table, -128, -128, 127);
      for (int c = 0; c < channels; ++c)
        ASSERT_EQ(output[pixel * channels + c], expected[c]);
    }
  }
}
} // namespace
