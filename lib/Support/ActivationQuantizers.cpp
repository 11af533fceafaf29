//===- ActivationQuantizers.cpp - input, PACT, two bounds ----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/ActivationQuantizers.h"

#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace mlir::qat;

static Error checkBits(unsigned bits) {
  if (bits >= minBits && bits <= maxBits)
    return Error::success();
  return createStringError(formatv(
      "an activation of {0} bits is not supported, only 2 to 8 bits", bits));
}

//===----------------------------------------------------------------------===//
// Network input
//===----------------------------------------------------------------------===//

Expected<InputQuantizer> InputQuantizer::get(double lo, double hi) {
  if (!std::isfinite(lo) || !std::isfinite(hi) || !(lo < hi) || lo > 0 ||
      hi < 0)
    return createStringError(formatv(
        "input range [{0:e}, {1:e}] must be finite, not empty and hold 0, "
        "since padding is 0; widen it",
        lo, hi));
  Grid grid;
  grid.scale = (hi - lo) / 255.0;
  if (lo == -1.0 && hi == 1.0) {
    grid.storageMin = -128;
    grid.storageMax = 127;
  } else {
    grid.zeroPoint = static_cast<int32_t>(
        clampToInteger(roundHalfEven(-lo / grid.scale), 0, 255));
  }
  return InputQuantizer(static_cast<float>(lo), static_cast<float>(hi), grid);
}

InputQuantizer::InputQuantizer(float lo, float hi, Grid grid)
    : lo(lo), hi(hi), grid(grid),
      isDefault(grid.scale == 2.0 / 255.0 && grid.zeroPoint == 0 &&
                grid.storageMin == -128) {}

InputQuantizer InputQuantizer::fromGrid(const Grid &grid) {
  InputQuantizer quantizer(
      static_cast<float>((grid.storageMin - grid.zeroPoint) * grid.scale),
      static_cast<float>((grid.storageMax - grid.zeroPoint) * grid.scale),
      grid);
  if (quantizer.isDefault) {
    quantizer.lo = -1.0f;
    quantizer.hi = 1.0f;
  }
  return quantizer;
}

int32_t InputQuantizer::quantize(float x) const {
  if (std::isnan(x))
    return grid.zeroPoint;
  float clamped = std::clamp(x, lo, hi);
  // 127.5 is exact where 1/S is not.
  float level =
      roundHalfEven(isDefault ? clamped * 127.5f : clamped / grid.getStep());
  return static_cast<int32_t>(clampToInteger(level,
                                             grid.storageMin - grid.zeroPoint,
                                             grid.storageMax - grid.zeroPoint) +
                              grid.zeroPoint);
}

//===----------------------------------------------------------------------===//
// PACT
//===----------------------------------------------------------------------===//

Expected<Grid> mlir::qat::getPactGrid(double alpha, unsigned bits) {
  if (Error error = checkBits(bits))
    return std::move(error);
  if (!std::isfinite(alpha) || alpha <= 0)
    return createStringError(
        formatv("activation bound {0:e} must be positive and finite", alpha));
  int32_t maxLevel = getMaxLevel(bits);
  return Grid{alpha / maxLevel, 0, 0, maxLevel};
}

PactQuantizer::PactQuantizer(float alpha, unsigned bits, Rounding rounding)
    : alpha(alpha), offset(getRoundingOffset(rounding)),
      maxLevel(getMaxLevel(bits)) {
  reciprocal = static_cast<float>(maxLevel / static_cast<double>(alpha));
  step = static_cast<float>(static_cast<double>(alpha) / maxLevel);
}

int32_t PactQuantizer::quantize(float x) const {
  if (x >= alpha)
    return maxLevel;
  return static_cast<int32_t>(
      clampToInteger(std::floor(reciprocal * x + offset), 0, maxLevel));
}

double mlir::qat::pactGradient(ArrayRef<float> x, ArrayRef<float> g,
                               float alpha, MutableArrayRef<float> dx) {
  double dalpha = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    dx[i] = x[i] > 0 && x[i] < alpha ? g[i] : 0.0f;
    if (x[i] >= alpha)
      dalpha += g[i];
  }
  return dalpha;
}

//===----------------------------------------------------------------------===//
// Two bounds
//===----------------------------------------------------------------------===//

/// The grid between two finite bounds.
static Grid computeTwoBoundGrid(double lo, double hi, unsigned bits) {
  lo = std::min(lo, 0.0);
  hi = std::max(hi, 0.0);
  int32_t maxLevel = getMaxLevel(bits);
  double scale = (hi - lo) / maxLevel;
  if (!(scale > 0))
    scale = 1.0;
  int32_t zeroPoint = static_cast<int32_t>(
      clampToInteger(roundHalfEven(-lo / scale), 0, maxLevel));
  return {scale, zeroPoint, 0, maxLevel};
}

Expected<Grid> mlir::qat::getTwoBoundGrid(double lo, double hi, unsigned bits) {
  if (Error error = checkBits(bits))
    return std::move(error);
  if (!std::isfinite(lo) || !std::isfinite(hi))
    return createStringError(
        formatv("activation bounds {0:e} and {1:e} must be finite", lo, hi));
  return computeTwoBoundGrid(lo, hi, bits);
}

TwoBoundQuantizer::TwoBoundQuantizer(float lo, float hi, unsigned bits,
                                     Rounding rounding)
    : TwoBoundQuantizer(computeTwoBoundGrid(lo, hi, bits), rounding) {}

TwoBoundQuantizer::TwoBoundQuantizer(const Grid &grid, Rounding rounding)
    : grid(grid), offset(getRoundingOffset(rounding)) {}

int32_t TwoBoundQuantizer::quantize(float x) const {
  float level = std::floor(x / grid.getStep() + offset);
  return static_cast<int32_t>(clampToInteger(level,
                                             grid.storageMin - grid.zeroPoint,
                                             grid.storageMax - grid.zeroPoint) +
                              grid.zeroPoint);
}

BoundGradient mlir::qat::twoBoundGradient(ArrayRef<float> x, ArrayRef<float> g,
                                          float lo, float hi,
                                          MutableArrayRef<float> dx) {
  lo = std::min(lo, 0.0f);
  hi = std::max(hi, 0.0f);
  BoundGradient sums;
  for (size_t i = 0; i < x.size(); ++i) {
    dx[i] = x[i] > lo && x[i] < hi ? g[i] : 0.0f;
    if (x[i] <= lo)
      sums.lo += g[i];
    if (x[i] >= hi)
      sums.hi += g[i];
  }
  return sums;
}
