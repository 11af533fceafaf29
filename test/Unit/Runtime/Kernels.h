//===- Kernels.h - the kernels that are tested --------------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The lists give each pair of storages of two tensors of a layer at least once:
// all of the six times six of inputs and weights with 32- and with 64-bit
// accumulators, each with one output such that all pairs with outputs occur. A
// body treats one tensor at a time, so a third storage adds nothing.
//
// With QAT_TEST_FEW_KERNELS, for compilations that take long, each storage
// occurs in each place.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TEST_KERNELS_H
#define QAT_TEST_KERNELS_H

#include "add.h"
#include "avg_pool2d.h"
#include "concat.h"
#include "conv2d.h"
#include "depthwise_conv2d.h"
#include "fully_connected.h"
#include "max_pool2d.h"
#include "pad.h"
#include "requantize.h"
#include "storage.h"

// clang-format off

#ifndef QAT_TEST_FEW_KERNELS
/* Input, weights, output, output with 64-bit accumulators. */
#define WEIGHTED_KERNELS(K) \
  K(u8, u8, u8, i32) K(u8, i8, i8, u8) K(u8, u4, u4, i8) \
  K(u8, i4, i4, u4) K(u8, u2, u2, i4) K(u8, i2, i2, u2) \
  K(i8, u8, i8, u8) K(i8, i8, u4, i8) K(i8, u4, i4, u4) \
  K(i8, i4, u2, i4) K(i8, u2, i2, u2) K(i8, i2, i32, i2) \
  K(u4, u8, u4, i8) K(u4, i8, i4, u4) K(u4, u4, u2, i4) \
  K(u4, i4, i2, u2) K(u4, u2, i32, i2) K(u4, i2, u8, i32) \
  K(i4, u8, i4, u4) K(i4, i8, u2, i4) K(i4, u4, i2, u2) \
  K(i4, i4, i32, i2) K(i4, u2, u8, i32) K(i4, i2, i8, u8) \
  K(u2, u8, u2, i4) K(u2, i8, i2, u2) K(u2, u4, i32, i2) \
  K(u2, i4, u8, i32) K(u2, u2, i8, u8) K(u2, i2, u4, i8) \
  K(i2, u8, i2, u2) K(i2, i8, i32, i2) K(i2, u4, u8, i32) \
  K(i2, i4, i8, u8) K(i2, u2, u4, i8) K(i2, i2, i4, u4)

/* Inputs, output. */
#define ADD_KERNELS(K) \
  K(u8, u8, u8) K(u8, i8, i8) K(u8, u4, u4) K(u8, i4, i4) \
  K(u8, u2, u2) K(u8, i2, i2) K(i8, u8, i8) K(i8, i8, u4) \
  K(i8, u4, i4) K(i8, i4, u2) K(i8, u2, i2) K(i8, i2, u8) \
  K(u4, u8, u4) K(u4, i8, i4) K(u4, u4, u2) K(u4, i4, i2) \
  K(u4, u2, u8) K(u4, i2, i8) K(i4, u8, i4) K(i4, i8, u2) \
  K(i4, u4, i2) K(i4, i4, u8) K(i4, u2, i8) K(i4, i2, u4) \
  K(u2, u8, u2) K(u2, i8, i2) K(u2, u4, u8) K(u2, i4, i8) \
  K(u2, u2, u4) K(u2, i2, i4) K(i2, u8, i2) K(i2, i8, u8) \
  K(i2, u4, i8) K(i2, i4, u4) K(i2, u2, i4) K(i2, i2, u2)

/* Input, output. */
#define REQUANTIZE_KERNELS(K) \
  K(u8, u8) K(u8, i8) K(u8, u4) K(u8, i4) K(u8, u2) K(u8, i2) \
  K(i8, u8) K(i8, i8) K(i8, u4) K(i8, i4) K(i8, u2) K(i8, i2) \
  K(u4, u8) K(u4, i8) K(u4, u4) K(u4, i4) K(u4, u2) K(u4, i2) \
  K(i4, u8) K(i4, i8) K(i4, u4) K(i4, i4) K(i4, u2) K(i4, i2) \
  K(u2, u8) K(u2, i8) K(u2, u4) K(u2, i4) K(u2, u2) K(u2, i2) \
  K(i2, u8) K(i2, i8) K(i2, u4) K(i2, i4) K(i2, u2) K(i2, i2)

#else
#define WEIGHTED_KERNELS(K) \
  K(u8, u8, u4, i32) K(i8, i2, i4, i2) K(u4, u2, u2, u2) \
  K(i4, i4, i2, i4) K(u2, u4, i32, u4) K(i2, i8, u8, i8)
#define ADD_KERNELS(K) \
  K(u8, i8, i2) K(i8, u4, u8) K(u4, i4, i8) \
  K(i4, u2, u4) K(u2, i2, i4) K(i2, i2, i2)
#define REQUANTIZE_KERNELS(K) \
  K(u8, i4) K(i8, u2) K(u4, i2) K(i4, u8) K(u2, i8) K(i2, u4)
#endif

/* Kernels that compare: input, weights, output, output with 64 bits. */
#define THRESHOLD_KERNELS(K) \
  K(u8, u8, u8, i8) K(i8, i2, i4, i2) K(u4, u2, u2, u4) \
  K(i4, i4, i2, i4) K(u2, u4, u4, u8) K(i2, i8, i8, u2)

/* Kernels whose sums are the result. */
#define UNSCALED_KERNELS(K) K(u8, i4, i32, i32) K(i2, u8, i32, i32)

/* Input and output. */
#define KEEPING_KERNELS(K) \
  K(u8) K(i8) K(u4) K(i4) K(u2) K(i2)

#ifdef __cplusplus
extern "C" {
#endif

#define DECLARE_WEIGHTED(OP, op, in, weight, out, wide)                        \
  QAT_##OP##_DECLARE(qat_##op##_##in##_##weight##_##out, QAT_TYPE_##in,        \
                     QAT_TYPE_##out);                                          \
  QAT_##OP##_DECLARE(qat_##op##_##in##_##weight##_##wide##_acc64,              \
                     QAT_TYPE_##in, QAT_TYPE_##wide);
#define DECLARE(in, weight, out, wide)                                         \
  DECLARE_WEIGHTED(CONV2D, conv2d, in, weight, out, wide)                      \
  DECLARE_WEIGHTED(DEPTHWISE_CONV2D, depthwise_conv2d, in, weight, out, wide)  \
  DECLARE_WEIGHTED(FULLY_CONNECTED, fully_connected, in, weight, out, wide)
WEIGHTED_KERNELS(DECLARE)
#undef DECLARE
#define DECLARE_WAY(OP, op, in, weight, out, wide, way)                        \
  QAT_##OP##_DECLARE(qat_##op##_##in##_##weight##_##out##way, QAT_TYPE_##in,   \
                     QAT_TYPE_##out);                                          \
  QAT_##OP##_DECLARE(qat_##op##_##in##_##weight##_##wide##_acc64##way,         \
                     QAT_TYPE_##in, QAT_TYPE_##wide);
#define DECLARE_WAYS(in, weight, out, wide, way)                               \
  DECLARE_WAY(CONV2D, conv2d, in, weight, out, wide, way)                      \
  DECLARE_WAY(DEPTHWISE_CONV2D, depthwise_conv2d, in, weight, out, wide, way)  \
  DECLARE_WAY(FULLY_CONNECTED, fully_connected, in, weight, out, wide, way)
#define DECLARE(in, weight, out, wide)                                         \
  DECLARE_WAYS(in, weight, out, wide, _thresholds)
THRESHOLD_KERNELS(DECLARE)
#undef DECLARE
#define DECLARE(in, weight, out, wide)                                         \
  DECLARE_WAYS(in, weight, out, wide, _unscaled)
UNSCALED_KERNELS(DECLARE)
#undef DECLARE
#define DECLARE(in1, in2, out)                                                 \
  QAT_ADD_DECLARE(qat_add_##in1##_##in2##_##out, QAT_TYPE_##in1,               \
                  QAT_TYPE_##in2, QAT_TYPE_##out);
ADD_KERNELS(DECLARE)
#undef DECLARE
#define DECLARE(in, out)                                                       \
  QAT_REQUANTIZE_DECLARE(qat_requantize_##in##_##out, QAT_TYPE_##in,           \
                         QAT_TYPE_##out);
REQUANTIZE_KERNELS(DECLARE)
#undef DECLARE
#define DECLARE(s)                                                             \
  QAT_AVG_POOL2D_DECLARE(qat_avg_pool2d_##s##_##s, QAT_TYPE_##s);              \
  QAT_MAX_POOL2D_DECLARE(qat_max_pool2d_##s##_##s, QAT_TYPE_##s);              \
  QAT_CONCAT_DECLARE(qat_concat_##s##_##s, QAT_TYPE_##s);                      \
  QAT_PAD_DECLARE(qat_pad_##s##_##s, QAT_TYPE_##s);
KEEPING_KERNELS(DECLARE)
#undef DECLARE

// clang-format on

#ifdef __cplusplus
}
#endif

#endif // QAT_TEST_KERNELS_H
