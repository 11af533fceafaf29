//===- avg_pool2d_body.h - what all mean poolings do --------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_AVG_POOL2D_BODY_H
#define QAT_RT_AVG_POOL2D_BODY_H

#include "avg_pool2d.h"
#include "window.h"

QAT_INLINE void qat_avg_pool2d_rows(const struct qat_avg_pool2d *layer,
                                    const void *input, int32_t input_pitch,
                                    void *output, int32_t output_pitch,
                                    int32_t first_row, int32_t row_count,
                                    void *scratch, int storage) {
  (void)scratch;
  const int32_t channels = layer->channels;
  const uint32_t nearest = layer->round_to_nearest == 1;
  const int half_away = layer->round_to_nearest == 2;
  /* C's division rounds towards 0, ours down: shift the values up to where
   * there is no difference. */
  const int32_t lift =
      (storage & 1) ? (int32_t)(1U << (qat_bits(storage) - 1)) : 0;
  for (int32_t row = first_row; row < first_row + row_count; ++row) {
    struct qat_writer writer = qat_write_row(output, output_pitch, row);
    const int32_t top = row * layer->stride_h - layer->pad_top;
    const struct qat_taps taps_y =
        qat_taps_inside(top, 1, layer->kernel_h, layer->in_h);
    const uint8_t *first_line = qat_row(input, input_pitch, top + taps_y.first);
    int32_t left = -layer->pad_left;
    for (int32_t column = 0; column < layer->out_w;
         ++column, left += layer->stride_w) {
      const struct qat_taps taps_x =
          qat_taps_inside(left, 1, layer->kernel_w, layer->in_w);
      const int32_t height = taps_y.last - taps_y.first;
      const int32_t width = taps_x.last - taps_x.first;
      const int32_t first = (left + taps_x.first) * channels;
      const uint32_t count = (uint32_t)(height * width);
      for (int32_t channel = 0; channel < channels; ++channel) {
        int32_t sum = 0;
        const uint8_t *line = first_line;
        for (int32_t ky = height; ky > 0; --ky, line += input_pitch) {
          int32_t index = first + channel;
          for (int32_t kx = width; kx > 0; --kx, index += channels)
            sum += qat_load(line, index, storage);
        }
        if (half_away) {
          uint32_t size = (uint32_t)(sum < 0 ? -sum : sum);
          int32_t mean = (int32_t)((2 * size + count) / (2 * count));
          qat_put(&writer, sum < 0 ? -mean : mean, storage);
          continue;
        }
        uint32_t lifted = (uint32_t)sum + (uint32_t)lift * count;
        uint32_t mean =
            nearest ? (2 * lifted + count) / (2 * count) : lifted / count;
        qat_put(&writer, (int32_t)mean - lift, storage);
      }
    }
    qat_end_row(&writer, storage);
  }
}

/* Declares and defines one kernel, for example
 * QAT_AVG_POOL2D_KERNEL(qat_avg_pool2d_u4_u4, u4) */
#define QAT_AVG_POOL2D_KERNEL(name, storage)                                   \
  QAT_AVG_POOL2D_DECLARE(name, QAT_TYPE_##storage);                            \
  QAT_AVG_POOL2D_DECLARE(name, QAT_TYPE_##storage) {                           \
    qat_avg_pool2d_rows(layer, input, input_pitch, output, output_pitch,       \
                        first_row, row_count, scratch, QAT_##storage);         \
  }

#endif /* QAT_RT_AVG_POOL2D_BODY_H */
