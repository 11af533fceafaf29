//===- dot.h - rows of weights times one vector of inputs ---------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Convolutions and fully connected layers gather their inputs into a vector of
// 16-bit values first: unpacked, without the zero point, zero where the padding
// is, filled up to a whole word of weights. What is left is a dot product
// without a test, the same for all of them. Gathering costs a few instructions
// an input, which every output channel then shares.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_DOT_H
#define QAT_RT_DOT_H

#include "finish.h"

/* acc + the sum of four inputs times the fields of `word` from `lane` on. */
QAT_INLINE uint32_t qat_mac4(uint32_t acc, const int16_t *x, uint32_t word,
                             int32_t lane, int storage) {
  acc += (uint32_t)(x[0] * qat_lane(word, lane, storage));
  acc += (uint32_t)(x[1] * qat_lane(word, lane + 1, storage));
  acc += (uint32_t)(x[2] * qat_lane(word, lane + 2, storage));
  return acc + (uint32_t)(x[3] * qat_lane(word, lane + 3, storage));
}

/* acc + the sum of all fields of `word` times as many inputs. */
QAT_INLINE uint32_t qat_mac_word(uint32_t acc, const int16_t *x, uint32_t word,
                                 int storage) {
  acc = qat_mac4(acc, x, word, 0, storage);
  if (qat_bits(storage) <= 4)
    acc = qat_mac4(acc, x + 4, word, 4, storage);
  if (qat_bits(storage) <= 2) {
    acc = qat_mac4(acc, x + 8, word, 8, storage);
    acc = qat_mac4(acc, x + 12, word, 12, storage);
  }
  return acc;
}

/* Below this number of words no sum of 32 bits overflows: 8192 words hold at
 * most 131072 products, of at most 255 * 255 with 8 bits and four a word, of
 * 255 * 15 with eight, of 255 * 3 with sixteen. */
#define QAT_DOT_WORDS 8192

/* Adds two rows of weights times the vector to acc[0] and acc[1]: two rows
 * share each load of an input. */
QAT_INLINE void qat_dot2(int64_t *acc, const int16_t *x, const uint32_t *row0,
                         const uint32_t *row1, int32_t words, int weight,
                         int width) {
  do {
    int32_t part = words;
    if (width == QAT_ACC64 && part > QAT_DOT_WORDS)
      part = QAT_DOT_WORDS;
    words -= part;
    uint32_t sum0 = 0, sum1 = 0;
    for (const uint32_t *end = row0 + part; row0 != end;) {
      uint32_t word0 = *row0++, word1 = *row1++;
      sum0 = qat_mac_word(sum0, x, word0, weight);
      sum1 = qat_mac_word(sum1, x, word1, weight);
      x += qat_lanes(weight);
    }
    acc[0] += (int32_t)sum0;
    acc[1] += (int32_t)sum1;
  } while (width == QAT_ACC64 && words);
}

/* The same for one row, the last of an odd number. */
QAT_INLINE void qat_dot1(int64_t *acc, const int16_t *x, const uint32_t *row,
                         int32_t words, int weight, int width) {
  do {
    int32_t part = words;
    if (width == QAT_ACC64 && part > QAT_DOT_WORDS)
      part = QAT_DOT_WORDS;
    words -= part;
    uint32_t sum = 0;
    for (const uint32_t *end = row + part; row != end;) {
      sum = qat_mac_word(sum, x, *row++, weight);
      x += qat_lanes(weight);
    }
    acc[0] += (int32_t)sum;
  } while (width == QAT_ACC64 && words);
}

/* Writes the outputs of the channels [first, last), whose weights start at
 * `weights`, for the vector `x`; `x_sum` is the sum of the vector. */
QAT_INLINE void qat_dot_channels(struct qat_writer *writer, const int16_t *x,
                                 int64_t x_sum, const uint32_t *weights,
                                 int32_t words, int32_t first, int32_t last,
                                 const struct qat_finish *finish,
                                 const struct qat_weight_zero *zero, int weight,
                                 int out, int width) {
  int32_t channel = first;
  for (; channel + 1 < last; channel += 2, weights += 2 * words) {
    int64_t acc[2] = {0, 0};
    qat_dot2(acc, x, weights, weights + words, words, weight, width);
    for (int32_t i = 0; i < 2; ++i) {
      int64_t offset = x_sum * qat_weight_zero(zero, channel + i);
      qat_put(writer,
              qat_finish(finish, channel + i, acc[i] - offset, out, width),
              out);
    }
  }
  if (channel < last) {
    int64_t acc[1] = {0};
    qat_dot1(acc, x, weights, words, weight, width);
    int64_t offset = x_sum * qat_weight_zero(zero, channel);
    qat_put(writer, qat_finish(finish, channel, acc[0] - offset, out, width),
            out);
  }
}

/* Unpacks `count` elements of a row from `index` on, subtracts the zero point
 * and returns their sum. */
QAT_INLINE int32_t qat_gather(int16_t *x, const uint8_t *row, int32_t index,
                              int32_t count, int32_t zero_point, int in) {
  int32_t sum = 0;
  for (int32_t end = index + count; index < end; ++index) {
    int32_t value = qat_load(row, index, in) - zero_point;
    *x++ = (int16_t)value;
    sum += value;
  }
  return sum;
}

#endif /* QAT_RT_DOT_H */
