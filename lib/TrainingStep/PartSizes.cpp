//===- PartSizes.cpp - into how many parts a batch is cut -----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PartSizes.h"

#include <algorithm>

using namespace mlir::qat;

int64_t mlir::qat::largestDivisor(int64_t value, int64_t limit) {
  for (int64_t divisor = std::min(value, limit); divisor > 1; --divisor)
    if (value % divisor == 0)
      return divisor;
  return 1;
}

PartSizes mlir::qat::chooseParts(const PartRequest &request) {
  PartSizes sizes;
  sizes.pixels = request.pixels > 0;
  int64_t units = sizes.pixels ? request.pixels : request.batch;
  // The sums of a tile are written and read once more: their bytes shall stay
  // below those of the batch.
  int64_t tiles = request.maxTiles;
  if (request.partialBytes > 0)
    tiles = std::min(tiles, std::max<int64_t>(2, request.batchedBytes /
                                                     request.partialBytes));
  sizes.tiles = largestDivisor(units, tiles);
  int64_t unitBytes = std::max<int64_t>(1, request.batchedBytes / units);
  sizes.size = largestDivisor(
      units / sizes.tiles, std::max<int64_t>(1, request.partBytes / unitBytes));
  sizes.blocks = units / sizes.tiles / sizes.size;
  return sizes;
}
