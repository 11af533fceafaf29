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

/* Whether acc + bias is known to fit 32 bits; for imported networks with how
 * the product is rounded that it is scaled by; QAT_THRESHOLDS: there is no
 * product, acc is compared; QAT_UNSCALED: acc + bias is the output. */
#define QAT_ACC32 0
#define QAT_ACC64 1
#define QAT_SINGLE_ROUND 2
#define QAT_DOUBLE_ROUND 4
#define QAT_ROUNDED (QAT_SINGLE_ROUND | QAT_DOUBLE_ROUND)
#define QAT_THRESHOLDS 8
#define QAT_UNSCALED 16

/* What a layer does to its accumulators. */
struct qat_finish {
  const int32_t *bias;
  const int32_t *multiplier;
  const uint8_t *shift;
  const int32_t *weight_zero;    /* NULL: 0, or already taken into account */
  int32_t channel_step;          /* 1: a multiplier a channel, 0: one for all */
  int32_t weight_zero_step;      /* the same for the zero points */
  int32_t lowest, highest, zero; /* limits before the zero point is added */
  const int32_t *thresholds;     /* [channels][highest - lowest] */
  const uint8_t *falling;        /* NULL: no channel falls */
};

/* The members of every layer with weights have the same names. */
#define QAT_FINISH_OF(layer)                                                   \
  {(layer)->bias,                                                              \
   (layer)->multiplier,                                                        \
   (layer)->shift,                                                             \
   (layer)->weight_zero_points,                                                \
   (layer)->per_channel_multiplier,                                            \
   (layer)->per_channel_weight_zero_point,                                     \
   (layer)->output_min - (layer)->output_zero_point,                           \
   (layer)->output_max - (layer)->output_zero_point,                           \
   (layer)->output_zero_point,                                                 \
   (layer)->thresholds,                                                        \
   (layer)->falling}

/* Out of the way of what is frequent: multipliers of 1 and more. */
QAT_OUTLINE int32_t qat_requantize_up(int32_t acc, int32_t multiplier,
                                      uint32_t shift) {
  return qat_requantize(acc, multiplier, shift);
}

/* Takes the zero points of the weights off the sums; see below. */
QAT_INLINE void qat_take_zeros(const struct qat_finish *finish, int32_t first,
                               int32_t count, uint32_t *sums, uint32_t x_sum) {
  if (finish->weight_zero) {
    const int32_t step = finish->weight_zero_step;
    const int32_t *zero = finish->weight_zero + first * step;
    for (const uint32_t *end = sums + count; sums != end; ++sums, zero += step)
      *sums -= x_sum * (uint32_t)*zero;
  }
}

/* Turns the sums of `count` channels from `first` on into their outputs, in
 * place. They are sums of inputs times stored weights; `x_sum` is that of the
 * inputs, by which the zero points of the weights are taken off. All sums are
 * modulo 2^32. */
QAT_OUTLINE void qat_finish32(const struct qat_finish *finish, int32_t first,
                              int32_t count, uint32_t *sums, uint32_t x_sum) {
  const uint32_t *end = sums + count;
  qat_take_zeros(finish, first, count, sums, x_sum);
  const int32_t *bias = finish->bias + first;
  const int32_t lowest = finish->lowest, highest = finish->highest;
  const int32_t zero = finish->zero;
  const int32_t step = finish->channel_step;
  const int32_t *multiplier = finish->multiplier + first * step;
  const uint8_t *shift = finish->shift + first * step;
  for (; sums != end; multiplier += step, shift += step) {
    int32_t value = (int32_t)(*sums + (uint32_t)*bias++);
    if (*shift >= 32)
      value = (int32_t)((int64_t)value * *multiplier >> 32) >> (*shift - 32);
    else
      value = qat_requantize_up(value, *multiplier, *shift);
    *sums++ = (uint32_t)(qat_clamp(value, lowest, highest) + zero);
  }
}

/* qat_finish32 without a multiplier: nothing but bias and limits. */
QAT_OUTLINE void qat_finish32_unscaled(const struct qat_finish *finish,
                                       int32_t first, int32_t count,
                                       uint32_t *sums, uint32_t x_sum) {
  qat_take_zeros(finish, first, count, sums, x_sum);
  for (int32_t i = 0; i < count; ++i) {
    int32_t value = (int32_t)(sums[i] + (uint32_t)finish->bias[first + i]);
    sums[i] = (uint32_t)(qat_clamp(value, finish->lowest, finish->highest) +
                         finish->zero);
  }
}

/* qat_finish32 with the rounding of an imported network, whose layers have
 * multipliers. */
QAT_OUTLINE void qat_finish32_rounded(const struct qat_finish *finish,
                                      int32_t first, int32_t count,
                                      uint32_t *sums, uint32_t x_sum,
                                      int double_round) {
  qat_take_zeros(finish, first, count, sums, x_sum);
  const int32_t step = finish->channel_step;
  const int32_t *bias = finish->bias + first;
  const int32_t *multiplier = finish->multiplier + first * step;
  const uint8_t *shift = finish->shift + first * step;
  for (const uint32_t *end = sums + count; sums != end;
       multiplier += step, shift += step) {
    int32_t value = (int32_t)(*sums + (uint32_t)*bias++);
    value = qat_requantize_rounded(value, *multiplier, *shift, double_round);
    *sums++ = (uint32_t)(qat_clamp(value, finish->lowest, finish->highest) +
                         finish->zero);
  }
}

/* The stored output of an accumulator of one channel: how many of the
 * thresholds it is not below, which ascend. Halves what is left: a steps for
 * the 2^a - 1 thresholds of a bits. */
QAT_INLINE int32_t qat_compare(const struct qat_finish *finish, int32_t channel,
                               int32_t acc) {
  const int32_t levels = finish->highest - finish->lowest;
  const int32_t *threshold = finish->thresholds + channel * levels;
  int32_t stored = finish->lowest + finish->zero;
  /* Of a channel that falls the complements are stored. */
  if (finish->falling && finish->falling[channel])
    acc = ~acc;
  for (int32_t left = levels; left > 0;) {
    const int32_t half = left >> 1;
    if (acc >= threshold[half]) {
      threshold += half + 1;
      stored += half + 1;
      left -= half + 1;
    } else {
      left = half;
    }
  }
  return stored;
}

/* qat_finish32 by comparison: no multiplication but that of the zero points. */
QAT_OUTLINE void qat_finish32_compared(const struct qat_finish *finish,
                                       int32_t first, int32_t count,
                                       uint32_t *sums, uint32_t x_sum) {
  qat_take_zeros(finish, first, count, sums, x_sum);
  for (int32_t i = 0; i < count; ++i)
    sums[i] = (uint32_t)qat_compare(finish, first + i, (int32_t)sums[i]);
}

/* One of the four, as the kernel's `width` says. */
QAT_INLINE void qat_finish_sums(const struct qat_finish *finish, int32_t first,
                                int32_t count, uint32_t *sums, uint32_t x_sum,
                                int width) {
  if (width & QAT_THRESHOLDS)
    qat_finish32_compared(finish, first, count, sums, x_sum);
  else if (width & QAT_UNSCALED)
    qat_finish32_unscaled(finish, first, count, sums, x_sum);
  else if (width & QAT_ROUNDED)
    qat_finish32_rounded(finish, first, count, sums, x_sum,
                         (width & QAT_DOUBLE_ROUND) != 0);
  else
    qat_finish32(finish, first, count, sums, x_sum);
}

/* The output of one channel whose sums do not fit 32 bits. */
QAT_OUTLINE int32_t qat_finish64(const struct qat_finish *finish,
                                 int32_t channel, int64_t acc, int64_t x_sum,
                                 int width) {
  if (finish->weight_zero)
    acc -= x_sum * finish->weight_zero[channel * finish->weight_zero_step];
  if (width & QAT_THRESHOLDS)
    return qat_compare(finish, channel, qat_saturate(acc));
  acc += finish->bias[channel];
  int32_t value;
  if (width & QAT_UNSCALED) {
    value = qat_saturate(acc);
  } else {
    int32_t at = channel * finish->channel_step;
    if (width & QAT_ROUNDED)
      value = qat_requantize_wide_rounded(acc, finish->multiplier[at],
                                          finish->shift[at],
                                          (width & QAT_DOUBLE_ROUND) != 0);
    else
      value =
          qat_requantize_wide(acc, finish->multiplier[at], finish->shift[at]);
  }
  return qat_clamp(value, finish->lowest, finish->highest) + finish->zero;
}

#endif /* QAT_RT_FINISH_H */
