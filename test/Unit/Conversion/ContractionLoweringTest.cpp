//===- ContractionLoweringTest.cpp - contractions as machine code -*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random contractions by both lowerings against the formulas in double.
//
//===----------------------------------------------------------------------===//

#include "../TrainingKernels/PlainContraction.h"
#include "../TrainingKernels/RandomGeometry.h"
#include "ContractionHarness.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace llvm;
using namespace mlir::qat;
using namespace mlir::qat::test;

namespace {
/// The six tensors of a convolution and its gradients.
template <typename T> struct Tensors {
  std::vector<T> x, w, y, dx, dw, dy;

  Tensors(const ContractionGeometry &g, std::mt19937 &random)
      : x(g.inputSize()), w(g.weightSize()), y(g.outputSize(), NAN),
        dx(g.inputSize(), NAN), dw(g.weightSize(), NAN), dy(g.outputSize()) {
    std::normal_distribution<T> normal;
    for (std::vector<T> *values : {&x, &w, &dy})
      for (T &value : *values)
        value = normal(random);
  }
  std::vector<void *> getBuffers() {
    return {x.data(), w.data(), y.data(), dx.data(), dw.data(), dy.data()};
  }
};

template <typename T>
void check(const ContractionGeometry &geometry, Tensors<T> &tensors,
           ArrayRef<TrainingProduct> products, double tolerance) {
  for (TrainingProduct product : products) {
    TrainingContraction contraction{product, {}, geometry};
    auto [a, b, result] =
        product == TrainingProduct::Forward
            ? std::make_tuple(&tensors.x, &tensors.w, &tensors.y)
        : product == TrainingProduct::InputGradient
            ? std::make_tuple(&tensors.dy, &tensors.w, &tensors.dx)
            : std::make_tuple(&tensors.x, &tensors.dy, &tensors.dw);
    std::vector<double> sums, magnitudes;
    computePlainContraction(contraction, a->data(), b->data(), sums,
                            magnitudes);
    for (size_t index = 0; index < sums.size(); ++index)
      ASSERT_NEAR((*result)[index], sums[index],
                  tolerance * magnitudes[index] + 1e-300)
          << "element " << index << " of " << show(contraction);
  }
}

constexpr TrainingProduct forward = TrainingProduct::Forward,
                          byInput = TrainingProduct::InputGradient,
                          byWeights = TrainingProduct::WeightGradient;

template <typename T>
void compileAndCheck(const ContractionGeometry &geometry,
                     ArrayRef<TrainingProduct> products, Lowering lowering,
                     std::mt19937 &random, unsigned lanes = 16) {
  bool isDouble = sizeof(T) == 8;
  auto code = CompiledContractions::compile(geometry, products, lowering,
                                            isDouble ? "f64" : "f32", lanes);
  ASSERT_TRUE(code);
  Tensors<T> tensors(geometry, random);
  code->run(tensors.getBuffers());
  check(geometry, tensors, products, isDouble ? 1e-14 : 2e-6);
}

/// Adding the gradient of weights to 1s is that of the same gradient, plus 1.
void checkAccumulation(const ContractionGeometry &geometry,
                       ArrayRef<TrainingProduct> products, Lowering lowering,
                       std::mt19937 &random) {
  auto code =
      CompiledContractions::compile(geometry, products, lowering, "f32", 16,
                                    /*accumulate=*/true);
  ASSERT_TRUE(code);
  Tensors<float> tensors(geometry, random);
  std::fill(tensors.dw.begin(), tensors.dw.end(), 1.0f);
  code->run(tensors.getBuffers());
  std::vector<double> sums, magnitudes;
  TrainingContraction contraction{byWeights, {}, geometry};
  computePlainContraction(contraction, tensors.x.data(), tensors.dy.data(),
                          sums, magnitudes);
  for (size_t index = 0; index < sums.size(); ++index)
    ASSERT_NEAR(tensors.dw[index], sums[index] + 1,
                2e-6 * (magnitudes[index] + 1))
        << "element " << index << " of " << show(contraction);
}

ContractionGeometry makeDepthwise(int64_t batch, int64_t size, int64_t channels,
                                  int64_t kernel, int64_t stride) {
  ContractionGeometry g;
  g.depthwise = true;
  g.batch = batch;
  g.height = g.width = size;
  g.channels = g.outChannels = g.groups = channels;
  g.kernelHeight = g.kernelWidth = kernel;
  g.strideHeight = g.strideWidth = stride;
  // As the importer writes PyTorch's padding: what no window reaches is gone.
  g.outHeight = g.outWidth = (size - 1) / stride + 1;
  g.padTop = g.padLeft = kernel / 2;
  g.padBottom = g.padRight =
      (g.outHeight - 1) * stride + kernel - size - g.padTop;
  return g;
}
} // namespace

TEST(ContractionsToLinalg, FloatsAreThoseOfPlainLoops) {
  RandomGeometry random;
  for (int round = 0; round < 12; ++round)
    compileAndCheck<float>(random.draw(), {forward, byInput, byWeights},
                           Lowering::Linalg, random.engine);
}

TEST(ContractionsToLinalg, DoublesAreThoseOfPlainLoops) {
  RandomGeometry random;
  random.engine.seed(8);
  for (int round = 0; round < 6; ++round)
    compileAndCheck<double>(random.draw(), {forward, byInput, byWeights},
                            Lowering::Linalg, random.engine);
}

TEST(ContractionsToKernels, AnyGeometry) {
  RandomGeometry random;
  random.engine.seed(9);
  for (int round = 0; round < 24; ++round)
    compileAndCheck<float>(random.draw(), {forward, byInput, byWeights},
                           Lowering::Kernels, random.engine);
}

TEST(ContractionsToKernels, DepthwiseGeometries) {
  RandomGeometry random;
  random.engine.seed(10);
  for (int round = 0; round < 40; ++round) {
    ContractionGeometry geometry = random.drawDepthwise();
    // All orders and subsets of the gradients: one pass or two.
    const std::vector<TrainingProduct> choices[] = {
        {forward, byInput, byWeights},
        {forward, byWeights, byInput},
        {byInput},
        {byWeights}};
    compileAndCheck<float>(geometry, choices[round % 4], Lowering::Kernels,
                           random.engine, round % 3 == 0 ? 8 : 16);
  }
}

TEST(ContractionsToKernels, DepthwiseLayersOfMobileNets) {
  std::mt19937 random(11);
  for (int64_t channels : {8, 24, 32, 3})
    for (int64_t stride : {1, 2})
      for (int64_t size : {12, 7, 3})
        compileAndCheck<float>(makeDepthwise(2, size, channels, 3, stride),
                               {forward, byInput, byWeights}, Lowering::Kernels,
                               random);
  compileAndCheck<float>(makeDepthwise(1, 9, 16, 5, 2),
                         {forward, byInput, byWeights}, Lowering::Kernels,
                         random);
}

TEST(ContractionsToKernels, AccumulatesGradientsOfWeights) {
  RandomGeometry random;
  random.engine.seed(13);
  for (int round = 0; round < 8; ++round) {
    Lowering lowering = round % 4 ? Lowering::Kernels : Lowering::Linalg;
    checkAccumulation(round % 2 ? random.draw() : random.drawDepthwise(),
                      {byInput, byWeights}, lowering, random.engine);
  }
  // Loops for few channels.
  ContractionGeometry few;
  few.batch = 77;
  few.channels = 8;
  few.outChannels = 16;
  checkAccumulation(few, {byWeights}, Lowering::Kernels, random.engine);
}

TEST(ContractionsToKernels, SameBitsAtEveryCall) {
  std::mt19937 random(12);
  ContractionGeometry geometry = makeDepthwise(3, 11, 20, 3, 1);
  auto code = CompiledContractions::compile(
      geometry, {forward, byInput, byWeights}, Lowering::Kernels);
  ASSERT_TRUE(code);
  Tensors<float> tensors(geometry, random);
  code->run(tensors.getBuffers());
  Tensors<float> again = tensors;
  for (std::vector<float> *values : {&again.y, &again.dx, &again.dw})
    std::fill(values->begin(), values->end(), NAN);
  code->run(again.getBuffers());
  EXPECT_EQ(again.y, tensors.y);
  EXPECT_EQ(again.dx, tensors.dx);
  EXPECT_EQ(again.dw, tensors.dw);
}
