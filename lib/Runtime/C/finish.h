//===- finish.h - from the accumulator to the output --------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_FINISH_H
#define QAT_RT_FINISH_H

#include "storage.h"

/* Whether acc + bias is known to fit 32 bits. */
#define QAT_ACC32 0
#define QAT_ACC64 1

/* What a layer does to its accumulators, in a form that the compiler can keep
 * in registers: it cannot know that storing an output leaves the layer as it
 * is. */
struct qat_finish {
  const int32_t *bias;
  const int32_t *multiplier;
  const uint8_t *shift;
  int32_t channel_step;          /* 1: a multiplier a channel, 0: one for all */
  int32_t lowest, highest, zero; /* limits before the zero point is added */
};

/* The output of channel `channel`. With QAT_ACC32 only the low 32 bits of `acc`
 * count. */
QAT_INLINE int32_t qat_finish(const struct qat_finish *finish, int32_t channel,
                              int64_t acc, int out, int width) {
  int32_t at = channel * finish->channel_step;
  int32_t value;
  if (width == QAT_ACC64) {
    int64_t sum = acc + finish->bias[channel];
    if (out == QAT_i32 && !finish->multiplier)
      value = qat_saturate(sum);
    else
      value =
          qat_requantize_wide(sum, finish->multiplier[at], finish->shift[at]);
  } else {
    int32_t sum = (int32_t)((uint32_t)acc + (uint32_t)finish->bias[channel]);
    if (out == QAT_i32 && !finish->multiplier)
      value = sum;
    else
      value = qat_requantize(sum, finish->multiplier[at], finish->shift[at]);
  }
  return qat_clamp(value, finish->lowest, finish->highest) + finish->zero;
}

/* Zero points of the weights: one, one a channel, or none. */
struct qat_weight_zero {
  const int32_t *values; /* NULL: all 0 */
  int32_t channel_step;
};

QAT_INLINE int32_t qat_weight_zero(const struct qat_weight_zero *zero,
                                   int32_t channel) {
  return zero->values ? zero->values[channel * zero->channel_step] : 0;
}

/* The members of every layer with weights have the same names. */
#define QAT_FINISH_OF(layer)                                                   \
  {(layer)->bias,                                                              \
   (layer)->multiplier,                                                        \
   (layer)->shift,                                                             \
   (layer)->per_channel_multiplier,                                            \
   (layer)->output_min - (layer)->output_zero_point,                           \
   (layer)->output_max - (layer)->output_zero_point,                           \
   (layer)->output_zero_point}
#define QAT_WEIGHT_ZERO_OF(layer)                                              \
  {(layer)->weight_zero_points, (layer)->per_channel_weight_zero_point}

#endif /* QAT_RT_FINISH_H */
