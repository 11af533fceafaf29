//===- concat_body.h - what all concatenations do -----------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_CONCAT_BODY_H
#define QAT_RT_CONCAT_BODY_H

#include "concat.h"
#include "storage.h"

QAT_INLINE void qat_concat_rows(const struct qat_concat *layer,
                                const void *input, int32_t input_pitch,
                                void *output, int32_t output_pitch,
                                int32_t first_row, int32_t row_count,
                                void *scratch, int storage) {
  (void)scratch;
  const int32_t channels = layer->channels;
  const int32_t output_channels = layer->output_channels;
  const int32_t first = layer->output_first_channel;
  /* Bits of a run, of a pixel of the output, and of what lies before. */
  const int32_t bits = qat_bits(storage);
  const int whole = channels * bits % 8 == 0 &&
                    output_channels * bits % 8 == 0 && first * bits % 8 == 0;
  for (int32_t row = first_row; row < first_row + row_count; ++row) {
    const uint8_t *from = qat_row(input, input_pitch, row);
    uint8_t *to = (uint8_t *)output +
                  (ptrdiff_t)output_pitch * (row + layer->output_first_row);
    if (whole) {
      const int32_t bytes = channels * bits / 8;
      uint8_t *pixel = to + first * bits / 8;
      for (int32_t column = layer->width; column > 0; --column) {
        for (int32_t i = 0; i < bytes; ++i)
          pixel[i] = *from++;
        pixel += output_channels * bits / 8;
      }
      continue;
    }
    int32_t index = 0, result = first;
    for (int32_t column = layer->width; column > 0; --column) {
      for (int32_t i = 0; i < channels; ++i)
        qat_store(to, result + i, qat_load(from, index++, storage), storage);
      result += output_channels;
    }
    qat_clear_unused(to, layer->width * output_channels, storage);
  }
}

/* Declares and defines one kernel, for example
 * QAT_CONCAT_KERNEL(qat_concat_u4_u4, u4) */
#define QAT_CONCAT_KERNEL(name, storage)                                       \
  QAT_CONCAT_DECLARE(name, QAT_TYPE_##storage);                                \
  QAT_CONCAT_DECLARE(name, QAT_TYPE_##storage) {                               \
    qat_concat_rows(layer, input, input_pitch, output, output_pitch,           \
                    first_row, row_count, scratch, QAT_##storage);             \
  }

#endif /* QAT_RT_CONCAT_BODY_H */
