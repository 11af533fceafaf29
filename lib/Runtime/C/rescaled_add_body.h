//===- rescaled_add_body.h - what all rescaled additions do -------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_RESCALED_ADD_BODY_H
#define QAT_RT_RESCALED_ADD_BODY_H

#include "rescaled_add.h"
#include "storage.h"

QAT_INLINE void qat_rescaled_add_rows(const struct qat_rescaled_add *layer,
                                      const void *input1, int32_t input1_pitch,
                                      const void *input2, int32_t input2_pitch,
                                      void *output, int32_t output_pitch,
                                      int32_t first_row, int32_t row_count,
                                      void *scratch, int in1, int in2,
                                      int out) {
  (void)scratch;
  const int32_t elements = layer->row_elements;
  const int twice = layer->double_round;
  const int32_t zero1 = layer->input1_zero_point;
  const int32_t zero2 = layer->input2_zero_point;
  const int32_t zero = layer->output_zero_point;
  const int32_t lowest = layer->output_min - zero;
  const int32_t highest = layer->output_max - zero;
  for (int32_t row = first_row; row < first_row + row_count; ++row) {
    struct qat_writer writer = qat_write_row(output, output_pitch, row);
    const uint8_t *row1 = qat_row(input1, input1_pitch, row);
    const uint8_t *row2 = qat_row(input2, input2_pitch, row);
    for (int32_t i = 0; i < elements; ++i) {
      int32_t a = qat_load(row1, i, in1) - zero1;
      int32_t b = qat_load(row2, i, in2) - zero2;
      a = qat_requantize_rounded(a, layer->input1_first_multiplier,
                                 layer->input1_first_shift, twice);
      a = qat_requantize_rounded(a, layer->input1_second_multiplier,
                                 layer->input1_second_shift, twice);
      b = qat_requantize_rounded(b, layer->input2_first_multiplier,
                                 layer->input2_first_shift, twice);
      b = qat_requantize_rounded(b, layer->input2_second_multiplier,
                                 layer->input2_second_shift, twice);
      a = qat_requantize_rounded(a + b, layer->multiplier, layer->shift, twice);
      qat_put(&writer, qat_clamp(a, lowest, highest) + zero, out);
    }
    qat_end_row(&writer, out);
  }
}

/* Declares and defines one kernel, for example
 * QAT_RESCALED_ADD_KERNEL(qat_rescaled_add_i8_i8_i8, i8, i8, i8) */
#define QAT_RESCALED_ADD_KERNEL(name, in1, in2, out)                           \
  QAT_RESCALED_ADD_DECLARE(name, QAT_TYPE_##in1, QAT_TYPE_##in2,               \
                           QAT_TYPE_##out);                                    \
  QAT_RESCALED_ADD_DECLARE(name, QAT_TYPE_##in1, QAT_TYPE_##in2,               \
                           QAT_TYPE_##out) {                                   \
    qat_rescaled_add_rows(layer, input1, input1_pitch, input2, input2_pitch,   \
                          output, output_pitch, first_row, row_count, scratch, \
                          QAT_##in1, QAT_##in2, QAT_##out);                    \
  }

#endif /* QAT_RT_RESCALED_ADD_BODY_H */
