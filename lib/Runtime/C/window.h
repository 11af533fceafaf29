//===- window.h - which taps of a window lie inside the image -----*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_WINDOW_H
#define QAT_RT_WINDOW_H

#include "storage.h"

/* The taps [first, last). */
struct qat_taps {
  int32_t first, last;
};

/* The taps of a window that starts at `origin` (negative in the padding) that
 * lie in [0, size). Costs two comparisons where all of them do. */
QAT_INLINE struct qat_taps qat_taps_inside(int32_t origin, int32_t dilation,
                                           int32_t kernel, int32_t size) {
  struct qat_taps taps = {0, kernel};
  while (taps.first < kernel && origin + taps.first * dilation < 0)
    ++taps.first;
  while (taps.last > taps.first && origin + (taps.last - 1) * dilation >= size)
    --taps.last;
  return taps;
}

#endif /* QAT_RT_WINDOW_H */
