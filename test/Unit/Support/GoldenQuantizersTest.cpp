//===- GoldenQuantizersTest.cpp - golden/quantizers.npz, bit for bit -----===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NpzReader.h"
#include "qat/Support/ActivationQuantizers.h"
#include "qat/Support/IntegerBias.h"
#include "qat/Support/WeightQuantizers.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace llvm;
using namespace mlir::qat;
using namespace mlir::qat::test;

namespace {
double sumOfMagnitudes(ArrayRef<float> values) {
  double sum = 0;
  for (float value : values)
    sum += std::fabs(value);
  return sum;
}

/// The fold factor g of every channel of tensor T.
std::vector<float> getGains(NpzReader &arrays, const std::string &tensor,
                            float epsilon) {
  std::vector<float> gamma = arrays[tensor + "gamma"].floats();
  std::vector<float> variance = arrays[tensor + "var"].floats();
  // Used where layers are folded whole; no case of this file needs them.
  (void)arrays[tensor + "beta"], (void)arrays[tensor + "mean"];
  std::vector<float> gains;
  for (auto [g, v] : zip_equal(gamma, variance))
    gains.push_back(getBatchNormGain(g, v, epsilon));
  return gains;
}

/// One of case/SCHEME/bB/T/MODE/BOUNDS.
void checkWeightCase(NpzReader &arrays, StringRef name, float epsilon) {
  SCOPED_TRACE(name.str());
  SmallVector<StringRef> parts;
  name.split(parts, '/');
  ASSERT_EQ(parts.size(), 5u);
  std::optional<WeightScheme> scheme = symbolizeWeightScheme(parts[0]);
  ASSERT_TRUE(scheme.has_value());
  unsigned bits = 0;
  ASSERT_FALSE(parts[1].drop_front().getAsInteger(10, bits));
  std::string tensor = "tensor/" + parts[2].str() + "/";
  std::string key = "case/" + name.str() + "/";
  bool fold = parts[3] == "fold";

  const NpzArray &weights = arrays[tensor + "w"];
  int64_t channels = weights.shape[0];
  std::vector<float> t = weights.floats(), g = arrays[tensor + "g"].floats();
  std::vector<float> gains;
  if (fold) {
    gains = getGains(arrays, tensor, epsilon);
    scaleChannels(weights.floats(), gains, t);
  }
  // lo, hi, init_lo, init_hi, dlo, dhi
  const NpzArray &scalars = arrays[key + "scalars"];
  std::optional<WeightBounds> bounds;
  if (hasBounds(*scheme))
    bounds = WeightBounds{static_cast<float>(scalars[0]),
                          static_cast<float>(scalars[1])};

  QuantizedWeights quantized =
      quantizeWeights(t, channels, bits, *scheme, bounds);
  EXPECT_EQ(quantized.integers, arrays[key + "int"].ints());
  EXPECT_EQ(
      std::vector<float>(quantized.scales.begin(), quantized.scales.end()),
      arrays[key + "scale"].floats());
  EXPECT_EQ(std::vector<int32_t>(quantized.zeroPoints.begin(),
                                 quantized.zeroPoints.end()),
            arrays[key + "zero_point"].ints());
  EXPECT_EQ(quantized.getFake(), arrays[key + "fake"].floats());

  std::vector<float> dt(t.size());
  BoundGradient gradient = weightGradient(t, g, *scheme, bounds, dt);
  EXPECT_EQ(dt, arrays[key + "dt"].floats());
  if (fold) {
    std::vector<float> dw(dt.size());
    scaleChannels(dt, gains, dw);
    EXPECT_EQ(dw, arrays[key + "dw"].floats());
  }
  std::optional<WeightBounds> initial = getInitialBounds(
      t, bits, *scheme, fold ? FoldType::FoldingWeights : FoldType::ICN);
  EXPECT_EQ(initial.has_value(), !std::isnan(scalars[3]));
  if (!initial)
    return;
  double tolerance = 1e-5 * sumOfMagnitudes(g);
  EXPECT_NEAR(initial->hi, scalars[3], 1e-5 * std::fabs(scalars[3]));
  EXPECT_NEAR(gradient.hi, scalars[5], tolerance);
  EXPECT_EQ(isSymmetric(*scheme), std::isnan(scalars[2]));
  if (isSymmetric(*scheme))
    return;
  EXPECT_NEAR(initial->lo, scalars[2], 1e-5 * std::fabs(scalars[2]));
  EXPECT_NEAR(gradient.lo, scalars[4], tolerance);
}

size_t checkPact(NpzReader &arrays) {
  size_t cases = 0;
  for (int k = 0; arrays.contains("pact/" + std::to_string(k) + "/x"); ++k) {
    std::string key = "pact/" + std::to_string(k) + "/";
    SCOPED_TRACE(key);
    float alpha = arrays[key + "alpha"][0];
    std::vector<float> x = arrays[key + "x"].floats();
    std::vector<float> g = arrays[key + "g"].floats();
    std::vector<float> dx(x.size());
    EXPECT_NEAR(pactGradient(x, g, alpha, dx), arrays[key + "dalpha"][0],
                1e-5 * sumOfMagnitudes(g));
    EXPECT_EQ(dx, arrays[key + "dx"].floats());
    for (unsigned bits = minBits; bits <= maxBits; ++bits)
      for (Rounding rounding : {Rounding::Floor, Rounding::Nearest}) {
        std::string sub = key + "b" + std::to_string(bits) + "/" +
                          stringifyRounding(rounding).str() + "/";
        SCOPED_TRACE(sub);
        PactQuantizer quantizer(alpha, bits, rounding);
        const NpzArray &integers = arrays[sub + "int"], &y = arrays[sub + "y"];
        for (auto [i, value] : enumerate(x)) {
          EXPECT_EQ(quantizer.quantize(value), integers[i]) << "x = " << value;
          EXPECT_EQ(quantizer.fakeQuantize(value), y[i]) << "x = " << value;
        }
        ++cases;
      }
  }
  return cases;
}

size_t checkInputs(NpzReader &arrays) {
  size_t cases = 0;
  for (int k = 0; arrays.contains("input/" + std::to_string(k) + "/x");
       ++k, ++cases) {
    std::string key = "input/" + std::to_string(k) + "/";
    SCOPED_TRACE(key);
    const NpzArray &range = arrays[key + "range"];
    Expected<InputQuantizer> quantizer =
        InputQuantizer::get(range[0], range[1]);
    if (!quantizer) {
      ADD_FAILURE() << toString(quantizer.takeError());
      continue;
    }
    EXPECT_EQ(quantizer->getGrid().scale, arrays[key + "scale"][0]);
    EXPECT_EQ(quantizer->getGrid().zeroPoint, arrays[key + "zero_point"][0]);
    const NpzArray &integers = arrays[key + "int"];
    for (auto [i, value] : enumerate(arrays[key + "x"].floats()))
      EXPECT_EQ(quantizer->quantize(value), integers[i]) << "x = " << value;
  }
  return cases;
}

size_t checkSplits(NpzReader &arrays) {
  const NpzArray &multipliers = arrays["split/M"];
  const NpzArray &mantissas = arrays["split/M0"],
                 &exponents = arrays["split/N"];
  for (size_t i = 0; i < multipliers.size(); ++i) {
    Expected<SplitMultiplier> split = splitMultiplier(multipliers[i]);
    if (!split) {
      ADD_FAILURE() << toString(split.takeError());
      continue;
    }
    EXPECT_EQ(split->mantissa, mantissas[i]) << "M = " << multipliers[i];
    EXPECT_EQ(split->exponent, exponents[i]) << "M = " << multipliers[i];
  }
  return multipliers.size();
}

size_t checkRequantize(NpzReader &arrays) {
  const NpzArray &y = arrays["requant/y"];
  for (size_t i = 0; i < y.size(); ++i) {
    SplitMultiplier split{static_cast<int32_t>(arrays["requant/M0"][i]),
                          static_cast<int32_t>(arrays["requant/N"][i])};
    int64_t sum = static_cast<int64_t>(arrays["requant/acc"][i]) +
                  static_cast<int64_t>(arrays["requant/b"][i]);
    EXPECT_EQ(requantize(sum, split.getMultiplier(), 0, arrays["requant/n"][i]),
              y[i])
        << "case " << i;
  }
  return y.size();
}

size_t checkAverages(NpzReader &arrays) {
  const NpzArray &sums = arrays["avg/sum"], &counts = arrays["avg/k"];
  for (size_t i = 0; i < sums.size(); ++i) {
    EXPECT_EQ(roundAverage(sums[i], counts[i], Rounding::Floor),
              arrays["avg/floor"][i])
        << sums[i] << " / " << counts[i];
    EXPECT_EQ(roundAverage(sums[i], counts[i], Rounding::Nearest),
              arrays["avg/nearest"][i])
        << sums[i] << " / " << counts[i];
  }
  return sums.size();
}

TEST(GoldenQuantizersTest, MatchesEveryArray) {
  std::string path = getSharedPath("golden/quantizers.npz");
  QAT_SKIP_WITHOUT(path);
  Expected<NpzReader> arrays = NpzReader::open(path);
  ASSERT_TRUE(static_cast<bool>(arrays)) << toString(arrays.takeError());
  auto text = MemoryBuffer::getFile(getSharedPath("golden/quantizers.json"));
  ASSERT_TRUE(static_cast<bool>(text));
  Expected<json::Value> description = json::parse((*text)->getBuffer());
  ASSERT_TRUE(static_cast<bool>(description))
      << toString(description.takeError());
  const json::Object &root = *description->getAsObject();
  float epsilon = root.getNumber("bn_eps").value_or(0);
  const json::Array *cases = root.getArray("cases");
  ASSERT_TRUE(cases && !cases->empty());
  for (const json::Value &name : *cases)
    checkWeightCase(*arrays, name.getAsString().value_or(""), epsilon);
  size_t pact = checkPact(*arrays), inputs = checkInputs(*arrays);
  size_t splits = checkSplits(*arrays), requants = checkRequantize(*arrays);
  size_t averages = checkAverages(*arrays);
  // A case that is never reached would pass too.
  EXPECT_EQ(arrays->unused(), std::vector<std::string>());
  EXPECT_GT(pact, 0u);
  EXPECT_GT(inputs, 0u);
  EXPECT_GT(splits, 0u);
  EXPECT_GT(requants, 0u);
  EXPECT_GT(averages, 0u);
  printf("quantizers.npz: %zu arrays; %zu weight cases, %zu PACT, %zu inputs, "
         "%zu splits, %zu requantizations, %zu averages\n",
         arrays->size(), cases->size(), pact, inputs, splits, requants,
         averages);
}
} // namespace
