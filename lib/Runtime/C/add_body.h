//===- add_body.h - what all additions do -------------------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_ADD_BODY_H
#define QAT_RT_ADD_BODY_H

#include "add.h"
#include "storage.h"

QAT_INLINE void qat_add_rows(const struct qat_add *layer, const void *input1,
                             int32_t input1_pitch, const void *input2,
                             int32_t input2_pitch, void *output,
                             int32_t output_pitch, int32_t first_row,
                             int32_t row_count, void *scratch, int in1, int in2,
                             int out) {
  (void)scratch;
  const int32_t elements = layer->row_elements;
  const int32_t m1 = layer->input1_multiplier, m2 = layer->input2_multiplier;
  const uint32_t shift = layer->shift;
  const int32_t zero = layer->output_zero_point;
  const int32_t lowest = layer->output_min - zero;
  const int32_t highest = layer->output_max - zero;
  /* Modulo 2^32 the zero points can be taken out of the loop. */
  const uint32_t offset = (uint32_t)layer->rounding -
                          (uint32_t)layer->input1_zero_point * (uint32_t)m1 -
                          (uint32_t)layer->input2_zero_point * (uint32_t)m2;
  for (int32_t row = first_row; row < first_row + row_count; ++row) {
    struct qat_writer writer = qat_write_row(output, output_pitch, row);
    const uint8_t *row1 = qat_row(input1, input1_pitch, row);
    const uint8_t *row2 = qat_row(input2, input2_pitch, row);
    for (int32_t i = 0; i < elements; ++i) {
      uint32_t sum = offset + (uint32_t)qat_load(row1, i, in1) * (uint32_t)m1 +
                     (uint32_t)qat_load(row2, i, in2) * (uint32_t)m2;
      qat_put(&writer, qat_clamp((int32_t)sum >> shift, lowest, highest) + zero,
              out);
    }
    qat_end_row(&writer, out);
  }
}

/* Declares and defines one kernel, for example
 * QAT_ADD_KERNEL(qat_add_u4_u4_u4, u4, u4, u4) */
#define QAT_ADD_KERNEL(name, in1, in2, out)                                    \
  QAT_ADD_DECLARE(name, QAT_TYPE_##in1, QAT_TYPE_##in2, QAT_TYPE_##out);       \
  QAT_ADD_DECLARE(name, QAT_TYPE_##in1, QAT_TYPE_##in2, QAT_TYPE_##out) {      \
    qat_add_rows(layer, input1, input1_pitch, input2, input2_pitch, output,    \
                 output_pitch, first_row, row_count, scratch, QAT_##in1,       \
                 QAT_##in2, QAT_##out);                                        \
  }

#endif /* QAT_RT_ADD_BODY_H */
