//===- Thresholds.h - requantization by comparison -------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_THRESHOLDS_H
#define QAT_SUPPORT_THRESHOLDS_H

#include "qat/Support/FixedPoint.h"

#include "llvm/ADT/SmallVector.h"

namespace mlir::qat {

/// One channel's folding_thresh data (section 4): the stored output is the
/// number of levels whose threshold the accumulator, without bias, has passed.
struct ChannelThresholds {
  /// acc >= threshold passes it where true, acc <= threshold where false (a
  /// negative multiplier).
  bool rising = true;
  /// The threshold of level 1, 2, ..., n: ascending where rising, else
  /// descending. A level that every accumulator reaches, or none, has the
  /// smallest or largest int64. For an accumulator known to lie strictly
  /// between the ends of int32 they may be saturated to int32.
  llvm::SmallVector<int64_t> levels;

  /// The stored output for `acc`.
  int32_t apply(int64_t acc) const;

  /// The levels as layers store them: saturated to int32 and ascending, for
  /// which those of a channel that falls are complemented (~t >= ~acc where
  /// acc >= t; ~ is exact at both ends, where a sign change is not). Equal to
  /// apply for accumulators strictly between the ends of int32.
  llvm::SmallVector<int32_t> getStored() const;
};

/// The number of levels that `acc` passes by `stored` thresholds, one channel's
/// in ascending order: acc is saturated to int32, complemented where `falling`,
/// and passes those that it is not below.
int32_t countPassed(int64_t acc, llvm::ArrayRef<int32_t> stored, bool falling);

/// The thresholds whose output equals requantize(acc + bias, multiplier, 0,
/// maxLevel, zeroPoint) for every acc of which acc + bias fits 64 bits.
ChannelThresholds getThresholds(int32_t bias, Multiplier multiplier,
                                int32_t maxLevel, int32_t zeroPoint = 0);

} // namespace mlir::qat

#endif // QAT_SUPPORT_THRESHOLDS_H
