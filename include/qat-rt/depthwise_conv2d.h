//===- depthwise_conv2d.h - convolution of each channel alone -----*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Output channel c * multiplicity + m sees input channel c. The arithmetic is
// that of conv2d.h, also where acc + bias has to fit and what _acc64 and
// _thresholds are for.
//
// Weights: [kernel_h][kernel_w][channels * multiplicity]; each tap starts on a
// new word and is filled up with fields of any value.
//
// Scratch: QAT_DEPTHWISE_CONV2D_SCRATCH_BYTES.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_DEPTHWISE_CONV2D_H
#define QAT_RT_DEPTHWISE_CONV2D_H

#include "base.h"

struct qat_depthwise_conv2d {
  uint16_t in_h, in_w;
  uint16_t out_h, out_w;
  uint16_t channels;     /* of the input */
  uint16_t multiplicity; /* output channels for each of the input's; 1 mostly */
  uint16_t kernel_h, kernel_w; /* kernel_h * kernel_w is at most 32768 */
  uint16_t stride_h, stride_w;
  uint16_t dilation_h, dilation_w; /* 1: the taps are neighbours */
  uint16_t pad_top, pad_left; /* bottom and right follow from out_h, out_w */
  uint8_t
      per_channel_multiplier; /* 1: multiplier and shift an output channel */
  uint8_t per_channel_weight_zero_point; /* 1: one an output channel */
  int32_t input_zero_point;              /* -255 to 255 */
  int32_t output_zero_point; /* -255 to 255; 0 where the output is i32 */
  int32_t output_min, output_max;
  const uint32_t *weights;
  const int32_t *weight_zero_points; /* one, or one a channel; NULL: all 0 */
  const int32_t *bias;               /* [channels * multiplicity] */
  const int32_t *multiplier;         /* one, or one a channel */
  const uint8_t *shift;              /* like multiplier; 0 to 63 */
  const int32_t *thresholds;         /* a row for each output channel */
  const uint8_t *falling;            /* one an output channel, or NULL */
};

/* Bytes of scratch: the weights of four channels, unpacked. */
#define QAT_DEPTHWISE_CONV2D_SCRATCH_BYTES(kernel_h, kernel_w)                 \
  ((kernel_h) * (kernel_w) * 16)

/* Declares one kernel by its name and the C types of its tensors. */
#define QAT_DEPTHWISE_CONV2D_DECLARE(name, input_type, output_type)            \
  void name(const struct qat_depthwise_conv2d *layer, const input_type *input, \
            int32_t input_pitch, output_type *output, int32_t output_pitch,    \
            int32_t first_row, int32_t row_count, void *scratch)

#endif /* QAT_RT_DEPTHWISE_CONV2D_H */
