//===- table_body.h - what all tables do --------------------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_TABLE_BODY_H
#define QAT_RT_TABLE_BODY_H

#include "storage.h"
#include "table.h"

QAT_INLINE void qat_table_rows(const struct qat_table *layer, const void *input,
                               int32_t input_pitch, void *output,
                               int32_t output_pitch, int32_t first_row,
                               int32_t row_count, void *scratch, int in,
                               int out) {
  (void)scratch;
  const int32_t elements = layer->row_elements;
  const int32_t least = layer->input_min;
  const uint8_t *values = layer->values;
  for (int32_t row = first_row; row < first_row + row_count; ++row) {
    struct qat_writer writer = qat_write_row(output, output_pitch, row);
    const uint8_t *from = qat_row(input, input_pitch, row);
    for (int32_t i = 0; i < elements; ++i)
      qat_put(&writer, values[qat_load(from, i, in) - least], out);
    qat_end_row(&writer, out);
  }
}

/* Declares and defines one kernel, for example
 * QAT_TABLE_KERNEL(qat_table_i8_i8, i8, i8) */
#define QAT_TABLE_KERNEL(name, in, out)                                        \
  QAT_TABLE_DECLARE(name, QAT_TYPE_##in, QAT_TYPE_##out);                      \
  QAT_TABLE_DECLARE(name, QAT_TYPE_##in, QAT_TYPE_##out) {                     \
    qat_table_rows(layer, input, input_pitch, output, output_pitch, first_row, \
                   row_count, scratch, QAT_##in, QAT_##out);                   \
  }

#endif /* QAT_RT_TABLE_BODY_H */
