//===- Histogram.cpp - how the values of a tensor are spread --------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Calibration/Histogram.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

int Histogram::exponentFor(float magnitude) {
  // magnitude = m * 2^e with 0.5 <= m < 1, so magnitude < 2^e = kBins * width.
  int e = 0;
  std::frexp(magnitude, &e);
  return e - Log2_64(kBins);
}

void Histogram::widen(int wanted) {
  if (positive.empty()) {
    positive.assign(kBins, 0);
    negative.assign(kBins, 0);
    exponent = wanted;
  }
  // Past log2(kBins) doublings everything is in the first bin.
  for (; exponent < wanted; ++exponent) {
    for (std::vector<uint64_t> *bins : {&positive, &negative}) {
      for (int64_t i = 0; i < kBins / 2; ++i)
        (*bins)[i] = (*bins)[2 * i] + (*bins)[2 * i + 1];
      std::fill(bins->begin() + kBins / 2, bins->end(), 0);
    }
  }
}

void Histogram::add(ArrayRef<float> values) {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  bool good = true;
  for (float value : values) {
    good &= std::isfinite(value);
    low = std::min(low, value);
    high = std::max(high, value);
  }
  total += values.size();
  finite &= good;
  if (!good || values.empty())
    return;
  least = std::min(least, low);
  greatest = std::max(greatest, high);
  float magnitude = std::max(-low, high);
  if (magnitude > 0)
    widen(exponentFor(magnitude));
  double scale = std::ldexp(1.0, -exponent);
  for (float value : values) {
    if (value == 0)
      ++zeros;
    else if (value > 0)
      ++positive[static_cast<int64_t>(value * scale)];
    else
      ++negative[static_cast<int64_t>(-value * scale)];
  }
}

void Histogram::merge(const Histogram &other) {
  total += other.total;
  zeros += other.zeros;
  finite &= other.finite;
  least = std::min(least, other.least);
  greatest = std::max(greatest, other.greatest);
  if (other.positive.empty())
    return;
  widen(other.exponent);
  int shift = std::min<int>(exponent - other.exponent, Log2_64(kBins));
  for (int64_t i = 0; i < kBins; ++i) {
    positive[i >> shift] += other.positive[i];
    negative[i >> shift] += other.negative[i];
  }
}

std::vector<WeightedPoint> Histogram::points() const {
  std::vector<WeightedPoint> result;
  double width = positive.empty() ? 0 : std::ldexp(1.0, exponent);
  auto add = [&](double centre, uint64_t number) {
    if (number)
      result.push_back({std::clamp(static_cast<float>(centre), least, greatest),
                        static_cast<double>(number)});
  };
  for (size_t i = negative.size(); i-- > 0;)
    add(-(static_cast<double>(i) + 0.5) * width, negative[i]);
  add(0.0, zeros);
  for (size_t i = 0; i < positive.size(); ++i)
    add((static_cast<double>(i) + 0.5) * width, positive[i]);
  return result;
}

float Histogram::upperQuantile(double fraction) const {
  double width = positive.empty() ? 0 : std::ldexp(1.0, exponent);
  // As many values as may lie above the bound.
  double above = (1.0 - fraction) * static_cast<double>(total);
  double seen = 0;
  auto reaches = [&](uint64_t number) {
    seen += static_cast<double>(number);
    return seen > above;
  };
  auto bound = [&](double value) {
    return std::clamp(static_cast<float>(value), least, greatest);
  };
  for (size_t i = positive.size(); i-- > 0;)
    if (reaches(positive[i]))
      return bound((static_cast<double>(i) + 1) * width);
  if (reaches(zeros))
    return bound(0.0);
  for (size_t i = 0; i < negative.size(); ++i)
    if (reaches(negative[i]))
      return bound(-static_cast<double>(i) * width);
  return least;
}

float Histogram::lowerQuantile(double fraction) const {
  Histogram mirrored = *this;
  std::swap(mirrored.positive, mirrored.negative);
  mirrored.least = -greatest;
  mirrored.greatest = -least;
  return -mirrored.upperQuantile(fraction);
}
