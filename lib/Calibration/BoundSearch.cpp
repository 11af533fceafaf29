//===- BoundSearch.cpp - bounds of least squared error --------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Calibration/BoundSearch.h"

#include "qat/Support/ActivationQuantizers.h"
#include "qat/Support/Grid.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

//===----------------------------------------------------------------------===//
// Search
//===----------------------------------------------------------------------===//

namespace {
/// How finely bounds are tried: `steps` geometric ones an octave, over
/// `octaves`, then `refined` even ones between the neighbours of the best.
struct Effort {
  int steps, octaves, refined, rounds;
};
} // namespace

static constexpr Effort kActivationEffort = {48, 6, 48, 4};
// Weights are many; their useful bounds lie within three octaves of the
// greatest, even for two bits.
static constexpr Effort kWeightEffort = {8, 3, 8, 2};

/// The factor in (0, 1] of least error; the greater one among equals.
static double findFactor(llvm::function_ref<double(double)> error,
                         const Effort &effort) {
  double best = 1, least = error(1);
  auto tryFactor = [&](double factor) {
    double value = error(factor);
    if (value < least) {
      least = value;
      best = factor;
    }
  };
  for (int i = 1; i <= effort.steps * effort.octaves; ++i)
    tryFactor(std::exp2(-static_cast<double>(i) / effort.steps));
  double ratio = std::exp2(1.0 / effort.steps);
  double high = std::min(best * ratio, 1.0), low = best / ratio;
  for (int i = effort.refined; i >= 0; --i)
    tryFactor(low + (high - low) * i / effort.refined);
  return best;
}

/// Both bounds of `range` narrowed to least error: together, then in turn.
static BoundPair findBounds(BoundPair range,
                            llvm::function_ref<double(BoundPair)> error,
                            const Effort &effort) {
  auto scaled = [&](double lo, double hi) {
    return BoundPair{static_cast<float>(range.lo * lo),
                     static_cast<float>(range.hi * hi)};
  };
  double lo = findFactor([&](double f) { return error(scaled(f, f)); }, effort);
  double hi = lo;
  if (range.lo == 0 || range.hi == 0)
    return scaled(lo, hi);
  double least = error(scaled(lo, hi));
  for (int round = 0; round < effort.rounds; ++round) {
    double nextLo =
        findFactor([&](double f) { return error(scaled(f, hi)); }, effort);
    double nextHi =
        findFactor([&](double f) { return error(scaled(nextLo, f)); }, effort);
    double reached = error(scaled(nextLo, nextHi));
    if (!(reached < least))
      break;
    least = reached;
    lo = nextLo;
    hi = nextHi;
  }
  return scaled(lo, hi);
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

static double square(double value) { return value * value; }

double qat::getPactError(ArrayRef<WeightedPoint> points, float alpha,
                         unsigned bits, Rounding rounding, float floatBound) {
  PactQuantizer quantizer(alpha, bits, rounding);
  double sum = 0;
  for (const WeightedPoint &point : points) {
    if (point.value <= 0)
      continue;
    float value = std::min(point.value, floatBound);
    sum += point.weight * square(value - quantizer.fakeQuantize(value));
  }
  return sum;
}

float qat::findPactBound(ArrayRef<WeightedPoint> points, unsigned bits,
                         Rounding rounding, float floatBound) {
  float greatest = 0;
  for (const WeightedPoint &point : points)
    greatest = std::max(greatest, std::min(point.value, floatBound));
  if (greatest == 0)
    return 0;
  auto error = [&](double factor) {
    return getPactError(points, static_cast<float>(greatest * factor), bits,
                        rounding, floatBound);
  };
  return static_cast<float>(greatest * findFactor(error, kActivationEffort));
}

double qat::getTwoBoundError(ArrayRef<WeightedPoint> points, BoundPair range,
                             unsigned bits, Rounding rounding) {
  TwoBoundQuantizer quantizer(range.lo, range.hi, bits, rounding);
  double sum = 0;
  for (const WeightedPoint &point : points)
    sum += point.weight *
           square(point.value - quantizer.fakeQuantize(point.value));
  return sum;
}

static BoundPair rangeOf(ArrayRef<WeightedPoint> points) {
  BoundPair range;
  for (const WeightedPoint &point : points) {
    range.lo = std::min(range.lo, point.value);
    range.hi = std::max(range.hi, point.value);
  }
  return range;
}

BoundPair qat::findTwoBounds(ArrayRef<WeightedPoint> points, unsigned bits,
                             Rounding rounding) {
  auto error = [&](BoundPair bounds) {
    return getTwoBoundError(points, bounds, bits, rounding);
  };
  return findBounds(rangeOf(points), error, kActivationEffort);
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

namespace {
/// The step and the levels of weights whose clamped values fill a range.
struct WeightGrid {
  float lo, hi, scale, lowest, highest;

  WeightGrid(BoundPair range, unsigned bits, bool symmetric) {
    hi = range.hi;
    lo = symmetric ? -range.hi : range.lo;
    auto levels = static_cast<float>(getMaxLevel(bits));
    scale = (symmetric ? 2.0f * hi : hi - lo) / levels;
    if (!(scale > 0))
      scale = 1.0f;
    lowest = symmetric ? -static_cast<float>(1 << (bits - 1))
                       : -std::min(round(-lo / scale), levels);
    highest = lowest + levels;
  }

  /// Half to even for |value| < 2^22, in two instructions that vectorize.
  static float round(float value) {
    return (value + 12582912.0f) - 12582912.0f;
  }

  double getError(float value) const {
    float level = round(std::clamp(value, lo, hi) / scale);
    return value - std::clamp(level, lowest, highest) * scale;
  }
};
} // namespace

/// The range that the elements fill once clamped, from which the step comes.
static BoundPair clampedRange(BoundPair data, BoundPair bounds,
                              bool symmetric) {
  if (!symmetric)
    return {std::max(data.lo, bounds.lo), std::min(data.hi, bounds.hi)};
  float reach = std::min(std::max(-data.lo, data.hi), bounds.hi);
  return {-reach, reach};
}

static BoundPair rangeOf(ArrayRef<float> t) {
  BoundPair range;
  for (float value : t) {
    range.lo = std::min(range.lo, value);
    range.hi = std::max(range.hi, value);
  }
  return range;
}

double qat::getWeightError(ArrayRef<float> t, ArrayRef<float> importance,
                           BoundPair range, unsigned bits, bool symmetric) {
  WeightGrid grid(clampedRange(rangeOf(t), range, symmetric), bits, symmetric);
  double sum = 0;
  if (importance.empty())
    for (float value : t)
      sum += square(grid.getError(value));
  else
    for (auto [value, weight] : llvm::zip_equal(t, importance))
      sum += weight * square(grid.getError(value));
  return sum;
}

BoundPair qat::findWeightBounds(ArrayRef<float> t, ArrayRef<float> importance,
                                unsigned bits, bool symmetric) {
  BoundPair data = rangeOf(t);
  BoundPair whole =
      clampedRange(data, {data.lo, std::max(-data.lo, data.hi)}, symmetric);
  if (whole.lo == 0 && whole.hi == 0)
    return whole;
  auto error = [&](BoundPair bounds) {
    return getWeightError(t, importance, bounds, bits, symmetric);
  };
  if (!symmetric)
    return findBounds(whole, error, kWeightEffort);
  // One factor serves both ends.
  auto scaled = [&](double factor) {
    auto reach = static_cast<float>(whole.hi * factor);
    return BoundPair{-reach, reach};
  };
  return scaled(
      findFactor([&](double f) { return error(scaled(f)); }, kWeightEffort));
}
