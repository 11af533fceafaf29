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

/* Four output channels at a time: their weights are unpacked into the scratch
 * once, without zero points, and are then used for all pixels. */
struct qat_depthwise_lanes {
  int32_t *taps;      /* [kernel_h][kernel_w][4] */
  int32_t sources[4]; /* the input channels; one twice where there are less */
  uint32_t whole[4];  /* what the input's zero point adds to a whole window */
};

/* Unpacks the weights of the channels [first, last), at most four. */
QAT_INLINE void qat_depthwise_unpack(struct qat_depthwise_lanes *lanes,
                                     const struct qat_depthwise_conv2d *layer,
                                     int32_t first, int32_t last, int weight) {
  const int32_t fields = qat_lanes(weight);
  const int32_t channels = layer->channels * layer->multiplicity;
  const int32_t words = (channels + fields - 1) / fields;
  const int32_t taps = layer->kernel_h * layer->kernel_w;
  for (int32_t lane = 0; lane < 4; ++lane) {
    int32_t channel = first + lane < last ? first + lane : last - 1;
    int32_t zero = 0;
    if (layer->weight_zero_points)
      zero = layer->weight_zero_points[channel *
                                       layer->per_channel_weight_zero_point];
    uint32_t bit = (uint32_t)(channel * qat_bits(weight));
    const uint32_t *word = layer->weights + (bit >> 5);
    int32_t *to = lanes->taps + lane;
    int32_t sum = 0;
    for (int32_t tap = 0; tap < taps; ++tap, word += words, to += 4) {
      int32_t value = qat_field(*word >> (bit & 31), weight) - zero;
      *to = value;
      sum += value;
    }
    lanes->sources[lane] = channel / layer->multiplicity;
    lanes->whole[lane] = (uint32_t)-layer->input_zero_point * (uint32_t)sum;
  }
}

/* Adds to the four accumulators the products of a window of height x width
 * taps. `index` is the element of `row` that the first tap of channel 0 sees;
 * rows of taps are `row_taps` apart, neighbours `tap_elements`. `packed`: the
 * channels are four neighbours that start on a byte. */
QAT_INLINE void qat_depthwise_sum(uint32_t *acc, const uint8_t *row,
                                  int32_t row_pitch, int32_t index,
                                  int32_t tap_elements, int32_t height,
                                  int32_t width, const int32_t *taps,
                                  int32_t row_taps, int32_t source0,
                                  int32_t source1, int32_t source2,
                                  int32_t source3, int in, int packed) {
  uint32_t acc0 = acc[0], acc1 = acc[1], acc2 = acc[2], acc3 = acc[3];
  for (; height > 0; --height) {
    const int32_t *tap = taps, *end = taps + 4 * width;
    for (int32_t at = index; tap != end; at += tap_elements) {
      if (packed) {
        const uint32_t fields = qat_load_packed4(row, at, in);
        acc0 += (uint32_t)(qat_lane(fields, 0, in) * *tap++);
        acc1 += (uint32_t)(qat_lane(fields, 1, in) * *tap++);
        acc2 += (uint32_t)(qat_lane(fields, 2, in) * *tap++);
        acc3 += (uint32_t)(qat_lane(fields, 3, in) * *tap++);
        continue;
      }
      acc0 += (uint32_t)(qat_load(row, at + source0, in) * *tap++);
      acc1 += (uint32_t)(qat_load(row, at + source1, in) * *tap++);
      acc2 += (uint32_t)(qat_load(row, at + source2, in) * *tap++);
      acc3 += (uint32_t)(qat_load(row, at + source3, in) * *tap++);
    }
    row += row_pitch;
    taps += row_taps;
  }
  acc[0] = acc0;
  acc[1] = acc1;
  acc[2] = acc2;
  acc[3] = acc3;
}

/* What the input's zero point adds to a window that is cut off. */
QAT_INLINE void qat_depthwise_edge(uint32_t *acc, int32_t input_zero,
                                   int32_t height, int32_t width,
                                   const int32_t *taps, int32_t row_taps) {
  for (int32_t lane = 0; lane < 4; ++lane) {
    int32_t sum = 0;
    if (input_zero)
      for (int32_t ky = 0; ky < height; ++ky)
        for (int32_t kx = 0; kx < width; ++kx)
          sum += taps[ky * row_taps + 4 * kx + lane];
    acc[lane] = (uint32_t)-input_zero * (uint32_t)sum;
  }
}

QAT_INLINE void qat_depthwise_conv2d_rows(
    const struct qat_depthwise_conv2d *layer, const void *input,
    int32_t input_pitch, void *output, int32_t output_pitch, int32_t first_row,
    int32_t row_count, void *scratch, int in, int weight, int out, int width) {
  struct qat_finish finish = QAT_FINISH_OF(layer);
  finish.weight_zero = NULL; /* taken off when the weights are unpacked */
  const int32_t channels = layer->channels;
  const int32_t outputs = channels * layer->multiplicity;
  const int32_t in_h = layer->in_h, in_w = layer->in_w, out_w = layer->out_w;
  const int32_t kernel_h = layer->kernel_h, kernel_w = layer->kernel_w;
  const int32_t stride_w = layer->stride_w;
  const int32_t dilation_h = layer->dilation_h, dilation_w = layer->dilation_w;
  const int32_t input_zero = layer->input_zero_point;
  const int single = layer->multiplicity == 1;
  /* Where all pixels start on a byte, so do four channels: 4 or 2 bits. */
  const int packed_in = qat_bits(in) < 8 && channels * qat_bits(in) % 8 == 0;
  const int packed_out = qat_bits(out) < 8 && outputs * qat_bits(out) % 8 == 0;
  struct qat_depthwise_lanes lanes;
  lanes.taps = (int32_t *)scratch;

  for (int32_t first = 0; first < outputs; first += 4) {
    const int32_t last = first + 4 < outputs ? first + 4 : outputs;
    const int plain = single && last - first == 4;
    qat_depthwise_unpack(&lanes, layer, first, last, weight);
    for (int32_t row = first_row; row < first_row + row_count; ++row) {
      uint8_t *to = (uint8_t *)output + (ptrdiff_t)output_pitch * row;
      int32_t index = first;
      /* The unused fields of the last byte of a row are 0. */
      if (first == 0 && qat_bits(out) < 8)
        to[(out_w * outputs * qat_bits(out) - 1) >> 3] = 0;
      const int32_t top = row * layer->stride_h - layer->pad_top;
      const struct qat_taps taps_y =
          qat_taps_inside(top, dilation_h, kernel_h, in_h);
      const int32_t tap_rows = taps_y.last - taps_y.first;
      /* No tap inside: nothing is read, and row 0 is as good as any. */
      const uint8_t *from = qat_row(
          input, input_pitch, tap_rows ? top + taps_y.first * dilation_h : 0);
      int32_t left = -layer->pad_left;
      for (int32_t column = 0; column < out_w; ++column, left += stride_w) {
        const struct qat_taps taps_x =
            qat_taps_inside(left, dilation_w, kernel_w, in_w);
        const int32_t tap_columns = taps_x.last - taps_x.first;
        const int32_t at = (left + taps_x.first * dilation_w) * channels;
        const int32_t *taps = lanes.taps;
        if (tap_rows && tap_columns)
          taps += 4 * (taps_y.first * kernel_w + taps_x.first);
        uint32_t acc[4];
        if (tap_rows == kernel_h && tap_columns == kernel_w)
          for (int32_t lane = 0; lane < 4; ++lane)
            acc[lane] = lanes.whole[lane];
        else
          qat_depthwise_edge(acc, input_zero, tap_rows, tap_columns, taps,
                             4 * kernel_w);
        if (plain && packed_in)
          qat_depthwise_sum(acc, from, input_pitch * dilation_h, at + first,
                            dilation_w * channels, tap_rows, tap_columns, taps,
                            4 * kernel_w, 0, 1, 2, 3, in, 1);
        else if (plain)
          qat_depthwise_sum(acc, from, input_pitch * dilation_h, at + first,
                            dilation_w * channels, tap_rows, tap_columns, taps,
                            4 * kernel_w, 0, 1, 2, 3, in, 0);
        else
          qat_depthwise_sum(acc, from, input_pitch * dilation_h, at,
                            dilation_w * channels, tap_rows, tap_columns, taps,
                            4 * kernel_w, lanes.sources[0], lanes.sources[1],
                            lanes.sources[2], lanes.sources[3], in, 0);
        if (width & QAT_ACC64)
          for (int32_t lane = 0; lane < last - first; ++lane)
            acc[lane] = (uint32_t)qat_finish64(&finish, first + lane,
                                               (int32_t)acc[lane], 0, width);
        else
          qat_finish_sums(&finish, first, last - first, acc, 0, width);
        if (packed_out && last - first == 4)
          qat_store_packed4(to, index, acc, out);
        else
          for (int32_t lane = 0; lane < last - first; ++lane)
            qat_store(to, index + lane, (int32_t)acc[lane], out);
        index += outputs;
      }
    }
  }
}

/* Declares and defines one kernel, for example
 * QAT_DEPTHWISE_CONV2D_KERNEL(qat_depthwise_conv2d_u4_i2_u4, u4, i2, u4,
 *                             QAT_ACC32) */
#define QAT_DEPTHWISE_CONV2D_KERNEL(name, in, weight, out, width)              \
  QAT_DEPTHWISE_CONV2D_DECLARE(name, QAT_TYPE_##in, QAT_TYPE_##out);           \
  QAT_DEPTHWISE_CONV2D_DECLARE(name, QAT_TYPE_##in, QAT_TYPE_##out) {          \
    qat_depthwise_conv2d_rows(layer, input, input_pitch, output, output_pitch, \
                              first_row, row_count, scratch, QAT_##in,         \
                              QAT_##weight, QAT_##out, width);                 \
  }

#endif /* QAT_RT_DEPTHWISE_CONV2D_BODY_H */
