//===- PartSizes.h - into how many parts a batch is cut ---------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TRAININGSTEP_PARTSIZES_H
#define QAT_LIB_TRAININGSTEP_PARTSIZES_H

#include <cstdint>

namespace mlir::qat {

struct PartRequest {
  int64_t batch = 1;
  int64_t pixels = 0; ///< of all images, where a part may be any run of them
  int64_t batchedBytes = 0; ///< that the group reads and writes of the batch
  int64_t partialBytes = 0; ///< of the sums that each tile holds
  int64_t partBytes = 0;    ///< wanted bytes of a part
  int64_t maxTiles = 16;
};

struct PartSizes {
  int64_t tiles = 1;  ///< computed in any order, by any thread
  int64_t blocks = 1; ///< of a tile, one after the other
  int64_t size = 1;   ///< images, or pixels, of a part
  bool pixels = false;
};

/// The largest divisor of `value` that is at most `limit` (at least 1).
int64_t largestDivisor(int64_t value, int64_t limit);

/// Pixels after which a sum over them starts anew: the fewer, the more exact.
inline constexpr int64_t longestRow = 512;

/// tiles * blocks * size is the batch, or the number of pixels. Of shapes
/// alone, so that no result depends on the machine.
PartSizes chooseParts(const PartRequest &request);

} // namespace mlir::qat

#endif // QAT_LIB_TRAININGSTEP_PARTSIZES_H
