//===- fully_connected_body.h - what all fully connected layers do *- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_FULLY_CONNECTED_BODY_H
#define QAT_RT_FULLY_CONNECTED_BODY_H

#include "dot.h"
#include "fully_connected.h"

QAT_INLINE void qat_fully_connected_rows(
    const struct qat_fully_connected *layer, const void *input,
    int32_t input_pitch, void *output, int32_t output_pitch, int32_t first_row,
    int32_t row_count, void *scratch, int in, int weight, int out, int width) {
  const struct qat_finish finish = QAT_FINISH_OF(layer);
  const int32_t inputs = layer->inputs;

  int16_t *x = (int16_t *)scratch;
  const int32_t lanes = qat_lanes(weight);
  const int32_t words = (inputs + lanes - 1) / lanes;
  for (int32_t i = inputs; i < words * lanes; ++i)
    x[i] = 0;

  for (int32_t row = first_row; row < first_row + row_count; ++row) {
    struct qat_writer writer = qat_write_row(output, output_pitch, row);
    const int32_t sum = qat_gather(x, qat_row(input, input_pitch, row), 0,
                                   inputs, layer->input_zero_point, in);
    qat_dot_channels(&writer, x, sum, layer->weights, words, 0, layer->outputs,
                     &finish, weight, out, width);
    qat_end_row(&writer, out);
  }
}

/* Declares and defines one kernel, for example
 * QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_u4_i2_i32, u4, i2, i32,
 *                            QAT_ACC32) */
#define QAT_FULLY_CONNECTED_KERNEL(name, in, weight, out, width)               \
  QAT_FULLY_CONNECTED_DECLARE(name, QAT_TYPE_##in, QAT_TYPE_##out);            \
  QAT_FULLY_CONNECTED_DECLARE(name, QAT_TYPE_##in, QAT_TYPE_##out) {           \
    qat_fully_connected_rows(layer, input, input_pitch, output, output_pitch,  \
                             first_row, row_count, scratch, QAT_##in,          \
                             QAT_##weight, QAT_##out, width);                  \
  }

#endif /* QAT_RT_FULLY_CONNECTED_BODY_H */
