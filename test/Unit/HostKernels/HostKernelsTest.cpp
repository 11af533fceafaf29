//===- HostKernelsTest.cpp - the host's kernels against the reference --*- C++
//-*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random layers on every instruction set that this processor has, bit for bit
// against the loops of qat/Support/IntegerLayers.h, which share no code with
// the kernels. Memory ends right behind every operand, so that the address
// sanitizer sees a kernel that reads or writes too far.
//
//===----------------------------------------------------------------------===//

#include "qat/HostKernels/HostKernels.h"
#include "qat/Support/IntegerLayers.h"

#include "llvm/Support/FormatVariadic.h"

#include "gtest/gtest.h"

#include <cstring>
#include <memory>
#include <random>

using namespace llvm;
using namespace mlir::qat;

namespace {
/// What the operands of a layer look like.
enum class Values { Random, Highest, Lowest, Alternating };

/// One random layer, as the reference takes it.
struct Layer {
  bool depthwise = false;
  int64_t batch = 1, height = 1, width = 1, groups = 1;
  /// Channels of a group.
  int64_t inputs = 1, outputs = 1;
  int64_t kernel[2] = {1, 1};
  Window window;
  int inputBits = 8, weightBits = 8, outputBits = 8;
  bool inputSigned = false, weightSigned = false, outputSigned = false;
  bool perChannel = false, logits = false;
  Values values = Values::Random;
  ScaleRounding rounding = ScaleRounding::Floor;
};

int64_t lowest(int bits, bool isSigned) {
  return isSigned ? -(int64_t(1) << (bits - 1)) : 0;
}

class Random {
public:
  explicit Random(unsigned seed) : engine(seed) {}
  int64_t operator()(int64_t lo, int64_t hi) {
    return std::uniform_int_distribution<int64_t>(lo, hi)(engine);
  }
  bool oneIn(int64_t n) { return (*this)(1, n) == 1; }

private:
  std::mt19937 engine;
};

Layer randomLayer(Random &random) {
  Layer layer;
  layer.depthwise = random.oneIn(3);
  layer.batch = random.oneIn(6) ? 2 : 1;
  layer.height = random(1, 12);
  layer.width = random(1, 12);
  layer.groups = !layer.depthwise && random.oneIn(4) ? random(2, 4) : 1;
  layer.inputs = random.oneIn(3) ? random(1, 4) * 16 : random(1, 70);
  layer.outputs = random.oneIn(3) ? random(1, 9) * 16 : random(1, 150);
  bool pointwise = random.oneIn(2);
  for (int axis = 0; axis < 2; ++axis) {
    int64_t size = axis ? layer.width : layer.height;
    layer.kernel[axis] = pointwise ? 1 : random(1, 4);
    layer.window.stride[axis] = random.oneIn(2) ? 1 : random(1, 3);
    layer.window.dilation[axis] = random.oneIn(4) ? 2 : 1;
    int64_t span = (layer.kernel[axis] - 1) * layer.window.dilation[axis] + 1;
    int64_t missing = std::max<int64_t>(0, span - size);
    layer.window.pads[2 * axis] = missing;
    if (!pointwise || random.oneIn(5)) {
      layer.window.pads[2 * axis] += random(0, 2);
      layer.window.pads[2 * axis + 1] = random(0, 2);
    }
  }
  // The kernel of the MobileNets has a body of its own.
  if (layer.depthwise && random.oneIn(2)) {
    layer.kernel[0] = layer.kernel[1] = 3;
    for (int i = 0; i < 4; ++i)
      layer.window.pads[i] = random(1, 2);
    layer.window.dilation[0] = layer.window.dilation[1] = 1;
  }
  layer.inputBits = random.oneIn(2) ? 8 : random(2, 8);
  layer.weightBits = random.oneIn(2) ? 8 : random(2, 8);
  layer.outputBits = random.oneIn(2) ? 8 : random(2, 8);
  layer.inputSigned = random.oneIn(2);
  layer.weightSigned = random.oneIn(2);
  layer.outputSigned = random.oneIn(2);
  layer.perChannel = random.oneIn(2);
  layer.logits = !layer.depthwise && random.oneIn(5);
  if (!layer.logits && random.oneIn(2))
    layer.rounding = random.oneIn(2) ? ScaleRounding::SingleRound
                                     : ScaleRounding::DoubleRound;
  if (random.oneIn(3))
    layer.values = static_cast<Values>(random(1, 3));
  return layer;
}

std::vector<int32_t> makeValues(Random &random, size_t count, int bits,
                                bool isSigned, Values values) {
  int64_t lo = lowest(bits, isSigned), hi = lo + (1 << bits) - 1;
  std::vector<int32_t> result(count);
  for (size_t i = 0; i < count; ++i)
    result[i] = values == Values::Random    ? random(lo, hi)
                : values == Values::Highest ? hi
                : values == Values::Lowest  ? lo
                : i % 2                     ? lo
                                            : hi;
  return result;
}

/// Exactly `bytes` bytes.
template <typename T> std::unique_ptr<T[]> copyOf(ArrayRef<T> values) {
  std::unique_ptr<T[]> copy(new T[values.size()]);
  std::copy(values.begin(), values.end(), copy.get());
  return copy;
}

std::string describe(const Layer &layer) {
  const Window &w = layer.window;
  return formatv(
      "{0} {1}x{2}x{3}, groups {4} of {5} to {6}, kernel {7}x{8}, "
      "stride {9}x{10}, dilation {11}x{12}, pads {13} {14} {15} "
      "{16}, {17}/{18}/{19} bits, signed {20} {21} {22}, "
      "per channel {23}, logits {24}, values {25}, rounding {26}",
      layer.depthwise ? "depthwise" : "conv", layer.batch, layer.height,
      layer.width, layer.groups, layer.inputs, layer.outputs, layer.kernel[0],
      layer.kernel[1], w.stride[0], w.stride[1], w.dilation[0], w.dilation[1],
      w.pads[0], w.pads[1], w.pads[2], w.pads[3], layer.inputBits,
      layer.weightBits, layer.outputBits, layer.inputSigned, layer.weightSigned,
      layer.outputSigned, layer.perChannel, layer.logits,
      static_cast<int>(layer.values), static_cast<int>(layer.rounding));
}

/// The layer's operands, what the reference computes of them, and the layer as
/// the kernels take it.
struct Problem {
  IntegerTensor input, weights;
  std::vector<int32_t> zeroPoints, biases, multipliers;
  std::vector<int8_t> shifts;
  std::vector<int16_t> differences;
  IntegerTensor expected;
  HostLayer host;
};

void makeProblem(Random &random, const Layer &layer, Problem &problem) {
  int64_t inputs = layer.inputs * layer.groups;
  int64_t outputs = layer.depthwise ? inputs : layer.outputs * layer.groups;
  int64_t taps = layer.kernel[0] * layer.kernel[1];
  problem.input.shape = {layer.batch, layer.height, layer.width, inputs};
  problem.input.values =
      makeValues(random, problem.input.getNumElements(), layer.inputBits,
                 layer.inputSigned, layer.values);
  if (layer.depthwise)
    problem.weights.shape = {layer.kernel[0], layer.kernel[1], inputs, 1};
  else
    problem.weights.shape = {outputs, layer.kernel[0], layer.kernel[1],
                             layer.inputs};
  problem.weights.values =
      makeValues(random, problem.weights.getNumElements(), layer.weightBits,
                 layer.weightSigned, layer.values);
  auto zeroPoint = [&](int bits, bool isSigned) {
    int64_t lo = lowest(bits, isSigned), hi = lo + (1 << bits) - 1;
    return random.oneIn(3) ? (random.oneIn(2) ? lo : hi) : random(lo, hi);
  };
  for (int64_t i = 0; i < (layer.perChannel ? outputs : 1); ++i)
    problem.zeroPoints.push_back(
        zeroPoint(layer.weightBits, layer.weightSigned));
  for (int64_t i = 0; i < problem.weights.getNumElements(); ++i) {
    int64_t channel = layer.depthwise ? i % outputs : i / (taps * layer.inputs);
    problem.differences.push_back(
        problem.weights.values[i] -
        problem.zeroPoints[layer.perChannel ? channel : 0]);
  }
  for (int64_t i = 0; i < outputs; ++i)
    problem.biases.push_back(random(-100000, 100000));

  Requantization requantization;
  requantization.biases = problem.biases;
  std::vector<Multiplier> multipliers;
  if (!layer.logits) {
    for (int64_t i = 0; i < (layer.perChannel ? outputs : 1); ++i) {
      int64_t magnitude =
          random.oneIn(4) ? random(1, 2147483647) : random(1 << 30, 2147483647);
      // Shifts that leave a few bits, and all others.
      int64_t shift = random.oneIn(4) ? random(0, 63) : random(36, 44);
      bool rounds = layer.rounding != ScaleRounding::Floor;
      if (rounds)
        shift = std::clamp<int64_t>(shift, 2, 62);
      problem.multipliers.push_back(!rounds && random.oneIn(5) ? -magnitude
                                                               : magnitude);
      problem.shifts.push_back(shift);
      multipliers.push_back(
          {problem.multipliers.back(), static_cast<int32_t>(shift)});
    }
    requantization.multipliers = multipliers;
    requantization.rounding = layer.rounding;
    requantization.storageMin = lowest(layer.outputBits, layer.outputSigned);
    requantization.storageMax =
        requantization.storageMin + (1 << layer.outputBits) - 1;
    requantization.zeroPoint =
        random(requantization.storageMin, requantization.storageMax);
  }

  HostLayer &host = problem.host;
  int64_t inputZeroPoint = zeroPoint(layer.inputBits, layer.inputSigned);
  LayerWeights weights{problem.weights, problem.zeroPoints};
  Expected<IntegerTensor> expected =
      layer.depthwise
          ? referenceDepthwiseConv2d(problem.input, inputZeroPoint, weights,
                                     layer.window, requantization)
          : referenceConv2d(problem.input, inputZeroPoint, weights,
                            layer.window, layer.groups, requantization);
  ASSERT_TRUE(static_cast<bool>(expected)) << toString(expected.takeError());
  problem.expected = std::move(*expected);

  host.batch = layer.batch;
  host.inputHeight = layer.height;
  host.inputWidth = layer.width;
  host.inputChannels = inputs;
  host.outputHeight = problem.expected.shape[1];
  host.outputWidth = problem.expected.shape[2];
  host.outputChannels = outputs;
  host.kernelHeight = layer.kernel[0];
  host.kernelWidth = layer.kernel[1];
  host.strideHeight = layer.window.stride[0];
  host.strideWidth = layer.window.stride[1];
  host.dilationHeight = layer.window.dilation[0];
  host.dilationWidth = layer.window.dilation[1];
  host.padTop = layer.window.pads[0];
  host.padLeft = layer.window.pads[2];
  host.groups = layer.groups;
  host.inputSigned = layer.inputSigned;
  host.inputZeroPoint = inputZeroPoint;
  host.outputBytes = layer.logits ? 4 : 1;
  host.isScaled = !layer.logits;
  host.rounding = static_cast<int64_t>(layer.rounding);
  host.zeroPoint = requantization.zeroPoint;
  host.low = int64_t(requantization.storageMin) - requantization.zeroPoint;
  host.high = int64_t(requantization.storageMax) - requantization.zeroPoint;
}

HostKernel findKernel(const Layer &layer, HostIsa isa) {
  std::string name = (Twine("qat_host_") +
                      (layer.depthwise ? "depthwise_conv2d_" : "conv2d_") +
                      stringifyHostIsa(isa) + (layer.logits ? "_i32" : ""))
                         .str();
  for (const NamedHostKernel &kernel : getNamedHostKernels())
    if (kernel.name == name)
      return kernel.kernel;
  return nullptr;
}

/// Runs the kernel of `isa`; empty where it does not serve the layer.
std::vector<int32_t> runKernel(const Layer &layer, const Problem &problem,
                               HostIsa isa) {
  HostLayerParameters parameters{problem.differences, problem.biases,
                                 problem.multipliers, problem.shifts};
  std::optional<PackedHostLayer> packed =
      layer.depthwise ? packHostDepthwiseConv2D(isa, problem.host, parameters)
                      : packHostConv2D(isa, problem.host, parameters);
  if (!packed)
    return {};
  HostKernel kernel = findKernel(layer, isa);
  EXPECT_NE(kernel, nullptr);
  std::vector<uint8_t> bytes(problem.input.values.begin(),
                             problem.input.values.end());
  auto input = copyOf<uint8_t>(bytes);
  auto weights = copyOf<int8_t>(packed->weights);
  auto channels = copyOf<int32_t>(packed->channels);
  auto words = copyOf<int64_t>(packed->getLayerWords());
  std::vector<uint8_t> memory(packed->scratchBytes + 64, 0xa5);
  auto address = reinterpret_cast<uintptr_t>(memory.data());
  size_t count = problem.expected.values.size();
  std::unique_ptr<uint8_t[]> output(
      new uint8_t[count * packed->layer.outputBytes]);
  kernel(input.get(), weights.get(), channels.get(), words.get(),
         memory.data() + (64 - address % 64) % 64, output.get());
  std::vector<int32_t> result(count);
  for (size_t i = 0; i < count; ++i) {
    if (layer.logits)
      std::memcpy(&result[i], &output[4 * i], 4);
    else
      result[i] = layer.outputSigned ? static_cast<int8_t>(output[i])
                                     : static_cast<int32_t>(output[i]);
  }
  return result;
}

TEST(HostKernels, equalTheReferenceOnRandomLayers) {
  unsigned served = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    Random random(seed);
    Layer layer = randomLayer(random);
    Problem problem;
    makeProblem(random, layer, problem);
    if (HasFatalFailure())
      return;
    for (HostIsa isa : getSupportedHostIsas()) {
      std::vector<int32_t> result = runKernel(layer, problem, isa);
      served += !result.empty();
      ASSERT_EQ(result, problem.expected.values)
          << stringifyHostIsa(isa).str() << ", seed " << seed << ": "
          << describe(layer);
    }
  }
  EXPECT_EQ(served, 300 * getSupportedHostIsas().size());
}

/// A layer as wide as those of MobileNet, where every product is the largest:
/// sums of 8-bit products that saturated at 16 bits would show.
TEST(HostKernels, doNotSaturate) {
  for (bool depthwise : {false, true})
    for (Values values : {Values::Highest, Values::Lowest, Values::Alternating})
      for (bool isSigned : {false, true}) {
        Layer layer;
        layer.depthwise = depthwise;
        layer.height = layer.width = 3;
        layer.inputs = 1024;
        layer.outputs = 65;
        layer.inputSigned = layer.weightSigned = layer.outputSigned = isSigned;
        layer.values = values;
        Random random(7);
        Problem problem;
        makeProblem(random, layer, problem);
        if (HasFatalFailure())
          return;
        for (HostIsa isa : getSupportedHostIsas())
          ASSERT_EQ(runKernel(layer, problem, isa), problem.expected.values)
              << stringifyHostIsa(isa).str() << ": " << describe(layer);
      }
}

/// acc + bias up to the last value of 32 bits is served, one more is not.
TEST(HostKernels, serveWhatFits32Bits) {
  Layer layer;
  layer.inputs = 4;
  layer.outputs = 3;
  layer.values = Values::Highest;
  layer.logits = true;
  Random random(3);
  Problem problem;
  makeProblem(random, layer, problem);
  problem.host.inputZeroPoint = 0;
  problem.differences.assign(problem.differences.size(), 255);
  int32_t most = std::numeric_limits<int32_t>::max() - 4 * 255 * 255;
  for (int32_t more : {0, 1}) {
    problem.biases.assign(3, most + more);
    problem.expected.values.assign(3, std::numeric_limits<int32_t>::max());
    for (HostIsa isa : getSupportedHostIsas())
      EXPECT_EQ(runKernel(layer, problem, isa),
                more ? std::vector<int32_t>() : problem.expected.values);
  }
}

TEST(HostKernels, namesOfInstructionSets) {
  for (HostIsa isa : {HostIsa::Generic, HostIsa::Avx2, HostIsa::Avx512Vnni})
    EXPECT_EQ(symbolizeHostIsa(stringifyHostIsa(isa)), isa);
  EXPECT_EQ(symbolizeHostIsa("sse9"), std::nullopt);
  EXPECT_EQ(getSupportedHostIsas().front(), HostIsa::Generic);
}
} // namespace
