//===- concat.h - a tensor copied into a larger one ---------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One operand of a concatenation that is on the grid of the result: its rows
// become a part of the rows of the output. Along the channels, `width` is that
// of the image; along the width, it is 1 and a row's elements are the channels;
// along the height, rows are copied whole, to `output_first_row` and below.
// Only these elements are written (and unused fields of the last byte of a
// row).
//
// Scratch: none.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_CONCAT_H
#define QAT_RT_CONCAT_H

#include "base.h"

struct qat_concat {
  int32_t width;
  int32_t channels;             /* of the input */
  int32_t output_channels;      /* of the output */
  int32_t output_first_channel; /* where the input starts in a pixel */
  int32_t output_first_row;     /* where row 0 of the input goes */
};

/* Declares one kernel by its name and the C type of its tensors. */
#define QAT_CONCAT_DECLARE(name, type)                                         \
  void name(const struct qat_concat *layer, const type *input,                 \
            int32_t input_pitch, type *output, int32_t output_pitch,           \
            int32_t first_row, int32_t row_count, void *scratch)

#endif /* QAT_RT_CONCAT_H */
