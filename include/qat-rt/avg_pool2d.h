//===- avg_pool2d.h - mean over windows ---------------------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   output = floor(sum / k)                    rounding down
//   output = floor((2 * sum + k) / (2 * k))    rounding to nearest
//   output = sign(sum) * floor((2 * |sum| + k) / (2 * k))
//                                              the same, halves away from 0
//
// over the k elements of the window that lie inside the image, of which there
// must be one at least and 2^22 at most. Input and output are on the same grid;
// the zero point cancels.
//
// Scratch: none.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_AVG_POOL2D_H
#define QAT_RT_AVG_POOL2D_H

#include "base.h"

struct qat_avg_pool2d {
  uint16_t in_h, in_w;
  uint16_t out_h, out_w;
  uint16_t channels;
  uint16_t kernel_h, kernel_w;
  uint16_t stride_h, stride_w;
  uint16_t pad_top, pad_left; /* bottom and right follow from out_h, out_w */
  uint8_t round_to_nearest;   /* 0: down; 1; 2: halves away from 0 */
};

/* Declares one kernel by its name and the C types of its tensors. */
#define QAT_AVG_POOL2D_DECLARE(name, type)                                     \
  void name(const struct qat_avg_pool2d *layer, const type *input,             \
            int32_t input_pitch, type *output, int32_t output_pitch,           \
            int32_t first_row, int32_t row_count, void *scratch)

#endif /* QAT_RT_AVG_POOL2D_H */
