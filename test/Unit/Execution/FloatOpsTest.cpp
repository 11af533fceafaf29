//===- FloatOpsTest.cpp - float ops against plain loops ---------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include "qat/Support/IntegerLayers.h"

#include "llvm/Support/FormatVariadic.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;
using namespace mlir::qat::test;

namespace {
std::vector<float> toVector(const NdArray &array) {
  return std::vector<float>(array.data<float>().begin(),
                            array.data<float>().end());
}

struct Norm {
  std::vector<float> gamma, beta, mean, variance;
  float epsilon = 1e-3f;

  explicit Norm(size_t channels) {
    std::mt19937 random(7);
    gamma = randomFloats(random, channels, -2, 2);
    beta = randomFloats(random, channels, -1, 1);
    mean = randomFloats(random, channels, -3, 3);
    variance = randomFloats(random, channels, 0, 4);
  }
  float factor(size_t channel) const {
    return gamma[channel] / std::sqrt(variance[channel] + epsilon);
  }
  float normalize(float x, size_t channel) const {
    return (x - mean[channel]) * factor(channel) + beta[channel];
  }
  /// The parameters as constants %g, %b, %m, %v.
  std::string constants() const {
    std::string type = "tensor<" + std::to_string(gamma.size()) + "xf32>";
    return formatv("%g = arith.constant {0} : {4}\n%b = arith.constant {1} : "
                   "{4}\n%m = arith.constant {2} : {4}\n%v = arith.constant "
                   "{3} : {4}\n",
                   dense<float>(gamma), dense<float>(beta), dense<float>(mean),
                   dense<float>(variance), type);
  }
};

// Bit for bit: every operation is rounded on its own, in the order of the text.
TEST(FloatOps, batchNormEqualsLoop) {
  Norm norm(19);
  std::mt19937 random(8);
  std::vector<float> x = randomFloats(random, 2 * 3 * 5 * 19, -5, 5);
  std::unique_ptr<CompiledNetwork> network =
      compile(formatv("func.func @main(%x: tensor<2x3x5x19xf32>) -> "
                      "tensor<2x3x5x19xf32> {{\n"
                      "{0}%y = qat.batch_norm %x, %g, %b, %m, %v {{epsilon = "
                      "1.0e-3 : f32} : "
                      "tensor<2x3x5x19xf32>, tensor<19xf32>\n"
                      "return %y : tensor<2x3x5x19xf32>\n}",
                      norm.constants())
                  .str());
  ASSERT_TRUE(network);
  NdArray input = floatArray({2, 3, 5, 19}, x);
  std::vector<float> expected;
  for (size_t i = 0; i < x.size(); ++i)
    expected.push_back(norm.normalize(x[i], i % 19));
  EXPECT_EQ(toVector(run(*network, &input)), expected);
}

TEST(FloatOps, foldsEqualLoops) {
  Norm norm(6);
  std::mt19937 random(9);
  std::vector<float> w = randomFloats(random, 3 * 3 * 2 * 3, -1, 1);
  std::vector<float> bias = randomFloats(random, 6, -1, 1);
  std::unique_ptr<CompiledNetwork> network = compile(
      formatv(
          "func.func @main(%w: tensor<3x3x2x3xf32>, %c: tensor<6xf32>) -> "
          "(tensor<3x3x2x3xf32>, tensor<6xf32>) {{\n{0}"
          "%t = qat.fold_weight %w, %g, %v {{channel_axes = array<i64: 2, 3>, "
          "epsilon = 1.0e-3 : f32} : tensor<3x3x2x3xf32>, tensor<6xf32>\n"
          "%d = qat.fold_bias %c, %g, %b, %m, %v {{epsilon = 1.0e-3 : f32} : "
          "tensor<6xf32>\n"
          "return %t, %d : tensor<3x3x2x3xf32>, tensor<6xf32>\n}",
          norm.constants())
          .str());
  ASSERT_TRUE(network);
  NdArray weights = floatArray({3, 3, 2, 3}, w), biases = floatArray(6, bias);
  NdArray outputs[2];
  ASSERT_FALSE(static_cast<bool>(network->run({&weights, &biases}, outputs)));
  std::vector<float> foldedWeights, foldedBias;
  for (size_t i = 0; i < w.size(); ++i)
    foldedWeights.push_back(w[i] * norm.factor(i % 6));
  for (size_t i = 0; i < bias.size(); ++i)
    foldedBias.push_back(norm.normalize(bias[i], i));
  EXPECT_EQ(toVector(outputs[0]), foldedWeights);
  EXPECT_EQ(toVector(outputs[1]), foldedBias);
}

TEST(FloatOps, softmaxEqualsLoop) {
  std::mt19937 random(10);
  std::vector<float> x = randomFloats(random, 4 * 10, -90, 90);
  std::unique_ptr<CompiledNetwork> network =
      compile("func.func @main(%x: tensor<4x10xf32>) -> tensor<4x10xf32> {\n"
              "%y = qat.softmax %x : tensor<4x10xf32>\n"
              "return %y : tensor<4x10xf32>\n}");
  ASSERT_TRUE(network);
  NdArray input = floatArray({4, 10}, x);
  std::vector<float> y = toVector(run(*network, &input));
  for (int row = 0; row < 4; ++row) {
    double largest = -1e30, sum = 0;
    for (int i = 0; i < 10; ++i)
      largest = std::max<double>(largest, x[row * 10 + i]);
    for (int i = 0; i < 10; ++i)
      sum += std::exp(x[row * 10 + i] - largest);
    for (int i = 0; i < 10; ++i)
      EXPECT_NEAR(y[row * 10 + i], std::exp(x[row * 10 + i] - largest) / sum,
                  1e-6);
  }
}

/// A float convolution by definition, in double.
std::vector<float> convolve(const std::vector<float> &x, int height, int width,
                            int inputs, const std::vector<float> &w, int kernel,
                            int outputs, const std::vector<float> &bias,
                            int stride, int padTop, int padLeft, int outHeight,
                            int outWidth, bool depthwise) {
  std::vector<float> y;
  for (int oh = 0; oh < outHeight; ++oh)
    for (int ow = 0; ow < outWidth; ++ow)
      for (int oc = 0; oc < outputs; ++oc) {
        double sum = bias[oc];
        for (int kh = 0; kh < kernel; ++kh)
          for (int kw = 0; kw < kernel; ++kw) {
            int ih = oh * stride + kh - padTop, iw = ow * stride + kw - padLeft;
            if (ih < 0 || iw < 0 || ih >= height || iw >= width)
              continue;
            const float *pixel = &x[(ih * width + iw) * inputs];
            if (depthwise) {
              sum += static_cast<double>(pixel[oc / (outputs / inputs)]) *
                     w[(kh * kernel + kw) * outputs + oc];
              continue;
            }
            for (int ic = 0; ic < inputs; ++ic)
              sum += static_cast<double>(pixel[ic]) *
                     w[((oc * kernel + kh) * kernel + kw) * inputs + ic];
          }
        y.push_back(static_cast<float>(sum));
      }
  return y;
}

void expectNear(const std::vector<float> &actual,
                const std::vector<float> &expected, float tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i)
    ASSERT_NEAR(actual[i], expected[i], tolerance) << "element " << i;
}

// Constant weights are transposed at compile time, others at run time.
TEST(FloatOps, convolutionsEqualLoops) {
  std::mt19937 random(12);
  std::vector<float> x = randomFloats(random, 7 * 6 * 5, -1, 1);
  std::vector<float> w = randomFloats(random, 8 * 3 * 3 * 5, -1, 1);
  std::vector<float> bias = randomFloats(random, 8, -1, 1);
  std::string convolution = formatv(
      "%c = arith.constant {0} : tensor<8xf32>\n"
      "%z = \"tosa.const\"() {{values = dense<0.0> : tensor<1xf32>} : () -> "
      "tensor<1xf32>\n"
      "%y = tosa.conv2d %x, %w, %c, %z, %z {{acc_type = f32, pad = "
      "array<i64: 1, 1, 0, 1>, stride = array<i64: 2, 2>, dilation = "
      "array<i64: 1, 1>} : (tensor<1x7x6x5xf32>, tensor<8x3x3x5xf32>, "
      "tensor<8xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x3x8xf32>\n"
      "return %y : tensor<1x4x3x8xf32>\n}",
      dense<float>(bias));
  std::vector<float> expected =
      convolve(x, 7, 6, 5, w, 3, 8, bias, 2, 1, 0, 4, 3, false);
  NdArray input = floatArray({1, 7, 6, 5}, x);
  NdArray weights = floatArray({8, 3, 3, 5}, w);
  std::unique_ptr<CompiledNetwork> constant = compile(
      "func.func @main(%x: tensor<1x7x6x5xf32>) -> tensor<1x4x3x8xf32> {\n"
      "%w = arith.constant " +
      dense<float>(w) + " : tensor<8x3x3x5xf32>\n" + convolution);
  ASSERT_TRUE(constant);
  expectNear(toVector(run(*constant, &input)), expected, 1e-5f);
  std::unique_ptr<CompiledNetwork> argument = compile(
      "func.func @main(%x: tensor<1x7x6x5xf32>, %w: tensor<8x3x3x5xf32>) -> "
      "tensor<1x4x3x8xf32> {\n" +
      convolution);
  ASSERT_TRUE(argument);
  // The order of the sums is the same.
  EXPECT_EQ(toVector(run(*argument, {&input, &weights})),
            toVector(run(*constant, &input)));
}

TEST(FloatOps, depthwiseAndPoolsEqualLoops) {
  std::mt19937 random(13);
  std::vector<float> x = randomFloats(random, 6 * 6 * 4, -1, 1);
  std::vector<float> w = randomFloats(random, 3 * 3 * 8, -1, 1);
  std::vector<float> bias = randomFloats(random, 8, -1, 1);
  std::unique_ptr<CompiledNetwork> network = compile(
      formatv(
          "func.func @main(%x: tensor<1x6x6x4xf32>) -> (tensor<1x6x6x8xf32>, "
          "tensor<1x3x3x8xf32>, tensor<1x3x3x8xf32>) {{\n"
          "%w = arith.constant {0} : tensor<3x3x4x2xf32>\n"
          "%c = arith.constant {1} : tensor<8xf32>\n"
          "%z = \"tosa.const\"() {{values = dense<0.0> : tensor<1xf32>} : () "
          "-> "
          "tensor<1xf32>\n"
          "%y = tosa.depthwise_conv2d %x, %w, %c, %z, %z {{acc_type = f32, pad "
          "= "
          "array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = "
          "array<i64: 1, 1>} : (tensor<1x6x6x4xf32>, tensor<3x3x4x2xf32>, "
          "tensor<8xf32>, tensor<1xf32>, tensor<1xf32>) -> "
          "tensor<1x6x6x8xf32>\n"
          "%a = tosa.avg_pool2d %y, %z, %z {{acc_type = f32, kernel = "
          "array<i64: 3, 3>, stride = array<i64: 2, 2>, pad = array<i64: 1, 0, "
          "1, "
          "0>} : (tensor<1x6x6x8xf32>, tensor<1xf32>, tensor<1xf32>) -> "
          "tensor<1x3x3x8xf32>\n"
          "%m = tosa.max_pool2d %y {{kernel = array<i64: 3, 3>, stride = "
          "array<i64: 2, 2>, pad = array<i64: 1, 0, 1, 0>} : "
          "(tensor<1x6x6x8xf32>) -> tensor<1x3x3x8xf32>\n"
          "return %y, %a, %m : tensor<1x6x6x8xf32>, tensor<1x3x3x8xf32>, "
          "tensor<1x3x3x8xf32>\n}",
          dense<float>(w), dense<float>(bias))
          .str());
  ASSERT_TRUE(network);
  NdArray input = floatArray({1, 6, 6, 4}, x);
  NdArray outputs[3];
  ASSERT_FALSE(static_cast<bool>(network->run(&input, outputs)));
  std::vector<float> y = toVector(outputs[0]);
  expectNear(y, convolve(x, 6, 6, 4, w, 3, 8, bias, 1, 1, 1, 6, 6, true),
             1e-5f);
  std::vector<float> average, maximum;
  for (int oh = 0; oh < 3; ++oh)
    for (int ow = 0; ow < 3; ++ow)
      for (int c = 0; c < 8; ++c) {
        double sum = 0, largest = -1e30;
        int taps = 0;
        for (int kh = 0; kh < 3; ++kh)
          for (int kw = 0; kw < 3; ++kw) {
            int ih = 2 * oh + kh - 1, iw = 2 * ow + kw - 1;
            if (ih < 0 || iw < 0 || ih > 5 || iw > 5)
              continue;
            double value = y[(ih * 6 + iw) * 8 + c];
            sum += value;
            largest = std::max(largest, value);
            ++taps;
          }
        average.push_back(static_cast<float>(sum / taps));
        maximum.push_back(static_cast<float>(largest));
      }
  expectNear(toVector(outputs[1]), average, 1e-6f);
  EXPECT_EQ(toVector(outputs[2]), maximum);
}

/// The pool of `levels` (NHWC) times `step`, by the integer reference.
std::vector<float> getRoundedPool(ArrayRef<int32_t> levels,
                                  ArrayRef<int64_t> shape, const Window &window,
                                  Rounding rounding, float step) {
  IntegerTensor input{SmallVector<int64_t, 4>(shape), levels.vec()};
  Expected<IntegerTensor> pooled =
      referenceAvgPool2d(input, /*zeroPoint=*/0, window, rounding);
  EXPECT_TRUE(static_cast<bool>(pooled));
  std::vector<float> result;
  for (int32_t value : pooled->values)
    result.push_back(static_cast<float>(value) * step);
  return result;
}

// On levels: what the integer pool computes, times the step.
TEST(FloatOps, roundedPoolEqualsIntegerPool) {
  std::mt19937 random(21);
  const float step = 0.0371f;
  for (bool nearest : {false, true}) {
    for (bool pads : {false, true}) {
      std::vector<int32_t> levels =
          randomIntegers<int32_t>(random, 2 * 7 * 8 * 3, -128, 255);
      std::vector<float> x;
      for (int32_t level : levels)
        x.push_back(static_cast<float>(level) * step);
      Window window{{3, 4}, {2, 1}, {1, 1}, {pads, pads, 2 * pads, pads}};
      int64_t height = (7 + 2 * pads - 3) / 2 + 1, width = 8 + 3 * pads - 3;
      std::unique_ptr<CompiledNetwork> network = compile(
          formatv(
              "func.func @main(%x: tensor<2x7x8x3xf32>) -> {0} {{\n"
              "%s = arith.constant dense<{1}> : tensor<f32>\n"
              "%y = qat.rounded_avg_pool2d %x, %s {{kernel = array<i64: 3, "
              "4>, stride = array<i64: 2, 1>, pad = array<i64: {2}>, "
              "rounding = #qat.rounding<{3}>} : tensor<2x7x8x3xf32> -> {0}\n"
              "return %y : {0}\n}",
              formatv("tensor<2x{0}x{1}x3xf32>", height, width).str(), "0.0371",
              pads ? "1, 1, 2, 1" : "0, 0, 0, 0", nearest ? "nearest" : "floor")
              .str());
      ASSERT_TRUE(network);
      NdArray input = floatArray({2, 7, 8, 3}, x);
      EXPECT_EQ(toVector(run(*network, &input)),
                getRoundedPool(levels, {2, 7, 8, 3}, window,
                               nearest ? Rounding::Nearest : Rounding::Floor,
                               step))
          << nearest << pads;
    }
  }
}

// Beyond 2^14 taps the sums need 64 bits; what no grid holds is clamped to 16
// bits, and a NaN is 0.
TEST(FloatOps, roundedPoolOfManyTapsAndOddValues) {
  std::unique_ptr<CompiledNetwork> network =
      compile("func.func @main(%x: tensor<1x200x200x3xf32>) -> "
              "tensor<1x1x1x3xf32> {\n"
              "%s = arith.constant dense<0.5> : tensor<f32>\n"
              "%y = qat.rounded_avg_pool2d %x, %s {kernel = array<i64: 200, "
              "200>, stride = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, "
              "rounding = #qat.rounding<nearest>} : tensor<1x200x200x3xf32> -> "
              "tensor<1x1x1x3xf32>\n"
              "return %y : tensor<1x1x1x3xf32>\n}");
  ASSERT_TRUE(network);
  std::vector<float> x;
  for (int i = 0; i < 200 * 200; ++i) {
    x.push_back(i % 2 ? 1e30f : 16000.0f);
    x.push_back(-std::numeric_limits<float>::infinity());
    x.push_back(i % 2 ? std::numeric_limits<float>::quiet_NaN() : 5.0f);
  }
  NdArray input = floatArray({1, 200, 200, 3}, x);
  // Levels 32767 and 32000, -32768, and 0 and 10.
  EXPECT_EQ(toVector(run(*network, &input)),
            (std::vector<float>{32384 * 0.5f, -32768 * 0.5f, 5 * 0.5f}));
}
} // namespace
