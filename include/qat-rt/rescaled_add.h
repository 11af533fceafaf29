//===- rescaled_add.h - sum that rounds each operand --------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   a      = scale(scale(x1 - Z1, first multiplier), second multiplier)
//   b      = the same of x2 - Z2
//   output = clamp(scale(a + b, multiplier) + Zo, min, max)
//
// scale is qat_requantize_rounded with `double_round`. A first multiplier of
// 2^30 with the shift 30 changes nothing. Every value fits 32 bits for the
// multipliers that the compiler lets through.
// The output may be one of the inputs where storage and pitch are the same.
//
// Scratch: none.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_RESCALED_ADD_H
#define QAT_RT_RESCALED_ADD_H

#include "base.h"

struct qat_rescaled_add {
  int32_t row_elements;                         /* width * channels */
  int32_t input1_zero_point, input2_zero_point; /* -255 to 255 */
  int32_t input1_first_multiplier, input1_second_multiplier;
  int32_t input2_first_multiplier, input2_second_multiplier;
  int32_t multiplier;
  int32_t output_zero_point; /* -255 to 255 */
  int32_t output_min, output_max;
  uint8_t input1_first_shift, input1_second_shift; /* 2 to 62 */
  uint8_t input2_first_shift, input2_second_shift; /* 2 to 62 */
  uint8_t shift;                                   /* 2 to 62 */
  uint8_t double_round;                            /* 0 or 1 */
};

/* Declares one kernel by its name and the C types of its tensors. */
#define QAT_RESCALED_ADD_DECLARE(name, input1_type, input2_type, output_type)  \
  void name(const struct qat_rescaled_add *layer, const input1_type *input1,   \
            int32_t input1_pitch, const input2_type *input2,                   \
            int32_t input2_pitch, output_type *output, int32_t output_pitch,   \
            int32_t first_row, int32_t row_count, void *scratch)

#endif /* QAT_RT_RESCALED_ADD_H */
