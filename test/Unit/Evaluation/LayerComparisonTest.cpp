//===- LayerComparisonTest.cpp - noise worked out by hand -----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Evaluation/LayerComparison.h"

#include "qat/Execution/HostPipeline.h"

#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

namespace {
/// Three layers of weight 1 on grids of steps 1, 0.5 and 0.25; the second
/// channel of the first is never above 0.
constexpr StringLiteral kNetwork = R"(
func.func @main(%x: tensor<1x1x2x1xf32> {qat.name = "x"}) -> (tensor<1x1x2x1xf32> {qat.name = "y"}) {
  %in = qat.quantize_input %x {minimum = -1.0 : f32, maximum = 1.0 : f32} : tensor<1x1x2x1xf32> loc("input")
  %z = arith.constant dense<0.0> : tensor<1xf32>
  %wa = arith.constant dense<[[[[1.0]]], [[[-1.0]]]]> : tensor<2x1x1x1xf32>
  %wb = arith.constant dense<[[[[1.0, 0.0]]]]> : tensor<1x1x1x2xf32>
  %wc = arith.constant dense<1.0> : tensor<1x1x1x1xf32>
  %ba = arith.constant dense<0.0> : tensor<2xf32>
  %three = arith.constant dense<3.0> : tensor<f32>
  %half = arith.constant dense<1.5> : tensor<f32>
  %quarter = arith.constant dense<0.75> : tensor<f32>
  %qa = qat.weight_min_max %wa {bits = 8 : i32, channel_axes = array<i64: 0>} : tensor<2x1x1x1xf32>
  %qb = qat.weight_min_max %wb {bits = 8 : i32} : tensor<1x1x1x2xf32>
  %qc = qat.weight_min_max %wc {bits = 8 : i32} : tensor<1x1x1x1xf32>
  %a0 = tosa.conv2d %in, %qa, %ba, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x1x2x1xf32>, tensor<2x1x1x1xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x2x2xf32> loc("a")
  %a = qat.pact %a0, %three {bits = 2 : i32, rounding = #qat.rounding<nearest>} : tensor<1x1x2x2xf32> loc("a")
  %b0 = tosa.conv2d %a, %qb, %z, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x1x2x2xf32>, tensor<1x1x1x2xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x2x1xf32> loc("b")
  %b = qat.pact %b0, %half {bits = 2 : i32, rounding = #qat.rounding<nearest>} : tensor<1x1x2x1xf32> loc("b")
  %c0 = tosa.conv2d %b, %qc, %z, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x1x2x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x2x1xf32> loc("c")
  %c = qat.pact %c0, %quarter {bits = 2 : i32, rounding = #qat.rounding<nearest>} : tensor<1x1x2x1xf32> loc("c")
  %d = tosa.conv2d %c, %qc, %z, %z, %z {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x1x2x1xf32>, tensor<1x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x2x1xf32> loc("d")
  return %d : tensor<1x1x2x1xf32>
})";

class LayerComparisonTest : public ::testing::Test {
protected:
  LayerComparisonTest() {
    DialectRegistry registry;
    registerHostDialects(registry);
    context.appendDialectRegistry(registry);
    module = parseSourceString<ModuleOp>(kNetwork, &context);
  }

  /// The comparison after the images, of which each is two pixels.
  ComparisonReport compare(ArrayRef<std::array<float, 2>> images,
                           ModuleOp reference = {}) {
    auto comparison = LayerComparison::create(*module, reference, {});
    if (!comparison) {
      ADD_FAILURE() << toString(comparison.takeError());
      return {};
    }
    for (auto [index, pixels] : enumerate(images)) {
      Error error =
          (*comparison)
              ->add(index,
                    [&, &pixels = pixels](
                        const TensorInfo &info) -> Expected<NdArray> {
                      if (info.kind == ElementKind::F32)
                        return NdArray::of<float>(info.shape, pixels);
                      std::array<int8_t, 2> stored;
                      for (int i = 0; i < 2; ++i)
                        stored[i] = static_cast<int8_t>(std::min(
                            127.0f, std::nearbyint(pixels[i] * 127.5f)));
                      return NdArray::of<int8_t>(info.shape, stored);
                    });
      if (error)
        ADD_FAILURE() << toString(std::move(error));
    }
    return (*comparison)->getReport();
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
};
} // namespace

TEST_F(LayerComparisonTest, TellsOwnNoiseFromWhatIsInherited) {
  ASSERT_TRUE(module);
  ComparisonReport report = compare({{0.45f, 1.0f}});
  ASSERT_EQ(report.layers.size(), 5u);
  EXPECT_EQ(report.images, 1u);
  const LayerFigures &input = report.layers[0], &a = report.layers[1],
                     &b = report.layers[2], &c = report.layers[3],
                     &d = report.layers[4];
  EXPECT_EQ(input.name, "input");
  EXPECT_FALSE(input.fakeLocal);
  // 0.45 becomes 0 on the grid of step 1; 1 stays.
  EXPECT_EQ(a.name, "a");
  ASSERT_TRUE(a.fakeLocal && a.fakeAccumulated);
  EXPECT_NEAR(a.fakeLocal->noise, 0.45 * 0.45, 1e-6);
  EXPECT_NEAR(a.fakeAccumulated->noise, 0.45 * 0.45, 1e-6);
  EXPECT_NEAR(a.fakeAccumulated->signal, 0.45 * 0.45 + 1, 1e-6);
  EXPECT_NEAR(a.fakeAccumulated->getDecibels(),
              10 * std::log10((0.45 * 0.45 + 1) / (0.45 * 0.45)), 1e-4);
  // Of 0.45 the layer itself makes 0.5, of the 0 before it 0.
  ASSERT_TRUE(b.fakeLocal && b.fakeAccumulated);
  EXPECT_NEAR(b.fakeLocal->noise, 0.05 * 0.05, 1e-6);
  EXPECT_NEAR(b.fakeAccumulated->noise, 0.45 * 0.45, 1e-6);
  // The 1 is cut to 0.75.
  ASSERT_TRUE(c.fakeLocal && c.fakeAccumulated);
  EXPECT_NEAR(c.fakeLocal->noise, 0.05 * 0.05 + 0.25 * 0.25, 1e-6);
  EXPECT_NEAR(c.fakeAccumulated->noise, 0.45 * 0.45 + 0.25 * 0.25, 1e-6);
  EXPECT_EQ(c.quantized, 2);
  EXPECT_EQ(c.saturated, 1);
  EXPECT_EQ(b.saturated, 0);
  EXPECT_EQ(d.quantized, 0);
  // The integers are those of the fake-quantized network.
  for (const LayerFigures *layer : {&input, &a, &b, &c}) {
    EXPECT_EQ(layer->stepsAccumulated.differing, 0) << layer->name;
    EXPECT_EQ(layer->stepsLocal.differing, 0) << layer->name;
  }
  EXPECT_EQ(a.stepsLocal.elements, 4);
  EXPECT_FALSE(report.first);
}

TEST_F(LayerComparisonTest, CountsDeadChannelsOverAllImages) {
  ASSERT_TRUE(module);
  ComparisonReport report = compare({{0.8f, 0.8f}, {0.2f, 0.2f}});
  ASSERT_EQ(report.layers.size(), 5u);
  EXPECT_EQ(report.images, 2u);
  // 1 in one image, 0 in the other; the second channel is 0 in both.
  EXPECT_EQ(report.layers[1].channels, 2);
  EXPECT_EQ(report.layers[1].deadChannels, 1);
  EXPECT_EQ(report.layers[2].deadChannels, 0);
  report = compare({{0.2f, 0.2f}, {0.2f, 0.2f}});
  ASSERT_EQ(report.layers.size(), 5u);
  EXPECT_EQ(report.layers[1].deadChannels, 2);
}

TEST_F(LayerComparisonTest, DoesNotDependOnTheOrderOfImages) {
  ASSERT_TRUE(module);
  std::array<float, 2> first = {0.31f, 0.77f}, second = {0.9f, -0.3f};
  ComparisonReport forth = compare({first, second, first});
  ComparisonReport back = compare({first, first, second});
  ASSERT_EQ(forth.layers.size(), 5u);
  for (auto [f, b] : zip_equal(forth.layers, back.layers)) {
    EXPECT_EQ(f.saturated, b.saturated);
    EXPECT_NEAR(f.integerAccumulated.signal, b.integerAccumulated.signal,
                1e-12);
  }
}

TEST(NoiseSums, AreRatiosInDecibels) {
  EXPECT_NEAR((NoiseSums{100, 1}.getDecibels()), 20, 1e-9);
  EXPECT_EQ((NoiseSums{1, 0}.getDecibels()),
            std::numeric_limits<double>::infinity());
  EXPECT_EQ((NoiseSums{0, 1}.getDecibels()),
            -std::numeric_limits<double>::infinity());
}
