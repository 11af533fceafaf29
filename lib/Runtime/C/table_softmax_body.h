//===- table_softmax_body.h - what all softmaxes do ---------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_TABLE_SOFTMAX_BODY_H
#define QAT_RT_TABLE_SOFTMAX_BODY_H

#include "storage.h"
#include "table_softmax.h"

/* (a * b + 2^(shift-1)) >> shift. */
QAT_INLINE int32_t qat_high(int32_t a, int32_t b, uint32_t shift) {
  return (int32_t)(((int64_t)a * b + ((int64_t)1 << (shift - 1))) >> shift);
}

/* a / 2^shift to nearest, halves up, for shift of 1 and more. */
QAT_INLINE int32_t qat_rounded_shift(int32_t a, uint32_t shift) {
  return (a >> shift) + ((a >> (shift - 1)) & 1);
}

/* Leading zeros of a value that is not 0. */
QAT_INLINE uint32_t qat_leading_zeros(uint32_t value) {
  uint32_t bits = 0;
  for (; !(value & 0x80000000U); value <<= 1)
    ++bits;
  return bits;
}

/* 2^59 / d in about 29 bits, for 2^30 <= d < 2^31. */
QAT_OUTLINE int32_t qat_reciprocal(int32_t d) {
  int32_t r = qat_high(d, -1010580540, 31) + 1515870810;
  for (int step = 0; step < 3; ++step)
    r += 4 * qat_high(r, (1 << 29) - qat_high(r, d, 31), 31);
  return r;
}

QAT_INLINE void qat_table_softmax_rows(const struct qat_table_softmax *layer,
                                       const void *input, int32_t input_pitch,
                                       void *output, int32_t output_pitch,
                                       int32_t first_row, int32_t row_count,
                                       void *scratch, int in, int out) {
  (void)scratch;
  const int32_t channels = layer->channels;
  const int32_t *table = layer->table;
  const int32_t zero = layer->output_zero_point;
  const int32_t lowest = layer->output_min - zero;
  const int32_t highest = layer->output_max - zero;
  for (int32_t row = first_row; row < first_row + row_count; ++row) {
    struct qat_writer writer = qat_write_row(output, output_pitch, row);
    const uint8_t *from = qat_row(input, input_pitch, row);
    int32_t first = 0;
    for (int32_t pixel = layer->width; pixel > 0; --pixel, first += channels) {
      int32_t largest = qat_load(from, first, in);
      for (int32_t i = first + 1; i < first + channels; ++i) {
        int32_t value = qat_load(from, i, in);
        if (value > largest)
          largest = value;
      }
      int32_t sum = 0;
      for (int32_t i = first; i < first + channels; ++i)
        sum += qat_rounded_shift(table[largest - qat_load(from, i, in)], 12);
      const uint32_t bits = qat_leading_zeros((uint32_t)sum);
      const int32_t reciprocal =
          qat_reciprocal((int32_t)((uint32_t)sum << (bits - 1)));
      for (int32_t i = first; i < first + channels; ++i) {
        int32_t e = table[largest - qat_load(from, i, in)];
        int32_t value =
            qat_rounded_shift(qat_high(e, reciprocal, 30), 35 - bits);
        qat_put(&writer, qat_clamp(value, lowest, highest) + zero, out);
      }
    }
    qat_end_row(&writer, out);
  }
}

/* Declares and defines one kernel, for example
 * QAT_TABLE_SOFTMAX_KERNEL(qat_table_softmax_i8_i8, i8, i8) */
#define QAT_TABLE_SOFTMAX_KERNEL(name, in, out)                                \
  QAT_TABLE_SOFTMAX_DECLARE(name, QAT_TYPE_##in, QAT_TYPE_##out);              \
  QAT_TABLE_SOFTMAX_DECLARE(name, QAT_TYPE_##in, QAT_TYPE_##out) {             \
    qat_table_softmax_rows(layer, input, input_pitch, output, output_pitch,    \
                           first_row, row_count, scratch, QAT_##in,            \
                           QAT_##out);                                         \
  }

#endif /* QAT_RT_TABLE_SOFTMAX_BODY_H */
