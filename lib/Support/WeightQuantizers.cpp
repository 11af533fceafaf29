//===- WeightQuantizers.cpp - the four weight schemes --------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/WeightQuantizers.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace mlir::qat;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

StringRef mlir::qat::stringifyWeightScheme(WeightScheme scheme) {
  switch (scheme) {
  case WeightScheme::PerLayerAsymPACT:
    return "PerLayerAsymPACT";
  case WeightScheme::PerLayerAsymMinMax:
    return "PerLayerAsymMinMax";
  case WeightScheme::PerChannelsAsymMinMax:
    return "PerChannelsAsymMinMax";
  case WeightScheme::PerLayerSymPACT:
    return "PerLayerSymPACT";
  }
  llvm_unreachable("all weight schemes are named");
}

std::optional<WeightScheme> mlir::qat::symbolizeWeightScheme(StringRef word) {
  return StringSwitch<std::optional<WeightScheme>>(word)
      .Case("PerLayerAsymPACT", WeightScheme::PerLayerAsymPACT)
      .Case("PerLayerAsymMinMax", WeightScheme::PerLayerAsymMinMax)
      .Case("PerChannelsAsymMinMax", WeightScheme::PerChannelsAsymMinMax)
      // The second spelling is the one of the reference's manual.
      .Cases({"PerLayerSymPACT", "PerLayerDymPACT"},
             WeightScheme::PerLayerSymPACT)
      .Default(std::nullopt);
}

StringRef mlir::qat::stringifyFoldType(FoldType foldType) {
  switch (foldType) {
  case FoldType::FoldingWeights:
    return "folding_weights";
  case FoldType::ICN:
    return "ICN";
  case FoldType::FoldingThresh:
    return "folding_thresh";
  }
  llvm_unreachable("all fold types are named");
}

std::optional<FoldType> mlir::qat::symbolizeFoldType(StringRef word) {
  return StringSwitch<std::optional<FoldType>>(word)
      .Case("folding_weights", FoldType::FoldingWeights)
      .Case("ICN", FoldType::ICN)
      .Case("folding_thresh", FoldType::FoldingThresh)
      .Default(std::nullopt);
}

//===----------------------------------------------------------------------===//
// Quantized weights
//===----------------------------------------------------------------------===//

ArrayRef<int32_t> QuantizedWeights::getChannel(int64_t channel) const {
  int64_t size = getElementsPerChannel();
  return ArrayRef<int32_t>(integers).slice(channel * size, size);
}

bool QuantizedWeights::isChannelZero(int64_t channel) const {
  return all_of(getChannel(channel), [](int32_t value) { return value == 0; });
}

void QuantizedWeights::clearChannel(int64_t channel) {
  int64_t size = getElementsPerChannel();
  std::fill_n(integers.begin() + channel * size, size, 0);
}

std::vector<int32_t> QuantizedWeights::getStored() const {
  std::vector<int32_t> stored(integers);
  int64_t size = getElementsPerChannel();
  for (auto [index, value] : enumerate(stored))
    value += getZeroPoint(index / size);
  return stored;
}

std::vector<float> QuantizedWeights::getFake() const {
  std::vector<float> fake;
  fake.reserve(integers.size());
  int64_t size = getElementsPerChannel();
  for (auto [index, value] : enumerate(integers))
    fake.push_back(static_cast<float>(value) * getScale(index / size));
  return fake;
}

//===----------------------------------------------------------------------===//
// Quantization
//===----------------------------------------------------------------------===//

/// The bounds that a scheme clamps with, straddling 0.
static std::optional<WeightBounds>
getClamp(WeightScheme scheme, std::optional<WeightBounds> bounds) {
  if (!bounds || !hasBounds(scheme))
    return std::nullopt;
  float hi = std::max(bounds->hi, 0.0f);
  return WeightBounds{isSymmetric(scheme) ? -hi : std::min(bounds->lo, 0.0f),
                      hi};
}

/// Quantizes the elements that share a step onto the end of `result`.
static void quantizeRun(ArrayRef<float> t, std::optional<WeightBounds> clamp,
                        QuantizedWeights &result) {
  auto clamped = [&](float value) {
    return clamp ? std::clamp(value, clamp->lo, clamp->hi) : value;
  };
  float min = 0, max = 0;
  for (float value : t) {
    min = std::min(min, clamped(value));
    max = std::max(max, clamped(value));
  }
  int32_t maxLevel = getMaxLevel(result.bits);
  bool symmetric = isSymmetric(result.scheme);
  float range = symmetric ? 2.0f * std::max(-min, max) : max - min;
  float scale = range / static_cast<float>(maxLevel);
  if (!(scale > 0))
    scale = 1.0f;
  // A step among the subnormals may be rounded so far that Z leaves its bits.
  int32_t zeroPoint =
      symmetric ? 0
                : static_cast<int32_t>(
                      clampToInteger(roundHalfEven(-min / scale), 0, maxLevel));
  int32_t lo = symmetric ? -(1 << (result.bits - 1)) : -zeroPoint;
  for (float value : t)
    result.integers.push_back(static_cast<int32_t>(clampToInteger(
        roundHalfEven(clamped(value) / scale), lo, lo + maxLevel)));
  result.scales.push_back(scale);
  result.zeroPoints.push_back(zeroPoint);
}

QuantizedWeights
mlir::qat::quantizeWeights(ArrayRef<float> t, int64_t channels, unsigned bits,
                           WeightScheme scheme,
                           std::optional<WeightBounds> bounds) {
  QuantizedWeights result;
  result.scheme = scheme;
  result.bits = bits;
  result.channels = channels;
  result.integers.reserve(t.size());
  std::optional<WeightBounds> clamp = getClamp(scheme, bounds);
  if (!isPerChannel(scheme)) {
    quantizeRun(t, clamp, result);
    return result;
  }
  for (int64_t channel = 0; channel < channels; ++channel) {
    int64_t size = static_cast<int64_t>(t.size()) / channels;
    quantizeRun(t.slice(channel * size, size), clamp, result);
  }
  return result;
}

BoundGradient mlir::qat::weightGradient(ArrayRef<float> t, ArrayRef<float> g,
                                        WeightScheme scheme,
                                        std::optional<WeightBounds> bounds,
                                        MutableArrayRef<float> dt) {
  std::optional<WeightBounds> clamp = getClamp(scheme, bounds);
  if (!clamp) {
    llvm::copy(g, dt.begin());
    return {};
  }
  if (!isSymmetric(scheme))
    return twoBoundGradient(t, g, clamp->lo, clamp->hi, dt);
  BoundGradient sums;
  for (size_t i = 0; i < t.size(); ++i) {
    bool inside = std::fabs(t[i]) < clamp->hi;
    dt[i] = inside ? g[i] : 0.0f;
    if (!inside && t[i] != 0)
      sums.hi += t[i] < 0 ? -g[i] : g[i];
  }
  return sums;
}

void mlir::qat::scaleChannels(ArrayRef<float> w, ArrayRef<float> factors,
                              MutableArrayRef<float> t) {
  if (w.empty())
    return;
  size_t size = w.size() / factors.size();
  for (size_t i = 0; i < w.size(); ++i)
    t[i] = w[i] * factors[i / size];
}

//===----------------------------------------------------------------------===//
// Initial bounds
//===----------------------------------------------------------------------===//

std::optional<WeightBounds> mlir::qat::getInitialBounds(ArrayRef<float> t,
                                                        unsigned bits,
                                                        WeightScheme scheme,
                                                        FoldType foldType) {
  if (!hasBounds(scheme))
    return std::nullopt;
  if (!isSymmetric(scheme) && foldType != FoldType::FoldingWeights)
    return ppqBounds(t, bits);
  WeightBounds bounds = minMaxBounds(t);
  if (isSymmetric(scheme)) {
    bounds.hi = std::max(-bounds.lo, bounds.hi);
    bounds.lo = -bounds.hi;
  }
  return bounds;
}

WeightBounds mlir::qat::minMaxBounds(ArrayRef<float> t) {
  WeightBounds bounds;
  for (float value : t) {
    bounds.lo = std::min(bounds.lo, value);
    bounds.hi = std::max(bounds.hi, value);
  }
  return bounds;
}

WeightBounds mlir::qat::ppqBounds(ArrayRef<float> t, unsigned bits) {
  if (t.empty() || all_equal(t))
    return minMaxBounds(t);
  float maxLevel = static_cast<float>(getMaxLevel(bits));
  float half = maxLevel / 2.0f;
  double sum = 0;
  for (float value : t)
    sum += value;
  float mean = static_cast<float>(sum / static_cast<double>(t.size()));
  float farthest = 0;
  for (float value : t)
    farthest = std::max(farthest, std::fabs(value - mean));
  float next = farthest * static_cast<float>(2.0 / getMaxLevel(bits));
  WeightBounds bounds;
  for (int pass = 0; pass < 10; ++pass) {
    // Too small a spread for float32, or nothing left to fit.
    if (!(next > 0) || !std::isfinite(next))
      return pass ? bounds : minMaxBounds(t);
    float step = next;
    bounds.hi = std::max(mean + step * half, 0.0f);
    bounds.lo = std::min(mean - step * half, 0.0f);
    double cross = 0, square = 0;
    for (float value : t) {
      double level =
          roundHalfEven(std::clamp(value, bounds.lo, bounds.hi) / step);
      cross += level * value;
      square += level * level;
    }
    next = static_cast<float>(cross / square);
  }
  return bounds;
}
