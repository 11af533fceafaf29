//===- Grid.h - the levels of a quantized tensor ---------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_GRID_H
#define QAT_SUPPORT_GRID_H

#include <cstdint>

namespace mlir::qat {

/// n_b = 2^b - 1, the highest level of an unsigned grid of `bits` bits.
constexpr int32_t getMaxLevel(unsigned bits) { return (1 << bits) - 1; }

/// The smallest and the largest width of weights and activations.
constexpr unsigned minBits = 2, maxBits = 8;

/// The levels of one tensor: a stored integer q in [storageMin, storageMax]
/// stands for the real value (q - zeroPoint) * scale.
struct Grid {
  /// The step S, positive; rounded to float32 where it meets a tensor.
  double scale = 1.0;
  /// The stored value of 0.0, within the storage range.
  int32_t zeroPoint = 0;
  int32_t storageMin = 0;
  int32_t storageMax = 255;

  /// The step as tensors meet it.
  float getStep() const { return static_cast<float>(scale); }

  /// (stored - zeroPoint) * float32(scale), one float32 product.
  float dequantize(int32_t stored) const {
    return static_cast<float>(stored - zeroPoint) * getStep();
  }

  /// The same levels stored `offset` higher; -128 turns u8 into s8.
  Grid withStorageOffset(int32_t offset) const {
    return {scale, zeroPoint + offset, storageMin + offset,
            storageMax + offset};
  }

  bool operator==(const Grid &other) const {
    return scale == other.scale && zeroPoint == other.zeroPoint &&
           storageMin == other.storageMin && storageMax == other.storageMax;
  }
  bool operator!=(const Grid &other) const { return !(*this == other); }
};

} // namespace mlir::qat

#endif // QAT_SUPPORT_GRID_H
