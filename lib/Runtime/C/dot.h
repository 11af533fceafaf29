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

struct qat_sums {
  uint32_t first, second;
};

/* Two rows of weights times the vector, modulo 2^32: two rows share each load
 * of an input. */
QAT_INLINE struct qat_sums qat_dot2(const int16_t *x, const uint32_t *row0,
                                    const uint32_t *row1, int32_t words,
                                    int weight) {
  struct qat_sums sums = {0, 0};
  for (const uint32_t *end = row0 + words; row0 != end;) {
    uint32_t word0 = *row0++, word1 = *row1++;
    sums.first = qat_mac_word(sums.first, x, word0, weight);
    sums.second = qat_mac_word(sums.second, x, word1, weight);
    x += qat_lanes(weight);
  }
  return sums;
}

/* The same for one row, the last of an odd number. */
QAT_INLINE uint32_t qat_dot1(const int16_t *x, const uint32_t *row,
                             int32_t words, int weight) {
  uint32_t sum = 0;
  for (const uint32_t *end = row + words; row != end;) {
    sum = qat_mac_word(sum, x, *row++, weight);
    x += qat_lanes(weight);
  }
  return sum;
}

/* Up to this number of words no sum overflows: they hold at most 32768 products
 * of up to 255 * 255, 65536 of 255 * 15 or 131072 of 255 * 3. */
#define QAT_DOT_WORDS 8192

/* One row, exactly: in parts that fit 32 bits. */
QAT_INLINE int64_t qat_dot_wide(const int16_t *x, const uint32_t *row,
                                int32_t words, int weight) {
  int64_t sum = 0;
  while (words) {
    int32_t part = words < QAT_DOT_WORDS ? words : QAT_DOT_WORDS;
    sum += (int32_t)qat_dot1(x, row, part, weight);
    x += part * qat_lanes(weight);
    row += part;
    words -= part;
  }
  return sum;
}

/* Sums that wait on the stack to be finished together; even. */
#define QAT_DOT_BATCH 16

/* Writes the outputs of the channels [first, last), whose weights start at
 * `weights`, for the vector `x`; `x_sum` is the sum of the vector. */
QAT_INLINE void qat_dot_channels(struct qat_writer *writer, const int16_t *x,
                                 int64_t x_sum, const uint32_t *weights,
                                 int32_t words, int32_t first, int32_t last,
                                 const struct qat_finish *finish, int weight,
                                 int out, int width) {
  int32_t channel = first;
  if (width & QAT_ACC64) {
    for (; channel < last; ++channel, weights += words) {
      int64_t sum = qat_dot_wide(x, weights, words, weight);
      qat_put(writer, qat_finish64(finish, channel, sum, x_sum, width), out);
    }
    return;
  }
  while (channel < last) {
    uint32_t sums[QAT_DOT_BATCH];
    int32_t count = last - channel;
    if (count > QAT_DOT_BATCH)
      count = QAT_DOT_BATCH;
    int32_t i = 0;
    for (; i + 1 < count; i += 2, weights += 2 * words) {
      struct qat_sums pair =
          qat_dot2(x, weights, weights + words, words, weight);
      sums[i] = pair.first;
      sums[i + 1] = pair.second;
    }
    if (i < count) {
      sums[i] = qat_dot1(x, weights, words, weight);
      weights += words;
    }
    qat_finish_sums(finish, channel, count, sums, (uint32_t)x_sum, width);
    for (i = 0; i < count; ++i)
      qat_put(writer, (int32_t)sums[i], out);
    channel += count;
  }
}

/* Unpacks `count` elements of a row from `index` on, subtracts the zero point
 * and returns their sum, which fits for up to 8421504 of them, 255 each. */
QAT_INLINE int32_t qat_gather(int16_t *x, const uint8_t *row, int32_t index,
                              int32_t count, int32_t zero_point, int in) {
  int32_t sum = 0;
  const int32_t end = index + count;
  if (qat_bits(in) < 8) {
    /* Each byte is loaded once; what does not start on one goes before. */
    const int32_t lanes = 8 / qat_bits(in);
    for (; index < end && index % lanes; ++index) {
      int32_t value = qat_load(row, index, in) - zero_point;
      *x++ = (int16_t)value;
      sum += value;
    }
    if (end - index >= lanes) {
      const uint8_t *byte = row + index / lanes;
      const uint8_t *last = row + end / lanes;
      index = end - end % lanes;
      for (; byte != last; ++byte, x += lanes)
        for (int32_t lane = 0; lane < lanes; ++lane) {
          int32_t value = qat_lane(*byte, lane, in) - zero_point;
          x[lane] = (int16_t)value;
          sum += value;
        }
    }
  }
  for (; index < end; ++index) {
    int32_t value = qat_load(row, index, in) - zero_point;
    *x++ = (int16_t)value;
    sum += value;
  }
  return sum;
}

#endif /* QAT_RT_DOT_H */
