//===- table_softmax.h - softmax in integers ----------------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Over the channels of each pixel, with high(a, b, s) = (a*b + 2^(s-1)) >> s
// and a >>> s = (a >> s) + ((a >> (s-1)) & 1):
//
//   e      = table[largest x - x]
//   sum    = sum of e >>> 12
//   bits   = leading zeros of sum
//   d      = sum << (bits - 1)
//   r      = high(d, -1010580540, 31) + 1515870810
//   r      = r + 4 * high(r, 2^29 - high(r, d, 31), 31)   three times
//   output = clamp((high(e, r, 30) >>> (35 - bits)) + Zo, min, max)
//
// `table` has an element for every difference of two inputs, none negative,
// the first at least 2^12; `sum` stays below 2^28.
//
// Scratch: none.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_TABLE_SOFTMAX_H
#define QAT_RT_TABLE_SOFTMAX_H

#include "base.h"

struct qat_table_softmax {
  int32_t width; /* pixels of a row */
  int32_t channels;
  int32_t output_zero_point; /* -255 to 255 */
  int32_t output_min, output_max;
  const int32_t *table;
};

/* Declares one kernel by its name and the C types of its tensors. */
#define QAT_TABLE_SOFTMAX_DECLARE(name, input_type, output_type)               \
  void name(const struct qat_table_softmax *layer, const input_type *input,    \
            int32_t input_pitch, output_type *output, int32_t output_pitch,    \
            int32_t first_row, int32_t row_count, void *scratch)

#endif /* QAT_RT_TABLE_SOFTMAX_H */
