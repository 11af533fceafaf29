//===- storage.h - how elements lie in memory ---------------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The bodies of the kernels are written once, for every storage. They take the
// storage as an argument that is a constant wherever they are inlined, so that
// each kernel keeps only what its own storage needs.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_STORAGE_H
#define QAT_RT_STORAGE_H

#include "base.h"

/* Not a matter of taste: without it the storage would be looked at in the
 * innermost loops. */
#if defined(__GNUC__)
#define QAT_INLINE static inline __attribute__((always_inline))
/* For what is too long to be repeated in each kernel, and would take registers
 * from the loops around it. */
#define QAT_OUTLINE static __attribute__((noinline, unused))
#else
#define QAT_INLINE static inline
#define QAT_OUTLINE static inline
#endif

/* Twice the bits, plus one if signed. */
#define QAT_u8 16
#define QAT_i8 17
#define QAT_u4 8
#define QAT_i4 9
#define QAT_u2 4
#define QAT_i2 5
#define QAT_i32 65

/* The C type that tensors of a storage are declared with. */
#define QAT_TYPE_u8 uint8_t
#define QAT_TYPE_i8 int8_t
#define QAT_TYPE_u4 uint8_t
#define QAT_TYPE_i4 uint8_t
#define QAT_TYPE_u2 uint8_t
#define QAT_TYPE_i2 uint8_t
#define QAT_TYPE_i32 int32_t

QAT_INLINE int32_t qat_bits(int storage) { return storage >> 1; }

/* Elements in a 32-bit word. */
QAT_INLINE int32_t qat_lanes(int storage) { return 32 / (storage >> 1); }

/* The value of the field of `storage` in the low bits of `word`; what lies
 * above it does not matter. */
QAT_INLINE int32_t qat_field(uint32_t word, int storage) {
  uint32_t unused = 32U - (uint32_t)qat_bits(storage);
  if (storage & 1)
    return (int32_t)(word << unused) >> unused;
  return (int32_t)(word & (UINT32_MAX >> unused));
}

/* Field `lane` of a word of weights. */
QAT_INLINE int32_t qat_lane(uint32_t word, int32_t lane, int storage) {
  return qat_field(word >> (lane * qat_bits(storage)), storage);
}

/* Element `index` of a row. */
QAT_INLINE int32_t qat_load(const void *row, int32_t index, int storage) {
  const uint8_t *bytes = (const uint8_t *)row;
  if (storage == QAT_u8)
    return bytes[index];
  if (storage == QAT_i8)
    return ((const int8_t *)row)[index];
  if (storage == QAT_i32)
    return ((const int32_t *)row)[index];
  uint32_t bit = (uint32_t)index * (uint32_t)qat_bits(storage);
  return qat_field((uint32_t)bytes[bit >> 3] >> (bit & 7), storage);
}

/* Sets element `index` of a row and no other. */
QAT_INLINE void qat_store(void *row, int32_t index, int32_t value,
                          int storage) {
  uint8_t *bytes = (uint8_t *)row;
  if (storage == QAT_i32) {
    ((int32_t *)row)[index] = value;
    return;
  }
  if (qat_bits(storage) == 8) {
    bytes[index] = (uint8_t)value;
    return;
  }
  uint32_t bit = (uint32_t)index * (uint32_t)qat_bits(storage);
  uint32_t mask = ((1U << qat_bits(storage)) - 1U) << (bit & 7);
  uint32_t field = ((uint32_t)value << (bit & 7)) & mask;
  bytes[bit >> 3] = (uint8_t)((bytes[bit >> 3] & ~mask) | field);
}

/* The four elements from `index` on, where they start on a byte, as fields from
 * bit 0 on. */
QAT_INLINE uint32_t qat_load_packed4(const uint8_t *row, int32_t index,
                                     int storage) {
  const uint8_t *byte = row + ((uint32_t)(index * qat_bits(storage)) >> 3);
  if (qat_bits(storage) == 2)
    return byte[0];
  return byte[0] | (uint32_t)byte[1] << 8;
}

/* Sets four elements of less than a byte from `index` on, where they start on a
 * byte. */
QAT_INLINE void qat_store_packed4(uint8_t *row, int32_t index,
                                  const uint32_t *values, int storage) {
  const int32_t bits = qat_bits(storage);
  const uint32_t mask = (1U << bits) - 1U;
  uint8_t *byte = row + ((uint32_t)(index * bits) >> 3);
  uint32_t fields = 0;
  for (int32_t i = 0; i < 4; ++i)
    fields |= (values[i] & mask) << (i * bits);
  byte[0] = (uint8_t)fields;
  if (bits == 4)
    byte[1] = (uint8_t)(fields >> 8);
}

/* Sets to 0 what the last byte of a row of `count` elements has unused. */
QAT_INLINE void qat_clear_unused(void *row, int32_t count, int storage) {
  const uint32_t bits = (uint32_t)count * (uint32_t)qat_bits(storage);
  if (qat_bits(storage) < 8 && (bits & 7)) {
    uint8_t *last = (uint8_t *)row + (bits >> 3);
    *last = (uint8_t)(*last & ((1U << (bits & 7)) - 1U));
  }
}

/* Writes a row from its first element to its last. */
struct qat_writer {
  uint8_t *bytes;
  uint32_t pending; /* fields of the byte that is not full yet */
  uint32_t filled;  /* their bits */
};

QAT_INLINE struct qat_writer qat_write_row(void *output, int32_t pitch,
                                           int32_t row) {
  struct qat_writer writer = {(uint8_t *)output + (ptrdiff_t)pitch * row, 0, 0};
  return writer;
}

QAT_INLINE void qat_put(struct qat_writer *writer, int32_t value, int storage) {
  if (storage == QAT_i32) {
    *(int32_t *)(void *)writer->bytes = value;
    writer->bytes += 4;
  } else if (qat_bits(storage) == 8) {
    *writer->bytes++ = (uint8_t)value;
  } else {
    uint32_t mask = (1U << qat_bits(storage)) - 1U;
    writer->pending |= ((uint32_t)value & mask) << writer->filled;
    writer->filled += (uint32_t)qat_bits(storage);
    if (writer->filled == 8) {
      *writer->bytes++ = (uint8_t)writer->pending;
      writer->pending = writer->filled = 0;
    }
  }
}

/* Ends a row: the unused fields of its last byte are 0. */
QAT_INLINE void qat_end_row(struct qat_writer *writer, int storage) {
  if (qat_bits(storage) < 8 && writer->filled)
    *writer->bytes = (uint8_t)writer->pending;
}

QAT_INLINE const uint8_t *qat_row(const void *input, int32_t pitch,
                                  int32_t row) {
  return (const uint8_t *)input + (ptrdiff_t)pitch * row;
}

#endif /* QAT_RT_STORAGE_H */
