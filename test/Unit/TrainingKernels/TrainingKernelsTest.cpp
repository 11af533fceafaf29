//===- TrainingKernelsTest.cpp - contractions against plain loops -*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random contractions against the formulas of QatContractionOps.td in double,
// and the same bits on every thread and at every call.
//
//===----------------------------------------------------------------------===//

#include "PlainContraction.h"
#include "RandomGeometry.h"

#include "qat/TrainingKernels/TrainingKernels.h"

#include "llvm/Support/Error.h"

#include "gtest/gtest.h"

#include <cstring>
#include <random>
#include <thread>

using namespace llvm;
using namespace mlir::qat;

namespace {
int64_t getSize(const ContractionGeometry &g, unsigned operand) {
  return operand == 0   ? g.inputSize()
         : operand == 1 ? g.weightSize()
                        : g.outputSize();
}

/// Which of x, w, y are a, b and the result.
std::array<unsigned, 3> getRoles(TrainingProduct product) {
  switch (product) {
  case TrainingProduct::Forward:
    return {0, 1, 2};
  case TrainingProduct::InputGradient:
    return {2, 1, 0};
  case TrainingProduct::WeightGradient:
    return {0, 2, 1};
  }
  return {};
}

/// Memory at a multiple of 64 bytes, as large as asked for, so that the address
/// sanitizer sees a kernel that leaves it.
struct Buffer {
  explicit Buffer(int64_t bytes)
      : memory(static_cast<char *>(std::aligned_alloc(
            64, std::max<int64_t>(bytes + 63, 64) / 64 * 64))),
        bytes(bytes) {}
  Buffer(const Buffer &) = delete;
  ~Buffer() { std::free(memory); }
  template <typename T> T *as() { return reinterpret_cast<T *>(memory); }
  char *memory;
  int64_t bytes;
};

std::vector<float> runFloats(const TrainingContraction &contraction,
                             ArrayRef<float> a, ArrayRef<float> b,
                             float before = NAN) {
  Expected<int64_t> bytes = getTrainingScratchBytes(contraction);
  EXPECT_TRUE(static_cast<bool>(bytes)) << toString(bytes.takeError());
  if (!bytes)
    return {};
  Buffer scratch(*bytes);
  std::memset(scratch.memory, 0xff, *bytes); // NaNs, should they be read
  std::vector<float> result(
      getSize(contraction.geometry, getRoles(contraction.product)[2]), before);
  EXPECT_EQ(toString(runTrainingContraction(contraction, a.data(), b.data(),
                                            result.data(), scratch.memory)),
            "");
  return result;
}

} // namespace

TEST(TrainingKernels, FloatsAreThoseOfPlainLoops) {
  RandomGeometry random;
  for (int round = 0; round < 150; ++round) {
    TrainingContraction contraction;
    contraction.product = static_cast<TrainingProduct>(round % 3);
    contraction.geometry = random.draw();
    const ContractionGeometry &g = contraction.geometry;
    auto [a, b, result] = getRoles(contraction.product);
    std::normal_distribution<float> normal;
    std::vector<float> left(getSize(g, a)), right(getSize(g, b));
    for (std::vector<float> *values : {&left, &right})
      for (float &value : *values)
        value = normal(random.engine);
    std::vector<float> got = runFloats(contraction, left, right);

    std::vector<double> sums, magnitudes;
    computePlainContraction(contraction, left.data(), right.data(), sums,
                            magnitudes);
    ASSERT_EQ(got.size(), sums.size());
    for (size_t index = 0; index < got.size(); ++index)
      ASSERT_NEAR(got[index], sums[index], 2e-6 * magnitudes[index] + 1e-30)
          << "element " << index << " of " << show(contraction);

    // From another thread, at other addresses, and again.
    std::vector<float> other(got.size());
    std::thread([&] {
      std::vector<float> leftAgain = left, rightAgain = right;
      other = runFloats(contraction, leftAgain, rightAgain);
    }).join();
    EXPECT_EQ(std::memcmp(other.data(), got.data(), got.size() * 4), 0)
        << show(contraction);
    Buffer again(got.size() * 4);
    TrainingContraction::Words words = contraction.getWords();
    qat_training_contraction(words.data(), left.data(), right.data(),
                             again.memory);
    EXPECT_EQ(std::memcmp(again.memory, got.data(), got.size() * 4), 0)
        << show(contraction);
  }
}

TEST(TrainingKernels, AccumulatesGradientsOfWeights) {
  RandomGeometry random;
  random.engine.seed(9);
  for (int round = 0; round < 40; ++round) {
    TrainingContraction contraction;
    contraction.product = TrainingProduct::WeightGradient;
    contraction.geometry = random.draw();
    contraction.accumulate = true;
    const ContractionGeometry &g = contraction.geometry;
    std::normal_distribution<float> normal;
    std::vector<float> x(g.inputSize()), dy(g.outputSize());
    for (std::vector<float> *values : {&x, &dy})
      for (float &value : *values)
        value = normal(random.engine);
    std::vector<float> got = runFloats(contraction, x, dy, /*before=*/1.0f);
    std::vector<double> sums, magnitudes;
    computePlainContraction(contraction, x.data(), dy.data(), sums, magnitudes);
    ASSERT_EQ(got.size(), sums.size());
    for (size_t index = 0; index < got.size(); ++index)
      ASSERT_NEAR(got[index], sums[index] + 1, 2e-6 * (magnitudes[index] + 1))
          << "element " << index << " of " << show(contraction);
  }
}

TEST(TrainingKernels, IntegersAreExact) {
  RandomGeometry random;
  random.engine.seed(8);
  for (int round = 0; round < 60; ++round) {
    TrainingContraction contraction;
    bool isUnsigned = round % 2;
    contraction.elements =
        isUnsigned ? TrainingElements::U8 : TrainingElements::S8;
    contraction.geometry = random.draw();
    const ContractionGeometry &g = contraction.geometry;
    // The largest values first: their sums must not saturate.
    bool extreme = round < 20;
    std::vector<int32_t> left(g.inputSize()), right(g.weightSize());
    for (int32_t &value : left)
      value = extreme ? (isUnsigned ? 255 : -128)
                      : random(isUnsigned ? 0 : -128, isUnsigned ? 255 : 127);
    for (int32_t &value : right)
      value = extreme ? (round % 3 ? 127 : -128) : random(-128, 127);
    std::vector<uint8_t> leftBytes(left.begin(), left.end()),
        rightBytes(right.begin(), right.end());

    Expected<int64_t> bytes = getTrainingScratchBytes(contraction);
    ASSERT_TRUE(static_cast<bool>(bytes)) << show(contraction);
    Buffer scratch(*bytes);
    std::vector<int32_t> got(g.outputSize(), -1);
    ASSERT_EQ(toString(runTrainingContraction(contraction, leftBytes.data(),
                                              rightBytes.data(), got.data(),
                                              scratch.memory)),
              "");
    std::vector<double> sums, magnitudes;
    computePlainContraction(contraction, left.data(), right.data(), sums,
                            magnitudes);
    for (size_t index = 0; index < got.size(); ++index)
      ASSERT_EQ(got[index], sums[index])
          << "element " << index << " of " << show(contraction);
  }
}

TEST(TrainingKernels, WordsAreTheContraction) {
  RandomGeometry random;
  for (int round = 0; round < 20; ++round) {
    TrainingContraction contraction;
    contraction.product = static_cast<TrainingProduct>(round % 3);
    contraction.geometry = random.draw();
    contraction.accumulate = round % 5 == 2;
    TrainingContraction::Words words = contraction.getWords();
    EXPECT_EQ(TrainingContraction::fromWords(words).getWords(), words);
    EXPECT_EQ(words[3], contraction.geometry.height);
    EXPECT_EQ(words[20], contraction.geometry.depthwise);
    EXPECT_EQ(words[21], contraction.accumulate);
  }
}

TEST(TrainingKernels, RefusesSizesThatDoNotBelongTogether) {
  TrainingContraction contraction;
  contraction.geometry.height = 8;
  contraction.geometry.outHeight = 5;
  contraction.geometry.strideHeight = 2;
  Expected<int64_t> bytes = getTrainingScratchBytes(contraction);
  ASSERT_FALSE(static_cast<bool>(bytes));
  EXPECT_EQ(toString(bytes.takeError()),
            "oneDNN cannot describe a convolution (status 2)");
}
