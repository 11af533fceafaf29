//===- WeightedKernelsTest.cpp - convolutions and fully connected layers --===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelTesting.h"
#include "Kernels.h"

using namespace qat_test;

#define BOTH_WIDTHS(name, wide) KERNEL(name), KERNEL(wide##_acc64)
#define BOTH_WIDTHS_OF(way, name, wide)                                        \
  KERNEL(name##way), KERNEL(wide##_acc64##way)

namespace {
/// What the three operations have in common: how accumulators become outputs.
/// Random, but so that most outputs lie between the limits.
struct Finish {
  std::vector<int32_t> bias, multiplier, weightZero, thresholds;
  std::vector<uint8_t> shift, falling;
  int64_t inputZero, outputZero, lowest, highest;
  bool channelMultiplier, channelZero, scaled = true, compares, falls;

  Finish(Random &random, const std::string &kernel, int64_t channels,
         Storage in, Storage weight, Storage out) {
    compares = kernel.find("_thresholds") != std::string::npos;
    falls = compares && random.chance(50);
    channelMultiplier = random.chance(50);
    channelZero = random.chance(50);
    inputZero = random.chance(30) ? 0 : random.in(in.lowest(), in.highest());
    outputZero = out.bits == 32 ? 0 : random.in(out.lowest(), out.highest());
    lowest = out.lowest();
    highest = out.highest();
    if (out.bits < 32 && random.chance(30)) {
      lowest = random.in(lowest, highest);
      highest = random.in(lowest, highest);
    }
    if (random.chance(70))
      for (int64_t i = channelZero ? channels : 1; i > 0; --i)
        weightZero.push_back(
            int32_t(random.in(weight.lowest(), weight.highest())));
    scaled = kernel.find("_unscaled") == std::string::npos;
  }

  int64_t zeroOf(int64_t channel) const {
    if (weightZero.empty())
      return 0;
    return weightZero[channelZero ? channel : 0];
  }

  /// Chooses thresholds, at and beside accumulators and anywhere, and counts
  /// one after the other those that are passed.
  std::vector<int64_t> compare(Random &random, const std::vector<int64_t> &acc,
                               int64_t channels) {
    int64_t levels = highest - lowest;
    for (int64_t channel = 0; channel < channels; ++channel) {
      bool down = falls && random.chance(50);
      if (falls)
        falling.push_back(down);
      std::vector<int32_t> row;
      while (int64_t(row.size()) < levels) {
        int64_t pixel = random.in(0, int64_t(acc.size()) / channels - 1);
        int64_t value =
            limit(acc[pixel * channels + channel] + random.in(-1, 1), INT32_MIN,
                  INT32_MAX);
        if (random.chance(5))
          value = random.chance(50) ? INT32_MIN : INT32_MAX;
        row.push_back(int32_t(down ? -1 - value : value));
      }
      std::sort(row.begin(), row.end());
      thresholds.insert(thresholds.end(), row.begin(), row.end());
    }
    std::vector<int64_t> result;
    for (size_t i = 0; i < acc.size(); ++i) {
      int64_t channel = int64_t(i) % channels;
      int64_t value = limit(acc[i], INT32_MIN, INT32_MAX);
      if (falls && falling[channel])
        value = -1 - value;
      int64_t stored = lowest;
      for (int64_t level = 0; level < levels; ++level)
        stored += value >= thresholds[channel * levels + level];
      result.push_back(stored);
      inside += stored > lowest && stored < highest;
      ++outputs;
    }
    return result;
  }

  /// Chooses bias, multipliers and shifts; returns the expected outputs.
  /// `acc` has the channels innermost.
  std::vector<int64_t> finish(Random &random, const std::vector<int64_t> &acc,
                              int64_t channels, bool wide) {
    if (compares)
      return compare(random, acc, channels);
    int64_t largest = 1;
    for (int64_t value : acc)
      largest = std::max(largest, std::abs(value));
    bool extreme = random.chance(20);
    for (int64_t i = 0; i < channels; ++i) {
      int64_t room = wide ? INT32_MAX : INT32_MAX - largest;
      if (extreme)
        bias.push_back(int32_t(random.chance(50) ? room : -room));
      else
        bias.push_back(int32_t(random.in(-largest, largest)));
    }
    for (int64_t i = channelMultiplier ? channels : 1; i > 0; --i) {
      if (random.chance(15)) {
        multiplier.push_back(int32_t(random.in(INT32_MIN, INT32_MAX)));
        shift.push_back(uint8_t(random.in(0, 63)));
        continue;
      }
      int64_t normalized = random.in(1LL << 30, (1LL << 31) - 1);
      multiplier.push_back(
          int32_t(random.chance(30) ? -normalized - 1 : normalized));
      // 2 * largest * multiplier / 2^shift is about the range of the output.
      int64_t bits = 31;
      while (bits < 62 && (2 * largest >> (bits - 31)) >
                              std::max<int64_t>((highest - lowest) / 2, 1))
        ++bits;
      shift.push_back(uint8_t(bits));
    }
    std::vector<int64_t> result;
    for (size_t i = 0; i < acc.size(); ++i) {
      int64_t channel = int64_t(i) % channels;
      int64_t at = channelMultiplier ? channel : 0;
      __int128 value = acc[i] + bias[channel];
      EXPECT_TRUE(wide || value == int32_t(value)) << "an illegal layer";
      if (scaled)
        value = floorShift(value * multiplier[at], shift[at]);
      result.push_back(limit(value + outputZero, lowest, highest));
      inside += result.back() > lowest && result.back() < highest;
      ++outputs;
    }
    return result;
  }

  template <typename Layer>
  void fill(Layer &layer, const std::vector<uint32_t> &weights) const {
    layer.per_channel_multiplier = channelMultiplier;
    layer.per_channel_weight_zero_point = channelZero;
    layer.input_zero_point = int32_t(inputZero);
    layer.output_zero_point = int32_t(outputZero);
    layer.output_min = int32_t(lowest);
    layer.output_max = int32_t(highest);
    layer.weights = weights.data();
    layer.weight_zero_points = weightZero.empty() ? nullptr : weightZero.data();
    layer.bias = compares ? nullptr : bias.data();
    layer.multiplier = scaled && !compares ? multiplier.data() : nullptr;
    layer.shift = scaled && !compares ? shift.data() : nullptr;
    layer.thresholds = compares ? thresholds.data() : nullptr;
    layer.falling = falls ? falling.data() : nullptr;
  }

  static int64_t inside, outputs;
};
int64_t Finish::inside = 0, Finish::outputs = 0;

/// A random axis of a convolution: sizes that fit each other.
struct Axis {
  uint16_t in, out, kernel, stride, dilation, pad;
  explicit Axis(Random &random, bool pointwise) {
    kernel = uint16_t(pointwise ? 1 : random.in(1, 5));
    stride = uint16_t(random.in(1, 3));
    dilation = uint16_t(random.chance(70) ? 1 : random.in(2, 3));
    pad = uint16_t(pointwise ? 0 : random.in(0, kernel));
    in = uint16_t(random.in(1, 9));
    // Any end is legal: what lies beyond the image is padding.
    out = uint16_t(random.in(1, 6));
    if (pointwise)
      out = uint16_t((in - 1) / stride + 1);
  }
};

class WeightedKernelsTest : public testing::Test {
protected:
  void SetUp() override { Finish::inside = Finish::outputs = 0; }
  // Outputs at the limits would hide wrong sums.
  void TearDown() override { EXPECT_GT(Finish::inside * 3, Finish::outputs); }
};

TEST_F(WeightedKernelsTest, Conv2d) {
#define CONV(in, w, out, wide)                                                 \
  BOTH_WIDTHS(qat_conv2d_##in##_##w##_##out, qat_conv2d_##in##_##w##_##wide),
#define CONV_THRESHOLDS(in, w, out, wide)                                      \
  BOTH_WIDTHS_OF(_thresholds, qat_conv2d_##in##_##w##_##out,                   \
                 qat_conv2d_##in##_##w##_##wide),
#define CONV_UNSCALED(in, w, out, wide)                                        \
  BOTH_WIDTHS_OF(_unscaled, qat_conv2d_##in##_##w##_##out,                     \
                 qat_conv2d_##in##_##w##_##wide),
  const Kernel<qat_conv2d> kernels[] = {WEIGHTED_KERNELS(
      CONV) THRESHOLD_KERNELS(CONV_THRESHOLDS) UNSCALED_KERNELS(CONV_UNSCALED)};
  Random random(1);
  for (const auto &kernel : kernels)
    for (int round = 0; round < 12; ++round) {
      std::vector<Storage> storages = storagesOf(kernel.name);
      Storage in = storages.at(0), weight = storages.at(1),
              out = storages.at(2);
      bool pointwise = random.chance(25);
      Axis y(random, pointwise), x(random, pointwise);
      int64_t groups = random.chance(70) ? 1 : random.in(2, 3);
      int64_t groupIn = random.in(1, 9), groupOut = random.in(1, 7);
      int64_t inC = groups * groupIn, outC = groups * groupOut;
      int64_t length = y.kernel * x.kernel * groupIn;
      std::vector<int64_t> image = random.values(y.in * x.in * inC, in);
      std::vector<int64_t> weights = random.values(outC * length, weight);
      Finish finish(random, kernel.name, outC, in, weight, out);

      std::vector<int64_t> acc;
      for (int64_t oy = 0; oy < y.out; ++oy)
        for (int64_t ox = 0; ox < x.out; ++ox)
          for (int64_t oc = 0; oc < outC; ++oc) {
            int64_t sum = 0;
            for (int64_t ky = 0; ky < y.kernel; ++ky)
              for (int64_t kx = 0; kx < x.kernel; ++kx)
                for (int64_t ic = 0; ic < groupIn; ++ic) {
                  int64_t iy = oy * y.stride - y.pad + ky * y.dilation;
                  int64_t ix = ox * x.stride - x.pad + kx * x.dilation;
                  if (iy < 0 || iy >= y.in || ix < 0 || ix >= x.in)
                    continue;
                  int64_t channel = oc / groupOut * groupIn + ic;
                  sum += (image[(iy * x.in + ix) * inC + channel] -
                          finish.inputZero) *
                         (weights[((oc * y.kernel + ky) * x.kernel + kx) *
                                      groupIn +
                                  ic] -
                          finish.zeroOf(oc));
                }
            acc.push_back(sum);
          }
      std::vector<int64_t> expected =
          finish.finish(random, acc, outC, kernel.isWide());
      std::vector<uint32_t> words =
          packWords(random, weights, outC, length, weight.bits);
      qat_conv2d layer = {};
      layer.in_h = y.in, layer.in_w = x.in, layer.in_c = uint16_t(inC);
      layer.out_h = y.out, layer.out_w = x.out, layer.out_c = uint16_t(outC);
      layer.kernel_h = y.kernel, layer.kernel_w = x.kernel;
      layer.stride_h = y.stride, layer.stride_w = x.stride;
      layer.dilation_h = y.dilation, layer.dilation_w = x.dilation;
      layer.pad_top = y.pad, layer.pad_left = x.pad;
      layer.groups = uint16_t(groups);
      finish.fill(layer, words);
      Rows input(y.in, x.in * inC, in, randomGap(random, in));
      input.set(image);
      expectRows(random, kernel, layer, input, out, y.out, x.out * outC,
                 QAT_CONV2D_SCRATCH_BYTES(y.kernel, x.kernel, inC, groups,
                                          weight.bits),
                 expected);
      if (HasFailure())
        return;
    }
}

TEST_F(WeightedKernelsTest, DepthwiseConv2d) {
#define DEPTHWISE(in, w, out, wide)                                            \
  BOTH_WIDTHS(qat_depthwise_conv2d_##in##_##w##_##out,                         \
              qat_depthwise_conv2d_##in##_##w##_##wide),
#define DEPTHWISE_THRESHOLDS(in, w, out, wide)                                 \
  BOTH_WIDTHS_OF(_thresholds, qat_depthwise_conv2d_##in##_##w##_##out,         \
                 qat_depthwise_conv2d_##in##_##w##_##wide),
#define DEPTHWISE_UNSCALED(in, w, out, wide)                                   \
  BOTH_WIDTHS_OF(_unscaled, qat_depthwise_conv2d_##in##_##w##_##out,           \
                 qat_depthwise_conv2d_##in##_##w##_##wide),
  const Kernel<qat_depthwise_conv2d> kernels[] = {
      WEIGHTED_KERNELS(DEPTHWISE) THRESHOLD_KERNELS(DEPTHWISE_THRESHOLDS)
          UNSCALED_KERNELS(DEPTHWISE_UNSCALED)};
  Random random(2);
  for (const auto &kernel : kernels)
    for (int round = 0; round < 12; ++round) {
      std::vector<Storage> storages = storagesOf(kernel.name);
      Storage in = storages.at(0), weight = storages.at(1),
              out = storages.at(2);
      Axis y(random, false), x(random, false);
      int64_t channels = random.in(1, 21);
      int64_t multiplicity = random.chance(70) ? 1 : random.in(2, 3);
      int64_t outC = channels * multiplicity;
      std::vector<int64_t> image = random.values(y.in * x.in * channels, in);
      std::vector<int64_t> weights =
          random.values(y.kernel * x.kernel * outC, weight);
      Finish finish(random, kernel.name, outC, in, weight, out);

      std::vector<int64_t> acc;
      for (int64_t oy = 0; oy < y.out; ++oy)
        for (int64_t ox = 0; ox < x.out; ++ox)
          for (int64_t oc = 0; oc < outC; ++oc) {
            int64_t sum = 0;
            for (int64_t ky = 0; ky < y.kernel; ++ky)
              for (int64_t kx = 0; kx < x.kernel; ++kx) {
                int64_t iy = oy * y.stride - y.pad + ky * y.dilation;
                int64_t ix = ox * x.stride - x.pad + kx * x.dilation;
                if (iy < 0 || iy >= y.in || ix < 0 || ix >= x.in)
                  continue;
                sum += (image[(iy * x.in + ix) * channels + oc / multiplicity] -
                        finish.inputZero) *
                       (weights[(ky * x.kernel + kx) * outC + oc] -
                        finish.zeroOf(oc));
              }
            acc.push_back(sum);
          }
      std::vector<int64_t> expected =
          finish.finish(random, acc, outC, kernel.isWide());
      std::vector<uint32_t> words =
          packWords(random, weights, y.kernel * x.kernel, outC, weight.bits);
      qat_depthwise_conv2d layer = {};
      layer.in_h = y.in, layer.in_w = x.in;
      layer.out_h = y.out, layer.out_w = x.out;
      layer.channels = uint16_t(channels);
      layer.multiplicity = uint16_t(multiplicity);
      layer.kernel_h = y.kernel, layer.kernel_w = x.kernel;
      layer.stride_h = y.stride, layer.stride_w = x.stride;
      layer.dilation_h = y.dilation, layer.dilation_w = x.dilation;
      layer.pad_top = y.pad, layer.pad_left = x.pad;
      finish.fill(layer, words);
      Rows input(y.in, x.in * channels, in, randomGap(random, in));
      input.set(image);
      expectRows(random, kernel, layer, input, out, y.out, x.out * outC,
                 QAT_DEPTHWISE_CONV2D_SCRATCH_BYTES(y.kernel, x.kernel),
                 expected);
      if (HasFailure())
        return;
    }
}

template <typename Fill>
void testFullyConnected(Random &random,
                        const Kernel<qat_fully_connected> &kernel, int64_t rows,
                        int64_t inputs, int64_t outputs, Fill valuesOf) {
  std::vector<Storage> storages = storagesOf(kernel.name);
  Storage in = storages.at(0), weight = storages.at(1), out = storages.at(2);
  std::vector<int64_t> vectors = valuesOf(rows * inputs, in);
  std::vector<int64_t> weights = valuesOf(outputs * inputs, weight);
  Finish finish(random, kernel.name, outputs, in, weight, out);
  std::vector<int64_t> acc;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t o = 0; o < outputs; ++o) {
      int64_t sum = 0;
      for (int64_t i = 0; i < inputs; ++i)
        sum += (vectors[row * inputs + i] - finish.inputZero) *
               (weights[o * inputs + i] - finish.zeroOf(o));
      acc.push_back(sum);
    }
  std::vector<int64_t> expected =
      finish.finish(random, acc, outputs, kernel.isWide());
  std::vector<uint32_t> words =
      packWords(random, weights, outputs, inputs, weight.bits);
  qat_fully_connected layer = {};
  layer.inputs = int32_t(inputs), layer.outputs = int32_t(outputs);
  finish.fill(layer, words);
  Rows input(rows, inputs, in, randomGap(random, in));
  input.set(vectors);
  expectRows(random, kernel, layer, input, out, rows, outputs,
             QAT_FULLY_CONNECTED_SCRATCH_BYTES(inputs, weight.bits), expected);
}

TEST_F(WeightedKernelsTest, FullyConnected) {
#define DENSE(in, w, out, wide)                                                \
  BOTH_WIDTHS(qat_fully_connected_##in##_##w##_##out,                          \
              qat_fully_connected_##in##_##w##_##wide),
#define DENSE_THRESHOLDS(in, w, out, wide)                                     \
  BOTH_WIDTHS_OF(_thresholds, qat_fully_connected_##in##_##w##_##out,          \
                 qat_fully_connected_##in##_##w##_##wide),
#define DENSE_UNSCALED(in, w, out, wide)                                       \
  BOTH_WIDTHS_OF(_unscaled, qat_fully_connected_##in##_##w##_##out,            \
                 qat_fully_connected_##in##_##w##_##wide),
  const Kernel<qat_fully_connected> kernels[] = {
      WEIGHTED_KERNELS(DENSE) THRESHOLD_KERNELS(DENSE_THRESHOLDS)
          UNSCALED_KERNELS(DENSE_UNSCALED)};
  Random random(3);
  for (const auto &kernel : kernels)
    for (int round = 0; round < 12 && !HasFailure(); ++round)
      testFullyConnected(
          random, kernel, random.in(1, 4), random.in(1, 70), random.in(1, 9),
          [&](int64_t n, Storage s) { return random.values(n, s); });
}

TEST_F(WeightedKernelsTest, SumsBeyond32Bits) {
  const Kernel<qat_fully_connected> kernel =
      KERNEL(qat_fully_connected_u8_u8_i32_acc64);
  Random random(4);
  for (int round = 0; round < 16 && !HasFailure(); ++round)
    testFullyConnected(random, kernel, 1, 70001, 3, [&](int64_t n, Storage s) {
      return std::vector<int64_t>(n, s.highest());
    });
}
} // namespace
