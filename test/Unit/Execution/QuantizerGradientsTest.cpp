//===- QuantizerGradientsTest.cpp - gradients against the reference ------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Support/ActivationQuantizers.h"
#include "qat/Support/IntegerBias.h"
#include "qat/Support/WeightQuantizers.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;
using namespace mlir::qat::test;

namespace {
const std::string kGrid =
    " {bits = 4 : i32, rounding = #qat.rounding<nearest>}";
const std::string kBits = " {bits = 4 : i32}";

std::vector<float> toVector(const NdArray &array) {
  return {array.data<float>().begin(), array.data<float>().end()};
}

/// Values around, on and beyond the bounds that the tests use.
std::vector<float> makeInputs(size_t count, ArrayRef<float> bounds) {
  std::mt19937 random(31);
  std::vector<float> values = randomFloats(random, count, -9, 9);
  size_t next = 0;
  for (float bound : bounds)
    for (float value : {bound, -bound, std::nextafter(bound, 99.0f),
                        std::nextafter(bound, -99.0f)})
      values[next++] = value;
  for (float value : {0.0f, -0.0f, std::numeric_limits<float>::infinity(),
                      -std::numeric_limits<float>::infinity()})
    values[next++] = value;
  return values;
}

/// The gradients that the quantizer `op` of %x with bounds %b0, %b1 builds, as
/// a compiled function of (x, bounds.., g).
class Gradients {
public:
  Gradients(const std::string &op, ArrayRef<int64_t> shape, int bounds)
      : shape(shape) {
    std::string type = "tensor<" + dims(shape) + "f32>";
    std::string text = "func.func @main(%x: " + type;
    for (int index = 0; index < bounds; ++index)
      text += ", %b" + std::to_string(index) + ": tensor<f32>";
    text += ", %g: " + type + ") -> " + type + " {\n%y = " + op + " : " + type +
            "\nreturn %y : " + type + "\n}";
    OwningOpRef<ModuleOp> module = parse(text);
    if (!module)
      return;
    auto main = *module->getOps<func::FuncOp>().begin();
    Block &body = main.getBody().front();
    Operation *quantizer = &body.front(), *end = body.getTerminator();
    OpBuilder builder(end);
    Value upstream = body.getArguments().back();
    SmallVector<Value> gradients;
    if (auto activation = dyn_cast<ActivationQuantizerOpInterface>(quantizer))
      gradients = activation.buildGradient(builder, upstream);
    else
      gradients = cast<WeightQuantizerOpInterface>(quantizer).buildGradient(
          builder, upstream);
    EXPECT_EQ(gradients.size(), size_t(1 + bounds));
    end->setOperands(gradients);
    main.setType(builder.getFunctionType(main.getArgumentTypes(),
                                         ValueRange(gradients).getTypes()));
    main->removeAttr("res_attrs");
    quantizer->erase();
    EXPECT_TRUE(succeeded(verify(*module)));
    Expected<std::unique_ptr<CompiledNetwork>> compiled =
        CompiledNetwork::compile(*module, {});
    if (compiled)
      network = std::move(*compiled);
    else
      ADD_FAILURE() << toString(compiled.takeError()) << "\n" << text;
  }

  /// The input's gradient, then one element for each bound.
  std::vector<std::vector<float>>
  operator()(const std::vector<float> &x, ArrayRef<float> bounds,
             const std::vector<float> &g) const {
    std::vector<std::vector<float>> results(1 + bounds.size());
    if (!network)
      return results;
    std::vector<NdArray> arrays;
    arrays.push_back(floatArray(shape, x));
    for (float bound : bounds)
      arrays.push_back(floatArray({}, {bound}));
    arrays.push_back(floatArray(shape, g));
    SmallVector<const NdArray *> inputs;
    for (NdArray &array : arrays)
      inputs.push_back(&array);
    std::vector<NdArray> outputs(results.size());
    Error error = network->run(inputs, outputs);
    EXPECT_FALSE(static_cast<bool>(error)) << toString(std::move(error));
    for (auto [result, output] : zip_equal(results, outputs))
      result = toVector(output);
    return results;
  }

private:
  SmallVector<int64_t> shape;
  std::unique_ptr<CompiledNetwork> network;
};

/// A sum of the compiled code against one of the reference, which adds in
/// another order: both are in double.
void expectSum(const std::vector<float> &sum, double reference,
               const std::vector<float> &g) {
  double magnitudes = 0;
  for (float value : g)
    magnitudes += std::fabs(value);
  ASSERT_EQ(sum.size(), 1u);
  EXPECT_NEAR(sum[0], reference,
              1e-12 * magnitudes + 6e-8 * std::fabs(reference));
}

const int64_t kImage[] = {2, 7, 5, 19};
constexpr size_t kCount = 2 * 7 * 5 * 19;

TEST(QuantizerGradients, pactEqualsReference) {
  Gradients pact("qat.pact %x, %b0" + kGrid, kImage, 1);
  std::mt19937 random(5);
  for (float alpha : {6.0f, 0.37f, 0.0f, -1.0f}) {
    SCOPED_TRACE(alpha);
    std::vector<float> x = makeInputs(kCount, alpha), dx(kCount);
    std::vector<float> g = randomFloats(random, kCount, -1, 1);
    double dalpha = pactGradient(x, g, alpha, dx);
    auto results = pact(x, alpha, g);
    EXPECT_EQ(results[0], dx);
    expectSum(results[1], dalpha, g);
  }
}

const std::pair<float, float> kBoundPairs[] = {
    {-3.3f, 5.1f}, {0.5f, 4.0f}, {-2.0f, -1.0f}, {0.0f, 0.0f}, {2.0f, -3.0f}};

TEST(QuantizerGradients, twoBoundsEqualReference) {
  Gradients bounded("qat.bounded %x, %b0, %b1" + kGrid, kImage, 2);
  Gradients weights("qat.weight_asymmetric_pact %x, %b0, %b1" + kBits, kImage,
                    2);
  std::mt19937 random(6);
  for (auto [lo, hi] : kBoundPairs) {
    SCOPED_TRACE(std::to_string(lo) + ", " + std::to_string(hi));
    std::vector<float> x = makeInputs(kCount, {lo, hi}), dx(kCount);
    std::vector<float> g = randomFloats(random, kCount, -1, 1);
    BoundGradient sums = twoBoundGradient(x, g, lo, hi, dx);
    for (const Gradients *gradients : {&bounded, &weights}) {
      auto results = (*gradients)(x, {lo, hi}, g);
      EXPECT_EQ(results[0], dx);
      expectSum(results[1], sums.lo, g);
      expectSum(results[2], sums.hi, g);
    }
  }
}

TEST(QuantizerGradients, symmetricEqualsReference) {
  Gradients symmetric("qat.weight_symmetric_pact %x, %b0" + kBits, kImage, 1);
  std::mt19937 random(7);
  for (float hi : {4.4f, 0.3f, 0.0f, -2.0f}) {
    SCOPED_TRACE(hi);
    std::vector<float> t = makeInputs(kCount, hi), dt(kCount);
    std::vector<float> g = randomFloats(random, kCount, -1, 1);
    BoundGradient sums = weightGradient(t, g, WeightScheme::PerLayerSymPACT,
                                        WeightBounds{-hi, hi}, dt);
    auto results = symmetric(t, hi, g);
    EXPECT_EQ(results[0], dt);
    expectSum(results[1], sums.hi, g);
  }
}

TEST(QuantizerGradients, minMaxPassesThrough) {
  Gradients minMax("qat.weight_min_max %x {bits = 2 : i32, channel_axes = "
                   "array<i64: 0>}",
                   {4, 9}, 0);
  std::mt19937 random(8);
  std::vector<float> g = randomFloats(random, 36, -1, 1);
  EXPECT_EQ(minMax(makeInputs(36, {}), {}, g)[0], g);
}

// A NaN is nowhere inside and clipped nowhere.
TEST(QuantizerGradients, nanReceivesNothing) {
  std::vector<float> x = {std::numeric_limits<float>::quiet_NaN(), 1.0f};
  Gradients bounded("qat.bounded %x, %b0, %b1" + kGrid, {2}, 2);
  auto results = bounded(x, {-2, 2}, {5, 7});
  EXPECT_EQ(results[0], (std::vector<float>{0, 7}));
  EXPECT_EQ(results[1], std::vector<float>{0});
  EXPECT_EQ(results[2], std::vector<float>{0});
  Gradients symmetric("qat.weight_symmetric_pact %x, %b0" + kBits, {2}, 1);
  results = symmetric(x, 0.5f, {5, 7});
  EXPECT_EQ(results[0], (std::vector<float>{0, 0}));
  EXPECT_EQ(results[1], std::vector<float>{7});
}

// Large values that cancel: a sum in f32 would lose the small ones.
TEST(QuantizerGradients, sumsAreTakenInDouble) {
  constexpr size_t count = 30000;
  std::vector<float> x(count, 7.0f), g(count, 0.25f);
  g[0] = 1e8f;
  g[count - 1] = -1e8f;
  for (const std::vector<int64_t> &shape :
       {std::vector<int64_t>{count}, {count, 1}, {10, 3, 1000}}) {
    Gradients pact("qat.pact %x, %b0" + kGrid, shape, 1);
    EXPECT_EQ(pact(x, 6.0f, g)[1], std::vector<float>{0.25f * (count - 2)});
  }
}

TEST(QuantizerGradients, takesScalars) {
  Gradients pact("qat.pact %x, %b0" + kGrid, {}, 1);
  auto results = pact({6.5f}, 6.0f, {3.0f});
  EXPECT_EQ(results[0], std::vector<float>{0});
  EXPECT_EQ(results[1], std::vector<float>{3});
}

TEST(QuantizerGradients, inputQuantizerHasNone) {
  OwningOpRef<ModuleOp> module =
      parse("func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {\n"
            "%y = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 1.0 : "
            "f32} : tensor<4xf32>\nreturn %y : tensor<4xf32>\n}");
  ASSERT_TRUE(module);
  QuantizeInputOp op;
  module->walk([&](QuantizeInputOp found) { op = found; });
  OpBuilder builder(op);
  SmallVector<Value> gradients = op.buildGradient(builder, op.getResult());
  ASSERT_EQ(gradients.size(), 1u);
  EXPECT_FALSE(gradients[0]);
}

// dw = dt * factor, to the bit: the product that folded the weights.
TEST(QuantizerGradients, foldedWeightsTakeTheFactor) {
  std::mt19937 random(9);
  std::vector<float> gamma = randomFloats(random, 6, -2, 2);
  std::vector<float> variance = randomFloats(random, 6, 0, 3);
  std::vector<float> dt = randomFloats(random, 3 * 3 * 2 * 3, -1, 1);
  OwningOpRef<ModuleOp> module = parse(
      "func.func @main(%w: tensor<3x3x2x3xf32>, %g: tensor<6xf32>, %v: "
      "tensor<6xf32>, %dt: tensor<3x3x2x3xf32>) -> tensor<3x3x2x3xf32> {\n"
      "%t = qat.fold_weight %w, %g, %v {channel_axes = array<i64: 2, 3>, "
      "epsilon = 1.0e-3 : f32} : tensor<3x3x2x3xf32>, tensor<6xf32>\n"
      "return %t : tensor<3x3x2x3xf32>\n}");
  ASSERT_TRUE(module);
  FoldWeightOp fold;
  module->walk([&](FoldWeightOp op) { fold = op; });
  Block *body = fold->getBlock();
  OpBuilder builder(body->getTerminator());
  Value gradient = fold.buildWeightGradient(builder, body->getArgument(3));
  body->getTerminator()->setOperand(0, gradient);
  Expected<std::unique_ptr<CompiledNetwork>> network =
      CompiledNetwork::compile(*module, {});
  ASSERT_TRUE(static_cast<bool>(network)) << toString(network.takeError());
  NdArray arrays[] = {floatArray({3, 3, 2, 3}, dt), floatArray(6, gamma),
                      floatArray(6, variance), floatArray({3, 3, 2, 3}, dt)};
  NdArray result =
      run(**network, {&arrays[0], &arrays[1], &arrays[2], &arrays[3]});
  std::vector<float> expected;
  for (size_t i = 0; i < dt.size(); ++i)
    expected.push_back(dt[i] *
                       getBatchNormGain(gamma[i % 6], variance[i % 6], 1e-3f));
  EXPECT_EQ(toVector(result), expected);
}
} // namespace
