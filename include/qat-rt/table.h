//===- table.h - a function of one stored value -------------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   output = the low bits of values[x - input_min]
//
// The output may be the input where storage and pitch are the same.
//
// Scratch: none.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_TABLE_H
#define QAT_RT_TABLE_H

#include "base.h"

struct qat_table {
  int32_t row_elements;  /* width * channels */
  int32_t input_min;     /* the input value of the first element */
  const uint8_t *values; /* one for each value that the input takes */
};

/* Declares one kernel by its name and the C types of its tensors. */
#define QAT_TABLE_DECLARE(name, input_type, output_type)                       \
  void name(const struct qat_table *layer, const input_type *input,            \
            int32_t input_pitch, output_type *output, int32_t output_pitch,    \
            int32_t first_row, int32_t row_count, void *scratch)

#endif /* QAT_RT_TABLE_H */
