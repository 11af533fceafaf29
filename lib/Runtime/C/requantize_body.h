//===- requantize_body.h - what all changes of grid do ------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_REQUANTIZE_BODY_H
#define QAT_RT_REQUANTIZE_BODY_H

#include "requantize.h"
#include "storage.h"

QAT_INLINE void qat_requantize_rows(const struct qat_requantize *layer,
                                    const void *input, int32_t input_pitch,
                                    void *output, int32_t output_pitch,
                                    int32_t first_row, int32_t row_count,
                                    void *scratch, int in, int out) {
  (void)scratch;
  const int32_t channels = layer->channels;
  const int32_t skip = layer->output_channels - channels;
  const int32_t multiplier = layer->multiplier;
  const uint32_t shift = layer->shift;
  const int32_t zero = layer->output_zero_point;
  const int32_t lowest = layer->output_min - zero;
  const int32_t highest = layer->output_max - zero;
  const int64_t offset =
      layer->rounding - (int64_t)layer->input_zero_point * multiplier;
  for (int32_t row = first_row; row < first_row + row_count; ++row) {
    const uint8_t *from = qat_row(input, input_pitch, row);
    uint8_t *to = (uint8_t *)output +
                  (ptrdiff_t)output_pitch * (row + layer->output_first_row);
    int32_t index = 0, result = layer->output_first_channel;
    for (int32_t column = layer->width; column > 0; --column, result += skip)
      for (int32_t end = index + channels; index < end; ++index, ++result) {
        int64_t sum = (int64_t)qat_load(from, index, in) * multiplier + offset;
        int32_t value = qat_saturate(sum >> shift);
        qat_store(to, result, qat_clamp(value, lowest, highest) + zero, out);
      }
    qat_clear_unused(to, layer->width * layer->output_channels, out);
  }
}

/* Declares and defines one kernel, for example
 * QAT_REQUANTIZE_KERNEL(qat_requantize_u8_u4, u8, u4) */
#define QAT_REQUANTIZE_KERNEL(name, in, out)                                   \
  QAT_REQUANTIZE_DECLARE(name, QAT_TYPE_##in, QAT_TYPE_##out);                 \
  QAT_REQUANTIZE_DECLARE(name, QAT_TYPE_##in, QAT_TYPE_##out) {                \
    qat_requantize_rows(layer, input, input_pitch, output, output_pitch,       \
                        first_row, row_count, scratch, QAT_##in, QAT_##out);   \
  }

#endif /* QAT_RT_REQUANTIZE_BODY_H */
