//===- pad.h - a border of one value around a tensor --------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The output is the input with pixels above, below, left and right of it and
// channels before and after it that hold `value`.
//
// Scratch: none.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_PAD_H
#define QAT_RT_PAD_H

#include "base.h"

struct qat_pad {
  uint16_t in_h, in_w, in_c;
  uint16_t out_h, out_w, out_c;
  uint16_t top, left, front; /* where the input starts in the output */
  int32_t value;             /* as stored */
};

/* Declares one kernel by its name and the C type of its tensors. */
#define QAT_PAD_DECLARE(name, type)                                            \
  void name(const struct qat_pad *layer, const type *input,                    \
            int32_t input_pitch, type *output, int32_t output_pitch,           \
            int32_t first_row, int32_t row_count, void *scratch)

#endif /* QAT_RT_PAD_H */
