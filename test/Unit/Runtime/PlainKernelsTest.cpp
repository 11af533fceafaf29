//===- PlainKernelsTest.cpp - kernels without weights, requantization -----===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelTesting.h"
#include "Kernels.h"

using namespace qat_test;

namespace {
TEST(RequantizeTest, IsTheFloorOfTheExactProduct) {
  Random random(5);
  const int64_t edges[] = {INT32_MIN, INT32_MIN + 1, -1, 0, 1, INT32_MAX};
  for (int round = 0; round < 20000; ++round) {
    auto pick = [&](int64_t bits) {
      return random.chance(20) ? edges[random.in(0, 5)]
                               : random.in(-(1LL << bits), (1LL << bits) - 1);
    };
    int64_t acc = pick(random.in(1, 31)), multiplier = pick(random.in(1, 31));
    int shift = int(random.in(0, 63));
    EXPECT_EQ(qat_requantize(int32_t(acc), int32_t(multiplier), shift),
              limit(floorShift(__int128(acc) * multiplier, shift), INT32_MIN,
                    INT32_MAX))
        << acc << " * " << multiplier << " >> " << shift;
    int64_t wide = pick(random.in(1, 61));
    EXPECT_EQ(qat_requantize_wide(wide, int32_t(multiplier), shift),
              limit(floorShift(__int128(wide) * multiplier, shift), INT32_MIN,
                    INT32_MAX))
        << wide << " * " << multiplier << " >> " << shift;
  }
}

/// A pooling window that touches the image wherever it is.
struct PoolAxis {
  uint16_t in, out, kernel, stride, pad;
  explicit PoolAxis(Random &random) {
    in = uint16_t(random.in(1, 9));
    kernel = uint16_t(random.in(1, 5));
    stride = uint16_t(random.in(1, 3));
    pad = uint16_t(random.in(0, kernel - 1));
    out = uint16_t(random.in(0, (in - 1 + pad) / stride) + 1);
  }
};

/// The elements of each window that lie inside, for every output.
std::vector<std::vector<int64_t>> windowsOf(const PoolAxis &y,
                                            const PoolAxis &x, int64_t channels,
                                            const std::vector<int64_t> &image) {
  std::vector<std::vector<int64_t>> windows;
  for (int64_t oy = 0; oy < y.out; ++oy)
    for (int64_t ox = 0; ox < x.out; ++ox)
      for (int64_t c = 0; c < channels; ++c) {
        windows.emplace_back();
        for (int64_t ky = 0; ky < y.kernel; ++ky)
          for (int64_t kx = 0; kx < x.kernel; ++kx) {
            int64_t iy = oy * y.stride - y.pad + ky;
            int64_t ix = ox * x.stride - x.pad + kx;
            if (iy >= 0 && iy < y.in && ix >= 0 && ix < x.in)
              windows.back().push_back(image[(iy * x.in + ix) * channels + c]);
          }
      }
  return windows;
}

template <typename Layer, typename Reduce>
void testPool(Random &random, const Kernel<Layer> &kernel, Layer layer,
              Reduce reduce) {
  Storage storage = storagesOf(kernel.name).at(0);
  PoolAxis y(random), x(random);
  int64_t channels = random.in(1, 9);
  std::vector<int64_t> image = random.values(y.in * x.in * channels, storage);
  std::vector<int64_t> expected;
  for (const std::vector<int64_t> &window : windowsOf(y, x, channels, image))
    expected.push_back(reduce(window));
  layer.in_h = y.in, layer.in_w = x.in;
  layer.out_h = y.out, layer.out_w = x.out;
  layer.channels = uint16_t(channels);
  layer.kernel_h = y.kernel, layer.kernel_w = x.kernel;
  layer.stride_h = y.stride, layer.stride_w = x.stride;
  layer.pad_top = y.pad, layer.pad_left = x.pad;
  Rows input(y.in, x.in * channels, storage, randomGap(random, storage));
  input.set(image);
  expectRows(random, kernel, layer, input, storage, y.out, x.out * channels, 0,
             expected);
}

TEST(PoolTest, Average) {
#define AVERAGE(s) KERNEL(qat_avg_pool2d_##s##_##s),
  const Kernel<qat_avg_pool2d> kernels[] = {KEEPING_KERNELS(AVERAGE)};
  Random random(6);
  for (const auto &kernel : kernels)
    for (int round = 0; round < 30; ++round) {
      qat_avg_pool2d layer = {};
      layer.round_to_nearest = uint8_t(round % 3);
      testPool(random, kernel, layer, [&](const std::vector<int64_t> &window) {
        int64_t sum = 0, count = int64_t(window.size());
        for (int64_t value : window)
          sum += value;
        if (round % 3 == 2) // halves away from 0
          return (2 * sum + (sum < 0 ? -count : count)) / (2 * count);
        int64_t above = round % 3 ? 2 * sum + count : sum;
        int64_t below = round % 3 ? 2 * count : count;
        return above / below - (above % below < 0);
      });
    }
}

TEST(PoolTest, Maximum) {
#define MAXIMUM(s) KERNEL(qat_max_pool2d_##s##_##s),
  const Kernel<qat_max_pool2d> kernels[] = {KEEPING_KERNELS(MAXIMUM)};
  Random random(7);
  for (const auto &kernel : kernels)
    for (int round = 0; round < 30; ++round)
      testPool(random, kernel, qat_max_pool2d{},
               [&](const std::vector<int64_t> &window) {
                 return *std::max_element(window.begin(), window.end());
               });
}

template <auto Kernel> struct CallAdd;
template <typename In1, typename In2, typename Out,
          void (*Kernel)(const qat_add *, const In1 *, int32_t, const In2 *,
                         int32_t, Out *, int32_t, int32_t, int32_t, void *)>
struct CallAdd<Kernel> {
  static void run(const qat_add *layer, const void *in1, int32_t pitch1,
                  const void *in2, int32_t pitch2, void *out, int32_t pitch,
                  int32_t row, int32_t count) {
    Kernel(layer, static_cast<const In1 *>(in1), pitch1,
           static_cast<const In2 *>(in2), pitch2, static_cast<Out *>(out),
           pitch, row, count, nullptr);
  }
};
#define ADD_KERNEL(in1, in2, out)                                              \
  {"qat_add_" #in1 "_" #in2 "_" #out,                                          \
   CallAdd<qat_add_##in1##_##in2##_##out>::run},

TEST(AddTest, AddsOnTheGridOfTheResult) {
  const struct {
    const char *name;
    void (*run)(const qat_add *, const void *, int32_t, const void *, int32_t,
                void *, int32_t, int32_t, int32_t);
  } kernels[] = {ADD_KERNELS(ADD_KERNEL)};
  Random random(8);
  int64_t inside = 0, outputs = 0;
  for (const auto &kernel : kernels)
    for (int round = 0; round < 20; ++round) {
      std::vector<Storage> storages = storagesOf(kernel.name);
      Storage in1 = storages.at(0), in2 = storages.at(1), out = storages.at(2);
      int64_t rows = random.in(1, 5), elements = random.in(1, 40);
      std::vector<int64_t> x1 = random.values(rows * elements, in1);
      std::vector<int64_t> x2 = random.values(rows * elements, in2);
      qat_add layer = {};
      layer.row_elements = int32_t(elements);
      layer.input1_zero_point = int32_t(random.in(in1.lowest(), in1.highest()));
      layer.input2_zero_point = int32_t(random.in(in2.lowest(), in2.highest()));
      layer.output_zero_point = int32_t(random.in(out.lowest(), out.highest()));
      layer.output_min = int32_t(out.lowest());
      layer.output_max = int32_t(out.highest());
      // The larger multiplier has 20 or 21 bits, as the compiler makes it.
      layer.input1_multiplier = int32_t(random.in(1 << 19, 1 << 20));
      layer.input2_multiplier = int32_t(random.in(0, 1 << 20));
      layer.shift = uint8_t(random.in(18, 23));
      layer.rounding = round % 2 ? 1 << (layer.shift - 1) : 0;
      std::vector<int64_t> expected;
      for (size_t i = 0; i < x1.size(); ++i) {
        int64_t sum =
            (x1[i] - layer.input1_zero_point) * layer.input1_multiplier +
            (x2[i] - layer.input2_zero_point) * layer.input2_multiplier +
            layer.rounding;
        ASSERT_EQ(sum, int32_t(sum));
        expected.push_back(
            limit(floorShift(sum, layer.shift) + layer.output_zero_point,
                  layer.output_min, layer.output_max));
        inside +=
            expected.back() > out.lowest() && expected.back() < out.highest();
        ++outputs;
      }
      Rows input1(rows, elements, in1, randomGap(random, in1));
      Rows input2(rows, elements, in2, randomGap(random, in2));
      input1.set(x1);
      input2.set(x2);
      Rows output(rows, elements, out, randomGap(random, out));
      int32_t split = int32_t(random.in(0, rows));
      for (auto [row, count] :
           {std::pair<int32_t, int32_t>{split, rows - split}, {0, split}})
        kernel.run(&layer, input1.data(), int32_t(input1.pitch), input2.data(),
                   int32_t(input2.pitch), output.data(), int32_t(output.pitch),
                   row, count);
      EXPECT_EQ(output.get(), expected) << kernel.name;
      EXPECT_TRUE(output.isClean()) << kernel.name;
      if (in1.bits == out.bits) { // in place
        kernel.run(&layer, input1.data(), int32_t(input1.pitch), input2.data(),
                   int32_t(input2.pitch), input1.data(), int32_t(input1.pitch),
                   0, int32_t(rows));
        std::vector<int64_t> result = input1.get();
        for (size_t i = 0; i < result.size(); ++i)
          EXPECT_EQ((result[i] - expected[i]) & ((1 << out.bits) - 1), 0)
              << kernel.name << " in place";
      }
    }
  EXPECT_GT(inside * 3, outputs);
}

/// In C++ the function of this name hides the structure.
using RequantizeLayer = struct qat_requantize;

TEST(ChangeGridTest, WritesItsChannelsOnly) {
#define REQUANTIZE(in, out) KERNEL(qat_requantize_##in##_##out),
  const Kernel<RequantizeLayer> kernels[] = {REQUANTIZE_KERNELS(REQUANTIZE)};
  Random random(9);
  int64_t inside = 0, outputs = 0;
  for (const auto &kernel : kernels)
    for (int round = 0; round < 20; ++round) {
      std::vector<Storage> storages = storagesOf(kernel.name);
      Storage in = storages.at(0), out = storages.at(1);
      int64_t rows = random.in(1, 4), width = random.in(1, 6);
      int64_t channels = random.in(1, 7), before = 0, after = 0;
      if (random.chance(50))
        before = random.in(0, 5), after = random.in(0, 5);
      int64_t wide = before + channels + after;
      int64_t above = random.chance(30) ? random.in(1, 3) : 0;
      RequantizeLayer layer = {};
      layer.output_first_row = int32_t(above);
      layer.width = int32_t(width);
      layer.channels = int32_t(channels);
      layer.output_channels = int32_t(wide);
      layer.output_first_channel = int32_t(before);
      layer.input_zero_point = int32_t(random.in(in.lowest(), in.highest()));
      layer.output_zero_point = int32_t(random.in(out.lowest(), out.highest()));
      layer.output_min = int32_t(out.lowest());
      layer.output_max = int32_t(out.highest());
      int64_t m = random.in(1LL << 30, INT32_MAX);
      layer.multiplier = int32_t(random.chance(30) ? -m : m);
      // The widths decide about how much has to be shifted away.
      layer.shift = uint8_t(random.chance(20) ? random.in(1, 63)
                                              : 31 + in.bits - out.bits);
      layer.rounding = round % 2 ? int64_t(1) << (layer.shift - 1) : 0;
      std::vector<int64_t> image = random.values(rows * width * channels, in);
      std::vector<int64_t> expected =
          random.values((above + rows) * width * wide, out);
      Rows output(above + rows, width * wide, out, randomGap(random, out));
      output.set(expected);
      for (int64_t pixel = 0; pixel < rows * width; ++pixel)
        for (int64_t c = 0; c < channels; ++c) {
          __int128 sum =
              __int128(image[pixel * channels + c] - layer.input_zero_point) *
                  layer.multiplier +
              layer.rounding;
          int64_t value =
              limit(floorShift(sum, layer.shift) + layer.output_zero_point,
                    layer.output_min, layer.output_max);
          expected[(above * width + pixel) * wide + before + c] = value;
          inside += value > out.lowest() && value < out.highest();
          ++outputs;
        }
      Rows input(rows, width * channels, in, randomGap(random, in));
      input.set(image);
      int32_t split = int32_t(random.in(0, rows));
      for (auto [row, count] :
           {std::pair<int32_t, int32_t>{split, rows - split}, {0, split}})
        kernel.run(&layer, input.data(), int32_t(input.pitch), output.data(),
                   int32_t(output.pitch), row, count, nullptr);
      EXPECT_EQ(output.get(), expected) << kernel.name;
      EXPECT_TRUE(output.isClean()) << kernel.name;
    }
  EXPECT_GT(inside * 3, outputs);
}

TEST(ChangeGridTest, ClearsUnusedFieldsOfARowOnly) {
  RequantizeLayer layer = {};
  layer.width = 3;
  layer.channels = layer.output_channels = 1;
  layer.output_max = 3;
  layer.multiplier = 1;
  const int8_t input[] = {3, 2, 1};
  uint8_t output[] = {0xff, 0xff};
  qat_requantize_i8_u2(&layer, input, 3, output, 1, 0, 1, nullptr);
  EXPECT_EQ(output[0], 3 | 2 << 2 | 1 << 4);
  EXPECT_EQ(output[1], 0xff);
}

TEST(ConcatTest, CopiesItsPartOnly) {
#define CONCAT(s) KERNEL(qat_concat_##s##_##s),
  const Kernel<qat_concat> kernels[] = {KEEPING_KERNELS(CONCAT)};
  Random random(10);
  for (const auto &kernel : kernels)
    for (int round = 0; round < 40; ++round) {
      Storage storage = storagesOf(kernel.name).at(0);
      int64_t rows = random.in(1, 4), width = random.in(1, 6);
      // Often such that everything starts on bytes.
      int64_t unit = random.chance(50) ? 4 : 1;
      int64_t channels = unit * random.in(1, 7);
      int64_t before = unit * random.in(0, 5), after = unit * random.in(0, 5);
      int64_t above = random.in(0, 2), below = random.in(0, 2);
      int64_t wide = before + channels + after, high = above + rows + below;
      qat_concat layer = {};
      layer.width = int32_t(width);
      layer.channels = int32_t(channels);
      layer.output_channels = int32_t(wide);
      layer.output_first_channel = int32_t(before);
      layer.output_first_row = int32_t(above);
      std::vector<int64_t> image =
          random.values(rows * width * channels, storage);
      std::vector<int64_t> expected =
          random.values(high * width * wide, storage);
      Rows output(high, width * wide, storage, randomGap(random, storage));
      output.set(expected);
      for (int64_t pixel = 0; pixel < rows * width; ++pixel)
        for (int64_t c = 0; c < channels; ++c)
          expected[(above * width + pixel) * wide + before + c] =
              image[pixel * channels + c];
      Rows input(rows, width * channels, storage, randomGap(random, storage));
      input.set(image);
      int32_t split = int32_t(random.in(0, rows));
      for (auto [row, count] :
           {std::pair<int32_t, int32_t>{split, rows - split}, {0, split}})
        kernel.run(&layer, input.data(), int32_t(input.pitch), output.data(),
                   int32_t(output.pitch), row, count, nullptr);
      EXPECT_EQ(output.get(), expected) << kernel.name;
      EXPECT_TRUE(output.isClean()) << kernel.name;
    }
}

TEST(PadTest, PutsABorderAround) {
#define PAD(s) KERNEL(qat_pad_##s##_##s),
  const Kernel<qat_pad> kernels[] = {KEEPING_KERNELS(PAD)};
  Random random(11);
  for (const auto &kernel : kernels)
    for (int round = 0; round < 30; ++round) {
      Storage storage = storagesOf(kernel.name).at(0);
      int64_t in[3], low[3], out[3];
      for (int i = 0; i < 3; ++i) {
        in[i] = random.in(1, 6), low[i] = random.in(0, 3);
        out[i] = low[i] + in[i] + random.in(0, 3);
      }
      qat_pad layer = {};
      layer.in_h = uint16_t(in[0]), layer.in_w = uint16_t(in[1]);
      layer.in_c = uint16_t(in[2]);
      layer.out_h = uint16_t(out[0]), layer.out_w = uint16_t(out[1]);
      layer.out_c = uint16_t(out[2]);
      layer.top = uint16_t(low[0]), layer.left = uint16_t(low[1]);
      layer.front = uint16_t(low[2]);
      layer.value = int32_t(random.in(storage.lowest(), storage.highest()));
      std::vector<int64_t> image =
          random.values(in[0] * in[1] * in[2], storage);
      std::vector<int64_t> expected(out[0] * out[1] * out[2], layer.value);
      for (int64_t y = 0; y < in[0]; ++y)
        for (int64_t x = 0; x < in[1]; ++x)
          for (int64_t c = 0; c < in[2]; ++c)
            expected[((y + low[0]) * out[1] + x + low[1]) * out[2] + c +
                     low[2]] = image[(y * in[1] + x) * in[2] + c];
      Rows input(in[0], in[1] * in[2], storage, randomGap(random, storage));
      input.set(image);
      expectRows(random, kernel, layer, input, storage, out[0], out[1] * out[2],
                 0, expected);
    }
}
} // namespace
