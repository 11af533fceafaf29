//===- conv2d.h - 2-D convolution, plain, grouped and pointwise ---*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   acc    = sum over the taps inside the image of (x - Zx) * (w - Zw)
//   output = clamp(floor((acc + bias) * multiplier / 2^shift) + Zo, min, max)
//
// Taps outside of the image contribute nothing: padding is padding with the
// zero point. A window that lies outside as a whole is legal.
//
// acc + bias has to fit 32 bits. Intermediate sums need not: they are formed
// modulo 2^32, so only the last one counts. Where it does not fit, the kernels
// that end in _acc64 are exact.
//
// The kernels that end in _thresholds multiply no accumulator but compare it:
//
//   output = min + (number of thresholds[c][k] that acc is not below)
//
// where the thresholds of a channel ascend; of a channel that falls, ~acc is
// compared. They read neither bias nor multiplier nor shift. acc has to fit 32
// bits; in _acc64_thresholds it is limited to them. Those that end in _unscaled
// have acc + bias as output and read no multiplier.
//
// A window of one group has at most 8421504 elements, kernel_h * kernel_w *
// in_c / groups: the sum of so many inputs x - Zx, of up to 255, fits 32 bits.
//
// Weights: [out_c][kernel_h][kernel_w][in_c / groups]; each output channel
// starts on a new word and is filled up with fields of any value.
//
// Scratch: QAT_CONV2D_SCRATCH_BYTES.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_CONV2D_H
#define QAT_RT_CONV2D_H

#include "base.h"

struct qat_conv2d {
  uint16_t in_h, in_w, in_c;
  uint16_t out_h, out_w, out_c;
  uint16_t kernel_h, kernel_w;
  uint16_t stride_h, stride_w;
  uint16_t dilation_h, dilation_w; /* 1: the taps are neighbours */
  uint16_t pad_top, pad_left; /* bottom and right follow from out_h, out_w */
  uint16_t groups;            /* divides in_c and out_c; 1 if not grouped */
  uint8_t per_channel_multiplier; /* 1: multiplier[out_c] and shift[out_c] */
  uint8_t per_channel_weight_zero_point; /* 1: weight_zero_points[out_c] */
  int32_t input_zero_point;              /* -255 to 255 */
  int32_t output_zero_point; /* -255 to 255; 0 where the output is i32 */
  int32_t output_min, output_max;
  const uint32_t *weights;
  const int32_t *weight_zero_points; /* one, or one a channel; NULL: all 0 */
  const int32_t *bias;               /* [out_c] */
  const int32_t *multiplier;         /* one, or one a channel */
  const uint8_t *shift;              /* like multiplier; 0 to 63 */
  const int32_t *thresholds; /* [out_c][output_max - output_min], of kernels
                                that end in _thresholds alone */
  const uint8_t *falling;    /* [out_c]: 1 where a channel falls; NULL: none */
};

/* Bytes of scratch for weights of `bits` bits: one window of one group as
 * 16-bit values, filled up to whole words of weights. */
#define QAT_CONV2D_SCRATCH_BYTES(kernel_h, kernel_w, in_c, groups, bits)       \
  (((kernel_h) * (kernel_w) * ((in_c) / (groups)) + 32 / (bits) - 1) /         \
   (32 / (bits)) * (32 / (bits)) * 2)

/* Declares one kernel by its name and the C types of its tensors. */
#define QAT_CONV2D_DECLARE(name, input_type, output_type)                      \
  void name(const struct qat_conv2d *layer, const input_type *input,           \
            int32_t input_pitch, output_type *output, int32_t output_pitch,    \
            int32_t first_row, int32_t row_count, void *scratch)

#endif /* QAT_RT_CONV2D_H */
