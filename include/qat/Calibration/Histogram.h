//===- Histogram.h - how the values of a tensor are spread ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_CALIBRATION_HISTOGRAM_H
#define QAT_CALIBRATION_HISTOGRAM_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <limits>
#include <vector>

namespace mlir::qat {

/// Some values that are close to `value`, which stands for them.
struct WeightedPoint {
  float value = 0;
  double weight = 0;
};

/// A histogram of values that arrive in pieces, in memory that does not grow.
///
/// Each sign has `kBins` bins of one width, a power of two; zeros are counted
/// apart. A value that does not fit doubles the width, which joins neighbouring
/// bins exactly: the result depends on the values alone, not on the order in
/// which they came nor on how they were cut into pieces. At least half of the
/// bins of the sign that reaches further are in use.
class Histogram {
public:
  static constexpr int64_t kBins = 8192;

  /// Takes `values` in. A NaN or an infinity makes isFinite() false for good.
  void add(llvm::ArrayRef<float> values);
  /// Takes in what `other` has seen.
  void merge(const Histogram &other);

  /// Whether every value was finite, and there was one.
  bool isFinite() const { return total > 0 && finite; }
  uint64_t count() const { return total; }
  /// The least and the greatest value, exactly.
  float minimum() const { return least; }
  float maximum() const { return greatest; }

  /// A bound that at least `fraction` (0 to 1) of the values do not exceed: the
  /// upper end of the bin that the value of that rank is in, or maximum().
  float upperQuantile(double fraction) const;
  /// The same from the other end: at least `fraction` of the values are not
  /// below it.
  float lowerQuantile(double fraction) const;

  /// The bins that hold something, by rising value: centre and count. The
  /// extreme bins are represented within [minimum(), maximum()].
  std::vector<WeightedPoint> points() const;

private:
  /// Makes the bins at least 2^exponent wide.
  void widen(int exponent);
  /// The exponent of the least width that takes values up to `magnitude`.
  static int exponentFor(float magnitude);

  /// The width is 2^exponent.
  int exponent = std::numeric_limits<int>::min();
  std::vector<uint64_t> negative, positive;
  uint64_t zeros = 0, total = 0;
  float least = std::numeric_limits<float>::infinity();
  float greatest = -std::numeric_limits<float>::infinity();
  bool finite = true;
};

} // namespace mlir::qat

#endif // QAT_CALIBRATION_HISTOGRAM_H
