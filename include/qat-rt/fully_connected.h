//===- fully_connected.h - a matrix times one vector or several ---*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A row of the tensors is one vector: a network that handles one image has one
// row. The arithmetic is that of conv2d.h, also where acc + bias has to fit and
// what _acc64 and _thresholds are for. There are at most 8421504 inputs.
//
// Weights: [outputs][inputs]; each output starts on a new word and is filled up
// with fields of any value.
//
// Scratch: QAT_FULLY_CONNECTED_SCRATCH_BYTES.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_FULLY_CONNECTED_H
#define QAT_RT_FULLY_CONNECTED_H

#include "base.h"

struct qat_fully_connected {
  int32_t inputs, outputs;
  uint8_t per_channel_multiplier;        /* 1: one an output */
  uint8_t per_channel_weight_zero_point; /* 1: one an output */
  int32_t input_zero_point;              /* -255 to 255 */
  int32_t output_zero_point; /* -255 to 255; 0 where the output is i32 */
  int32_t output_min, output_max;
  const uint32_t *weights;
  const int32_t *weight_zero_points; /* one, or one an output; NULL: all 0 */
  const int32_t *bias;               /* [outputs] */
  const int32_t *multiplier;         /* one, or one an output */
  const uint8_t *shift;              /* like multiplier; 0 to 63 */
  const int32_t *thresholds;         /* a row for each output channel */
  const uint8_t *falling;            /* one an output channel, or NULL */
};

/* Bytes of scratch for weights of `bits` bits: one vector of 16-bit values. */
#define QAT_FULLY_CONNECTED_SCRATCH_BYTES(inputs, bits)                        \
  (((inputs) + 32 / (bits) - 1) / (32 / (bits)) * (32 / (bits)) * 2)

/* Declares one kernel by its name and the C types of its tensors. */
#define QAT_FULLY_CONNECTED_DECLARE(name, input_type, output_type)             \
  void name(const struct qat_fully_connected *layer, const input_type *input,  \
            int32_t input_pitch, output_type *output, int32_t output_pitch,    \
            int32_t first_row, int32_t row_count, void *scratch)

#endif /* QAT_RT_FULLY_CONNECTED_H */
