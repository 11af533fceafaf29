//===- AddRule.cpp - add and concat on integer grids ---------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/AddRule.h"

#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace mlir::qat;

Expected<AddRule> mlir::qat::getAddRule(double scale1, double scale2,
                                        double scaleOut, Rounding rounding) {
  double ratio = std::max(scale1, scale2) / scaleOut;
  // Catches zero, negative and infinite scales and NaN alike.
  bool valid = std::min(scale1, scale2) >= 0 && scaleOut > 0 && ratio > 0 &&
               std::isfinite(ratio);
  int exponent = 0;
  if (valid)
    (void)std::frexp(ratio, &exponent);
  int shift = 20 - exponent;
  if (!valid || shift < 1 || shift > 31)
    return createStringError(formatv(
        "operands of step {0:e} and {1:e} cannot be added onto a result of "
        "step {2:e}: their ratio {3:e} must lie in 2^-12 .. 2^19",
        scale1, scale2, scaleOut, ratio));
  double unit = std::ldexp(1.0, shift);
  AddRule rule;
  rule.multiplier1 =
      static_cast<int32_t>(roundHalfEven(scale1 / scaleOut * unit));
  rule.multiplier2 =
      static_cast<int32_t>(roundHalfEven(scale2 / scaleOut * unit));
  rule.shift = shift;
  rule.offset = rounding == Rounding::Nearest ? int32_t(1) << (shift - 1) : 0;
  return rule;
}

Expected<AddRule> mlir::qat::getRescaleRule(double scale, double scaleOut,
                                            Rounding rounding) {
  return getAddRule(scale, 0.0, scaleOut, rounding);
}

int32_t mlir::qat::addRequantize(int32_t x1, const Grid &grid1, int32_t x2,
                                 const Grid &grid2, const Grid &result,
                                 const AddRule &rule) {
  // 64 bits only so that a wrong caller cannot overflow: 32 are enough.
  int64_t sum = (int64_t(x1) - grid1.zeroPoint) * rule.multiplier1 +
                (int64_t(x2) - grid2.zeroPoint) * rule.multiplier2 +
                rule.offset;
  int64_t level = (sum >> rule.shift) + result.zeroPoint;
  return static_cast<int32_t>(
      std::clamp<int64_t>(level, result.storageMin, result.storageMax));
}

int32_t mlir::qat::rescale(int32_t x, const Grid &grid, const Grid &result,
                           const AddRule &rule) {
  return addRequantize(x, grid, grid.zeroPoint, grid, result, rule);
}
