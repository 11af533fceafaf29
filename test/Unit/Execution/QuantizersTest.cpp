//===- QuantizersTest.cpp - fake quantizers against the scalar reference -===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include "qat/Support/ActivationQuantizers.h"
#include "qat/Support/WeightQuantizers.h"

#include "llvm/Support/FormatVariadic.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;
using namespace mlir::qat::test;

namespace {
constexpr size_t kCount = 4099;

/// Values around and beyond the bounds of the tests, exact half steps of
/// `step` among them, and what is not a number.
std::vector<float> makeInputs(float step) {
  std::mt19937 random(11);
  std::vector<float> values = randomFloats(random, kCount, -9, 9);
  for (size_t i = 0; i < 600; ++i)
    values[i] = (static_cast<float>(i) - 300) * 0.5f * step;
  values[700] = std::numeric_limits<float>::quiet_NaN();
  values[701] = std::numeric_limits<float>::infinity();
  values[702] = -std::numeric_limits<float>::infinity();
  values[703] = -0.0f;
  values[704] = std::numeric_limits<float>::denorm_min();
  return values;
}

/// `%y = OP` on a tensor of these dimensions, bounds given as scalar arguments
/// %b0, %b1: one compilation serves all bounds.
class Quantizer {
public:
  Quantizer(const std::string &op, ArrayRef<int64_t> shape, int bounds)
      : shape(shape) {
    std::string type = "tensor<" + dims(shape) + "f32>";
    std::string text = "func.func @main(%x: " + type;
    for (int index = 0; index < bounds; ++index)
      text += ", %b" + std::to_string(index) + ": tensor<f32>";
    text += ") -> " + type + " {\n%y = " + op + " : " + type +
            "\nreturn %y : " + type + "\n}";
    network = compile(text);
  }

  std::vector<float> operator()(const std::vector<float> &values,
                                ArrayRef<float> bounds = {}) const {
    if (!network)
      return {};
    NdArray x = floatArray(shape, values);
    std::vector<NdArray> scalars;
    for (float bound : bounds)
      scalars.push_back(floatArray({}, {bound}));
    SmallVector<const NdArray *> inputs = {&x};
    for (NdArray &scalar : scalars)
      inputs.push_back(&scalar);
    NdArray y = run(*network, inputs);
    return std::vector<float>(y.data<float>().begin(), y.data<float>().end());
  }

private:
  SmallVector<int64_t> shape;
  std::unique_ptr<CompiledNetwork> network;
};

template <class Reference>
std::vector<float> fakeQuantizeAll(const Reference &quantizer,
                                   const std::vector<float> &values) {
  std::vector<float> results;
  for (float value : values)
    results.push_back(quantizer.fakeQuantize(value));
  return results;
}

std::string attributes(unsigned bits, Rounding rounding) {
  return formatv("{{bits = {0} : i32, rounding = #qat.rounding<{1}>}", bits,
                 stringifyRounding(rounding));
}

TEST(Quantizers, quantizeInputEqualsReference) {
  for (auto [lo, hi] : {std::pair<float, float>{-1, 1}, {0, 255}, {-2, 3.7}}) {
    Expected<InputQuantizer> quantizer = InputQuantizer::get(lo, hi);
    ASSERT_TRUE(static_cast<bool>(quantizer));
    std::vector<float> x = makeInputs(quantizer->getGrid().getStep());
    std::string op =
        formatv("qat.quantize_input %x {{minimum = {0:f3} : f32, maximum = "
                "{1:f3} : f32}",
                lo, hi);
    EXPECT_EQ(Quantizer(op, kCount, 0)(x), fakeQuantizeAll(*quantizer, x))
        << op;
  }
}

TEST(Quantizers, pactEqualsReference) {
  for (unsigned bits : {2u, 7u, 8u})
    for (Rounding rounding : {Rounding::Floor, Rounding::Nearest}) {
      Quantizer pact("qat.pact %x, %b0 " + attributes(bits, rounding), kCount,
                     1);
      for (float alpha : {6.0f, 0.37f, 5.1234f}) {
        std::vector<float> x = makeInputs(alpha / getMaxLevel(bits));
        EXPECT_EQ(pact(x, alpha),
                  fakeQuantizeAll(PactQuantizer(alpha, bits, rounding), x))
            << bits << " bits, alpha " << alpha;
      }
    }
}

TEST(Quantizers, clippedIsPactAndRelu6OnlyClamps) {
  auto op = [](StringRef type) {
    return formatv("qat.pact %x, %b0 {{activation_type = "
                   "#qat.activation_type<{0}>, bits = 3 : i32, rounding = "
                   "#qat.rounding<nearest>}",
                   type)
        .str();
  };
  constexpr float alpha = 4.7f;
  std::vector<float> x = makeInputs(alpha / 7), clamped;
  for (float &value : x) {
    if (std::isnan(value))
      value = 1;
    clamped.push_back(std::min(std::max(value, 0.0f), alpha));
  }
  EXPECT_EQ(Quantizer(op("relu6"), kCount, 1)(x, alpha), clamped);
  EXPECT_EQ(Quantizer(op("clipped"), kCount, 1)(x, alpha),
            fakeQuantizeAll(PactQuantizer(alpha, 3, Rounding::Nearest), x));
}

TEST(Quantizers, boundedEqualsReference) {
  for (unsigned bits : {2u, 8u})
    for (Rounding rounding : {Rounding::Floor, Rounding::Nearest}) {
      Quantizer bounded(
          "qat.bounded %x, %b0, %b1 " + attributes(bits, rounding), kCount, 2);
      for (auto [lo, hi] : {std::pair<float, float>{-3.3f, 5.1f},
                            {0.5f, 4.0f},
                            {-2.0f, -1.0f},
                            {0.0f, 0.0f}}) {
        TwoBoundQuantizer reference(lo, hi, bits, rounding);
        std::vector<float> x = makeInputs(reference.getGrid().getStep());
        EXPECT_EQ(bounded(x, {lo, hi}), fakeQuantizeAll(reference, x))
            << bits << " bits, [" << lo << ", " << hi << "]";
      }
    }
}

const int64_t kWeightShape[] = {6, 3, 2, 5};

std::vector<std::vector<float>> makeWeights() {
  std::mt19937 random(23);
  std::vector<std::vector<float>> tensors = {
      randomFloats(random, 180, -0.7f, 1.1f),
      randomFloats(random, 180, 0.2f, 0.9f),
      randomFloats(random, 180, -3e-39f, 2e-39f), // a step among subnormals
      std::vector<float>(180, 0.0f)};
  // A channel of zeros among others.
  tensors.push_back(tensors[0]);
  std::fill_n(tensors.back().begin() + 30, 30, 0.0f);
  return tensors;
}

TEST(Quantizers, weightPactEqualsReference) {
  for (unsigned bits : {2u, 3u, 8u}) {
    std::string attribute = formatv("{{bits = {0} : i32}", bits);
    Quantizer asymmetric("qat.weight_asymmetric_pact %x, %b0, %b1 " + attribute,
                         kWeightShape, 2);
    Quantizer symmetric("qat.weight_symmetric_pact %x, %b0 " + attribute,
                        kWeightShape, 1);
    for (const std::vector<float> &w : makeWeights())
      for (auto [lo, hi] : {std::pair<float, float>{-0.5f, 0.8f},
                            {0.1f, 0.6f},
                            {-0.6f, -0.2f},
                            {-9.0f, 9.0f}}) {
        EXPECT_EQ(asymmetric(w, {lo, hi}),
                  quantizeWeights(w, 6, bits, WeightScheme::PerLayerAsymPACT,
                                  WeightBounds{lo, hi})
                      .getFake())
            << bits << " bits, [" << lo << ", " << hi << "]";
        EXPECT_EQ(symmetric(w, hi),
                  quantizeWeights(w, 6, bits, WeightScheme::PerLayerSymPACT,
                                  WeightBounds{-hi, hi})
                      .getFake())
            << bits << " bits, " << hi;
      }
  }
}

TEST(Quantizers, weightMinMaxEqualsReference) {
  for (unsigned bits : {2u, 8u}) {
    Quantizer layer(formatv("qat.weight_min_max %x {{bits = {0} : i32}", bits),
                    kWeightShape, 0);
    Quantizer channels(formatv("qat.weight_min_max %x {{bits = {0} : i32, "
                               "channel_axes = array<i64: 0>}",
                               bits),
                       kWeightShape, 0);
    for (const std::vector<float> &w : makeWeights()) {
      EXPECT_EQ(layer(w),
                quantizeWeights(w, 6, bits, WeightScheme::PerLayerAsymMinMax,
                                std::nullopt)
                    .getFake());
      EXPECT_EQ(channels(w),
                quantizeWeights(w, 6, bits, WeightScheme::PerChannelsAsymMinMax,
                                std::nullopt)
                    .getFake());
    }
  }
}

// Depthwise weights: the channel is made of the last two dimensions.
TEST(Quantizers, weightMinMaxTakesChannelsOfTwoAxes) {
  std::vector<float> w = makeWeights()[0];
  // Channel outermost, as the reference wants it.
  std::vector<float> rows;
  for (int channel = 0; channel < 10; ++channel)
    for (int tap = 0; tap < 18; ++tap)
      rows.push_back(w[tap * 10 + channel]);
  std::vector<float> fake =
      quantizeWeights(rows, 10, 4, WeightScheme::PerChannelsAsymMinMax,
                      std::nullopt)
          .getFake();
  std::vector<float> expected(w.size());
  for (int channel = 0; channel < 10; ++channel)
    for (int tap = 0; tap < 18; ++tap)
      expected[tap * 10 + channel] = fake[channel * 18 + tap];
  Quantizer channels("qat.weight_min_max %x {bits = 4 : i32, channel_axes = "
                     "array<i64: 2, 3>}",
                     kWeightShape, 0);
  EXPECT_EQ(channels(w), expected);
}
} // namespace
