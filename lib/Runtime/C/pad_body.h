//===- pad_body.h - what all paddings do --------------------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_PAD_BODY_H
#define QAT_RT_PAD_BODY_H

#include "pad.h"
#include "storage.h"

QAT_INLINE void qat_put_many(struct qat_writer *writer, int32_t value,
                             int32_t count, int storage) {
  for (; count > 0; --count)
    qat_put(writer, value, storage);
}

QAT_INLINE void qat_pad_rows(const struct qat_pad *layer, const void *input,
                             int32_t input_pitch, void *output,
                             int32_t output_pitch, int32_t first_row,
                             int32_t row_count, void *scratch, int storage) {
  (void)scratch;
  const int32_t value = layer->value;
  const int32_t in_w = layer->in_w, in_c = layer->in_c, out_c = layer->out_c;
  const int32_t front = layer->front, back = out_c - in_c - front;
  const int32_t left = layer->left, right = layer->out_w - in_w - left;
  for (int32_t row = first_row; row < first_row + row_count; ++row) {
    struct qat_writer writer = qat_write_row(output, output_pitch, row);
    const int32_t source = row - layer->top;
    if (source < 0 || source >= layer->in_h) {
      qat_put_many(&writer, value, layer->out_w * out_c, storage);
      qat_end_row(&writer, storage);
      continue;
    }
    const uint8_t *from = qat_row(input, input_pitch, source);
    int32_t index = 0;
    qat_put_many(&writer, value, left * out_c, storage);
    for (int32_t column = in_w; column > 0; --column) {
      qat_put_many(&writer, value, front, storage);
      for (const int32_t end = index + in_c; index < end; ++index)
        qat_put(&writer, qat_load(from, index, storage), storage);
      qat_put_many(&writer, value, back, storage);
    }
    qat_put_many(&writer, value, right * out_c, storage);
    qat_end_row(&writer, storage);
  }
}

/* Declares and defines one kernel, for example
 * QAT_PAD_KERNEL(qat_pad_u4_u4, u4) */
#define QAT_PAD_KERNEL(name, storage)                                          \
  QAT_PAD_DECLARE(name, QAT_TYPE_##storage);                                   \
  QAT_PAD_DECLARE(name, QAT_TYPE_##storage) {                                  \
    qat_pad_rows(layer, input, input_pitch, output, output_pitch, first_row,   \
                 row_count, scratch, QAT_##storage);                           \
  }

#endif /* QAT_RT_PAD_BODY_H */
