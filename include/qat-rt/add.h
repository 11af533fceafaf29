//===- add.h - sum of two tensors on grids of their own -----------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   output = clamp((((x1 - Z1) * m1 + (x2 - Z2) * m2 + rounding) >> shift) +
//   Zo,
//                  min, max)
//
// All of it fits 32 bits for the multipliers that the compiler makes.
// The output may be one of the inputs where storage and pitch are the same.
//
// Scratch: none.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_ADD_H
#define QAT_RT_ADD_H

#include "base.h"

struct qat_add {
  int32_t row_elements;                         /* width * channels */
  int32_t input1_zero_point, input2_zero_point; /* -255 to 255 */
  int32_t input1_multiplier, input2_multiplier;
  int32_t rounding;          /* 2^(shift-1): to nearest; 0: down */
  int32_t output_zero_point; /* -255 to 255 */
  int32_t output_min, output_max;
  uint8_t shift; /* 1 to 31 */
};

/* Declares one kernel by its name and the C types of its tensors. */
#define QAT_ADD_DECLARE(name, input1_type, input2_type, output_type)           \
  void name(const struct qat_add *layer, const input1_type *input1,            \
            int32_t input1_pitch, const input2_type *input2,                   \
            int32_t input2_pitch, output_type *output, int32_t output_pitch,   \
            int32_t first_row, int32_t row_count, void *scratch)

#endif /* QAT_RT_ADD_H */
