//===- ImportedLayers.cpp - layers of imported integer networks -----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/ImportedLayers.h"

#include "llvm/ADT/bit.h"

#include <algorithm>

using namespace llvm;
using namespace mlir::qat;

int32_t mlir::qat::rescaledAdd(int32_t x1, const RescaledOperand &operand1,
                               int32_t x2, const RescaledOperand &operand2,
                               Multiplier scale, ScaleRounding rounding,
                               int32_t zeroPoint, int32_t storageMin,
                               int32_t storageMax) {
  auto scaled = [&](int64_t x, const RescaledOperand &operand) {
    x -= operand.zeroPoint;
    for (Multiplier multiplier : operand.scales)
      x = applyMultiplier(x, multiplier, rounding);
    return x;
  };
  int64_t sum = scaled(x1, operand1) + scaled(x2, operand2);
  return std::clamp<int64_t>(applyMultiplier(sum, scale, rounding) + zeroPoint,
                             storageMin, storageMax);
}

/// tosa.mul on 32 bits: the product rounded half up as it is shifted.
static int64_t multiplyHigh(int64_t a, int64_t b, unsigned shift) {
  return (a * b + (int64_t(1) << (shift - 1))) >> shift;
}

/// tosa.arithmetic_right_shift with rounding.
static int64_t shiftRounded(int64_t value, unsigned shift) {
  return (value >> shift) + ((value >> (shift - 1)) & 1);
}

std::vector<int32_t> mlir::qat::tableSoftmax(ArrayRef<int32_t> row,
                                             ArrayRef<int32_t> table,
                                             int32_t zeroPoint,
                                             int32_t storageMin,
                                             int32_t storageMax) {
  int32_t largest = *std::max_element(row.begin(), row.end());
  int64_t sum = 0;
  for (int32_t x : row)
    sum += shiftRounded(table[largest - x], 12);
  unsigned zeros = countl_zero(static_cast<uint32_t>(sum));
  int64_t d = sum << (zeros - 1);
  // 48/17 - 32/17 * d with 29 fractional bits, then three Newton steps.
  int64_t reciprocal = multiplyHigh(d, -1010580540, 31) + 1515870810;
  for (int step = 0; step < 3; ++step) {
    int64_t error = (int64_t(1) << 29) - multiplyHigh(reciprocal, d, 31);
    reciprocal += 4 * multiplyHigh(reciprocal, error, 31);
  }
  std::vector<int32_t> result;
  for (int32_t x : row) {
    int64_t product = multiplyHigh(table[largest - x], reciprocal, 30);
    result.push_back(std::clamp<int64_t>(
        shiftRounded(product, 35 - zeros) + zeroPoint, storageMin, storageMax));
  }
  return result;
}

int64_t mlir::qat::roundAverageHalfAway(int64_t sum, int64_t count) {
  int64_t average = (2 * (sum < 0 ? -sum : sum) + count) / (2 * count);
  return sum < 0 ? -average : average;
}
