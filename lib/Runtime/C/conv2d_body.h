//===- conv2d_body.h - what all convolutions do -------------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_CONV2D_BODY_H
#define QAT_RT_CONV2D_BODY_H

#include "conv2d.h"
#include "dot.h"
#include "window.h"

QAT_INLINE void qat_conv2d_rows(const struct qat_conv2d *layer,
                                const void *input, int32_t input_pitch,
                                void *output, int32_t output_pitch,
                                int32_t first_row, int32_t row_count,
                                void *scratch, int in, int weight, int out,
                                int width) {
  const struct qat_finish finish = QAT_FINISH_OF(layer);
  /* What is used inside the loops; nothing there is read from the layer, since
   * the compiler cannot know that storing an output leaves it as it is. */
  const int32_t in_h = layer->in_h, in_w = layer->in_w, in_c = layer->in_c;
  const int32_t out_w = layer->out_w;
  const int32_t kernel_h = layer->kernel_h, kernel_w = layer->kernel_w;
  const int32_t stride_w = layer->stride_w;
  const int32_t dilation_h = layer->dilation_h, dilation_w = layer->dilation_w;
  const int32_t groups = layer->groups;
  const int32_t group_in = in_c / groups, group_out = layer->out_c / groups;
  const int32_t input_zero = layer->input_zero_point;
  /* Neighbouring taps are one run of memory. */
  const int runs = dilation_w == 1 && groups == 1;

  int16_t *x = (int16_t *)scratch;
  const int32_t length = kernel_h * kernel_w * group_in;
  const int32_t lanes = qat_lanes(weight);
  const int32_t words = (length + lanes - 1) / lanes;
  for (int32_t i = length; i < words * lanes; ++i)
    x[i] = 0;

  for (int32_t row = first_row; row < first_row + row_count; ++row) {
    struct qat_writer writer = qat_write_row(output, output_pitch, row);
    const int32_t top = row * layer->stride_h - layer->pad_top;
    const struct qat_taps taps_y =
        qat_taps_inside(top, dilation_h, kernel_h, in_h);
    int32_t left = -layer->pad_left;
    for (int32_t column = 0; column < out_w; ++column, left += stride_w) {
      const struct qat_taps taps_x =
          qat_taps_inside(left, dilation_w, kernel_w, in_w);
      const int whole = taps_y.last - taps_y.first == kernel_h &&
                        taps_x.last - taps_x.first == kernel_w;
      const uint32_t *weights = layer->weights;
      for (int32_t group = 0; group < groups; ++group) {
        if (!whole)
          for (int32_t i = 0; i < length; ++i)
            x[i] = 0;
        int64_t sum = 0;
        for (int32_t ky = taps_y.first; ky < taps_y.last; ++ky) {
          const uint8_t *line =
              qat_row(input, input_pitch, top + ky * dilation_h);
          int16_t *to = x + (ky * kernel_w + taps_x.first) * group_in;
          int32_t index = (left + taps_x.first * dilation_w) * in_c;
          if (runs) {
            sum +=
                qat_gather(to, line, index, (taps_x.last - taps_x.first) * in_c,
                           input_zero, in);
            continue;
          }
          index += group * group_in;
          for (int32_t kx = taps_x.first; kx < taps_x.last; ++kx) {
            sum += qat_gather(to, line, index, group_in, input_zero, in);
            to += group_in;
            index += dilation_w * in_c;
          }
        }
        qat_dot_channels(&writer, x, sum, weights, words, group * group_out,
                         (group + 1) * group_out, &finish, weight, out, width);
        weights += group_out * words;
      }
    }
    qat_end_row(&writer, out);
  }
}

/* Declares and defines one kernel, for example
 * QAT_CONV2D_KERNEL(qat_conv2d_u4_i2_u4, u4, i2, u4, QAT_ACC32) */
#define QAT_CONV2D_KERNEL(name, in, weight, out, width)                        \
  QAT_CONV2D_DECLARE(name, QAT_TYPE_##in, QAT_TYPE_##out);                     \
  QAT_CONV2D_DECLARE(name, QAT_TYPE_##in, QAT_TYPE_##out) {                    \
    qat_conv2d_rows(layer, input, input_pitch, output, output_pitch,           \
                    first_row, row_count, scratch, QAT_##in, QAT_##weight,     \
                    QAT_##out, width);                                         \
  }

#endif /* QAT_RT_CONV2D_BODY_H */
