//===- base.h - what every kernel of qat-rt stands on -------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// C99, integers only. The kernels use no heap, no float, no recursion and no
// writable globals. They rely on two things that C99 leaves to the compiler
// and that GCC, Clang and every compiler for Cortex-M grant: `>>` of a negative
// value shifts in copies of the sign, and converting an unsigned value to a
// signed type of the same width keeps the bits (two's complement).
//
// What all kernels have in common:
//
// * Tensors are rows of pixels of channels (HWC). A row starts on a byte; its
//   elements lie packed, low bits first. A pitch is the distance between two
//   rows in bytes.
// * `input` and `output` point to row 0 of the whole tensors. A call computes
//   the output rows [first_row, first_row + row_count) and writes no byte
//   outside of them; it reads only the input rows that they need. Rows may be
//   computed in any order and in any pieces.
// * `scratch` is memory of the caller, aligned to QAT_SCRATCH_ALIGNMENT, of the
//   size that the kernel's header states; NULL where that is 0. Its content
//   need not survive between calls.
// * Input, output and scratch do not overlap, unless a header says otherwise.
// * Weights are 32-bit words. Field k of a word (of 8, 4 or 2 bits) has the
//   bits [k*bits, (k+1)*bits), so the same source works in either byte order.
// * A kernel's name tells the operation, then the storage of input, weights
//   (or second input) and output: u8 is an unsigned byte, i4 a signed half.
//   There is a kernel for every combination of u8, i8, u4, i4, u2 and i2, of
//   i32 for the output of layers with weights. A project declares those that it
//   calls by the macros of the headers (in C++ inside of extern "C") and has a
//   line for each of them in qat-rt/*.c. Fields of less than a byte are bytes
//   to C: uint8_t.
// * Fields of a row's last byte that hold no element are written as 0, and what
//   they hold in an input does not matter.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RT_BASE_H
#define QAT_RT_BASE_H

#include <stddef.h>
#include <stdint.h>

#define QAT_RT_VERSION_MAJOR 0
#define QAT_RT_VERSION_MINOR 1
#define QAT_RT_VERSION_PATCH 0

/* In bytes: enough for every element type and for loads of 64 bits. */
#define QAT_SCRATCH_ALIGNMENT 8

/* Limits `value` to [lowest, highest]. */
static inline int32_t qat_clamp(int32_t value, int32_t lowest,
                                int32_t highest) {
  if (value < lowest)
    return lowest;
  return value > highest ? highest : value;
}

/* Limits `value` to what an int32_t holds. */
static inline int32_t qat_saturate(int64_t value) {
  if (value < INT32_MIN)
    return INT32_MIN;
  return value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

/* Scales an accumulator: floor(acc * multiplier / 2^shift), limited to 32
 * bits. The product is exact. `shift` is 0 to 63; any multiplier is legal. */
static inline int32_t qat_requantize(int32_t acc, int32_t multiplier,
                                     uint32_t shift) {
  int64_t product = (int64_t)acc * multiplier;
  /* The high word alone decides: one 32-bit shift instead of a 64-bit one. */
  if (shift >= 32)
    return (int32_t)(product >> 32) >> (shift - 32);
  return qat_saturate(product >> shift);
}

/* Scales with the rounding of imported networks: 2^(shift-1) is added to the
 * product before it is shifted and, if `double_round` is not 0 and `shift`
 * above 31, 2^30 more, or taken off where `acc` is negative (TOSA's
 * DOUBLE_ROUND). The multiplier is not negative; `shift` is 2 to 62. */
static inline int32_t qat_requantize_rounded(int32_t acc, int32_t multiplier,
                                             uint32_t shift, int double_round) {
  int64_t product = (int64_t)acc * multiplier + ((int64_t)1 << (shift - 1));
  if (double_round && shift > 31)
    product += acc < 0 ? -((int64_t)1 << 30) : (int64_t)1 << 30;
  return qat_saturate(product >> shift);
}

/* high * 2^32 + low, shifted right and limited to 32 bits. */
static inline int32_t qat_shift_wide(int64_t high, uint32_t low,
                                     uint32_t shift) {
  if (shift >= 32)
    return qat_saturate(high >> (shift - 32));
  /* Beyond these bounds the result does not fit 32 bits at any such shift. */
  if (high < INT32_MIN)
    return INT32_MIN;
  if (high > INT32_MAX)
    return INT32_MAX;
  return qat_saturate((high * 4294967296 + low) >> shift);
}

/* The same as qat_requantize for a 64-bit accumulator, |acc| < 2^62: the
 * product has up to 94 bits and is formed in two words. */
static inline int32_t qat_requantize_wide(int64_t acc, int32_t multiplier,
                                          uint32_t shift) {
  int64_t low = (int64_t)(acc & 0xffffffff) * multiplier;
  int64_t high = (acc >> 32) * multiplier + (low >> 32);
  return qat_shift_wide(high, (uint32_t)low, shift);
}

/* The same as qat_requantize_rounded for a 64-bit accumulator, |acc| < 2^62. */
static inline int32_t qat_requantize_wide_rounded(int64_t acc,
                                                  int32_t multiplier,
                                                  uint32_t shift,
                                                  int double_round) {
  int64_t low = (int64_t)(acc & 0xffffffff) * multiplier;
  int64_t high = (acc >> 32) * multiplier + (low >> 32);
  int64_t round = (int64_t)1 << (shift - 1);
  if (double_round && shift > 31)
    round += acc < 0 ? -((int64_t)1 << 30) : (int64_t)1 << 30;
  low = (low & 0xffffffff) + (round & 0xffffffff);
  high += (round >> 32) + (low >> 32);
  return qat_shift_wide(high, (uint32_t)low, shift);
}

#endif /* QAT_RT_BASE_H */
