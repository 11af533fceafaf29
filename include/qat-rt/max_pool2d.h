//===- max_pool2d.h - largest element of windows ------------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The largest of the elements of the window that lie inside the image, of which
// there must be one at least. Input and output are on the same grid.
//
// Scratch: none.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_MAX_POOL2D_H
#define QAT_RT_MAX_POOL2D_H

#include "base.h"

struct qat_max_pool2d {
  uint16_t in_h, in_w;
  uint16_t out_h, out_w;
  uint16_t channels;
  uint16_t kernel_h, kernel_w;
  uint16_t stride_h, stride_w;
  uint16_t pad_top, pad_left; /* bottom and right follow from out_h, out_w */
};

/* Declares one kernel by its name and the C types of its tensors. */
#define QAT_MAX_POOL2D_DECLARE(name, type)                                     \
  void name(const struct qat_max_pool2d *layer, const type *input,             \
            int32_t input_pitch, type *output, int32_t output_pitch,           \
            int32_t first_row, int32_t row_count, void *scratch)

#endif /* QAT_RT_MAX_POOL2D_H */
