//===- depthwise_conv2d_body.h - what all depthwise layers do -----*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_DEPTHWISE_CONV2D_BODY_H
#define QAT_RT_DEPTHWISE_CONV2D_BODY_H

#include "depthwise_conv2d.h"
#include "finish.h"
#include "window.h"

/* The taps of one output pixel that lie inside the image. */
struct qat_depthwise_pixel {
  const uint8_t *input;         /* the row of the first tap */
  int32_t index;                /* the first tap's pixel in it, in elements */
  const uint32_t *weights;      /* of the first tap */
  int32_t height, width;        /* taps */
  int32_t row_pitch;            /* bytes from a tap to the one below */
  int32_t tap_elements;         /* elements from a tap to the one beside */
  int32_t row_words, tap_words; /* the same for the weights */
  int32_t input_zero;
};

/* Sums of the output channels channel to channel + 3, which see the input
 * channels of the same numbers. */
QAT_INLINE void qat_depthwise_sum4(uint32_t *acc,
                                   const struct qat_depthwise_pixel *pixel,
                                   int32_t channel,
                                   const struct qat_weight_zero *zero, int in,
                                   int weight) {
  const int32_t input_zero = pixel->input_zero;
  const int32_t tap_elements = pixel->tap_elements;
  const int32_t tap_words = pixel->tap_words;
  const int32_t zero0 = qat_weight_zero(zero, channel);
  const int32_t zero1 = qat_weight_zero(zero, channel + 1);
  const int32_t zero2 = qat_weight_zero(zero, channel + 2);
  const int32_t zero3 = qat_weight_zero(zero, channel + 3);
  const uint32_t bit = (uint32_t)(channel * qat_bits(weight));
  const uint32_t *weights = pixel->weights + (bit >> 5);
  const uint32_t shift = bit & 31;
  const uint8_t *row = pixel->input;
  uint32_t acc0 = 0, acc1 = 0, acc2 = 0, acc3 = 0;
  for (int32_t ky = pixel->height; ky > 0; --ky) {
    int32_t index = pixel->index + channel;
    const uint32_t *tap = weights;
    for (int32_t kx = pixel->width; kx > 0; --kx) {
      uint32_t word = *tap >> shift;
      acc0 += (uint32_t)((qat_load(row, index, in) - input_zero) *
                         (qat_lane(word, 0, weight) - zero0));
      acc1 += (uint32_t)((qat_load(row, index + 1, in) - input_zero) *
                         (qat_lane(word, 1, weight) - zero1));
      acc2 += (uint32_t)((qat_load(row, index + 2, in) - input_zero) *
                         (qat_lane(word, 2, weight) - zero2));
      acc3 += (uint32_t)((qat_load(row, index + 3, in) - input_zero) *
                         (qat_lane(word, 3, weight) - zero3));
      index += tap_elements;
      tap += tap_words;
    }
    row += pixel->row_pitch;
    weights += pixel->row_words;
  }
  acc[0] = acc0;
  acc[1] = acc1;
  acc[2] = acc2;
  acc[3] = acc3;
}

/* Sum of one output channel, which sees input channel `source`. */
QAT_INLINE uint32_t qat_depthwise_sum1(const struct qat_depthwise_pixel *pixel,
                                       int32_t source, int32_t channel,
                                       const struct qat_weight_zero *zero,
                                       int in, int weight) {
  const int32_t zero0 = qat_weight_zero(zero, channel);
  const uint32_t bit = (uint32_t)(channel * qat_bits(weight));
  const uint32_t *weights = pixel->weights + (bit >> 5);
  const uint8_t *row = pixel->input;
  uint32_t acc = 0;
  for (int32_t ky = pixel->height; ky > 0; --ky) {
    int32_t index = pixel->index + source;
    const uint32_t *tap = weights;
    for (int32_t kx = pixel->width; kx > 0; --kx) {
      acc += (uint32_t)((qat_load(row, index, in) - pixel->input_zero) *
                        (qat_field(*tap >> (bit & 31), weight) - zero0));
      index += pixel->tap_elements;
      tap += pixel->tap_words;
    }
    row += pixel->row_pitch;
    weights += pixel->row_words;
  }
  return acc;
}

QAT_INLINE void qat_depthwise_conv2d_rows(
    const struct qat_depthwise_conv2d *layer, const void *input,
    int32_t input_pitch, void *output, int32_t output_pitch, int32_t first_row,
    int32_t row_count, void *scratch, int in, int weight, int out, int width) {
  (void)scratch;
  const struct qat_finish finish = QAT_FINISH_OF(layer);
  const struct qat_weight_zero zero = QAT_WEIGHT_ZERO_OF(layer);
  const int32_t channels = layer->channels;
  const int32_t multiplicity = layer->multiplicity;
  const int32_t kernel_w = layer->kernel_w, in_w = layer->in_w;
  const int32_t lanes = qat_lanes(weight);

  struct qat_depthwise_pixel pixel;
  pixel.tap_words = (channels * multiplicity + lanes - 1) / lanes;
  pixel.row_words = kernel_w * pixel.tap_words;
  pixel.tap_elements = layer->dilation_w * channels;
  pixel.row_pitch = layer->dilation_h * input_pitch;
  pixel.input_zero = layer->input_zero_point;

  for (int32_t row = first_row; row < first_row + row_count; ++row) {
    struct qat_writer writer = qat_write_row(output, output_pitch, row);
    const int32_t top = row * layer->stride_h - layer->pad_top;
    const struct qat_taps taps_y =
        qat_taps_inside(top, layer->dilation_h, layer->kernel_h, layer->in_h);
    pixel.height = taps_y.last - taps_y.first;
    /* No tap inside: nothing is read, and row 0 is as good as any. */
    pixel.input =
        qat_row(input, input_pitch,
                pixel.height ? top + taps_y.first * layer->dilation_h : 0);
    int32_t left = -layer->pad_left;
    for (int32_t column = 0; column < layer->out_w;
         ++column, left += layer->stride_w) {
      const struct qat_taps taps_x =
          qat_taps_inside(left, layer->dilation_w, kernel_w, in_w);
      pixel.width = taps_x.last - taps_x.first;
      pixel.index = (left + taps_x.first * layer->dilation_w) * channels;
      pixel.weights = layer->weights +
                      (pixel.height ? taps_y.first * pixel.row_words : 0) +
                      (pixel.width ? taps_x.first * pixel.tap_words : 0);

      int32_t channel = 0;
      if (multiplicity == 1)
        for (; channel + 3 < channels; channel += 4) {
          uint32_t acc[4];
          qat_depthwise_sum4(acc, &pixel, channel, &zero, in, weight);
          for (int32_t i = 0; i < 4; ++i)
            qat_put(
                &writer,
                qat_finish(&finish, channel + i, (int32_t)acc[i], out, width),
                out);
        }
      for (int32_t source = channel; source < channels; ++source)
        for (int32_t m = 0; m < multiplicity; ++m, ++channel) {
          uint32_t acc =
              qat_depthwise_sum1(&pixel, source, channel, &zero, in, weight);
          qat_put(&writer,
                  qat_finish(&finish, channel, (int32_t)acc, out, width), out);
        }
    }
    qat_end_row(&writer, out);
  }
}

/* Defines one kernel, for example
 * QAT_DEPTHWISE_CONV2D_KERNEL(qat_depthwise_conv2d_u4_i2_u4, u4, i2, u4,
 *                             QAT_ACC32) */
#define QAT_DEPTHWISE_CONV2D_KERNEL(name, in, weight, out, width)              \
  QAT_DEPTHWISE_CONV2D_DECLARE(name, QAT_TYPE_##in, QAT_TYPE_##out) {          \
    qat_depthwise_conv2d_rows(layer, input, input_pitch, output, output_pitch, \
                              first_row, row_count, scratch, QAT_##in,         \
                              QAT_##weight, QAT_##out, width);                 \
  }

#endif /* QAT_RT_DEPTHWISE_CONV2D_BODY_H */
