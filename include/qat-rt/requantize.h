//===- requantize.h - a tensor put on another grid ----------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   output = clamp((((x - Zx) * multiplier + rounding) >> shift) + Zo, min,
//   max)
//
// with an exact 64-bit sum: the rule of add.h for one operand.
//
// The result may be a range of channels of a wider tensor, which is how a
// concatenation along the channels is written; with multiplier 1 and shift 0
// it is a copy. Only these channels are written. The output may be the input
// where storage, pitch and channels are the same.
//
// Scratch: none.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_REQUANTIZE_H
#define QAT_RT_REQUANTIZE_H

#include "base.h"

struct qat_requantize {
  int32_t width;
  int32_t channels;             /* of the input */
  int32_t output_channels;      /* of the output: `channels` if not wider */
  int32_t output_first_channel; /* where the result starts in a pixel */
  int32_t output_first_row;     /* where row 0 of the result goes */
  int32_t input_zero_point;     /* -255 to 255 */
  int32_t output_zero_point;    /* -255 to 255 */
  int32_t output_min, output_max;
  int32_t multiplier;
  uint8_t shift;    /* 0 to 63 */
  int64_t rounding; /* 2^(shift-1): to nearest; 0: down */
};

/* Declares one kernel by its name and the C types of its tensors. */
#define QAT_REQUANTIZE_DECLARE(name, input_type, output_type)                  \
  void name(const struct qat_requantize *layer, const input_type *input,       \
            int32_t input_pitch, output_type *output, int32_t output_pitch,    \
            int32_t first_row, int32_t row_count, void *scratch)

#endif /* QAT_RT_REQUANTIZE_H */
