//===- Kernels.c - the kernels that are tested --------------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Kernels.h"

#include "add_body.h"
#include "avg_pool2d_body.h"
#include "concat_body.h"
#include "conv2d_body.h"
#include "depthwise_conv2d_body.h"
#include "fully_connected_body.h"
#include "max_pool2d_body.h"
#include "pad_body.h"
#include "requantize_body.h"

// clang-format off
#define DEFINE_WEIGHTED(OP, op, in, weight, out, wide)                         \
  QAT_##OP##_KERNEL(qat_##op##_##in##_##weight##_##out, in, weight, out,       \
                    QAT_ACC32)                                                 \
  QAT_##OP##_KERNEL(qat_##op##_##in##_##weight##_##wide##_acc64, in, weight,   \
                    wide, QAT_ACC64)
#define DEFINE(in, weight, out, wide)                                          \
  DEFINE_WEIGHTED(CONV2D, conv2d, in, weight, out, wide)                       \
  DEFINE_WEIGHTED(DEPTHWISE_CONV2D, depthwise_conv2d, in, weight, out, wide)   \
  DEFINE_WEIGHTED(FULLY_CONNECTED, fully_connected, in, weight, out, wide)
WEIGHTED_KERNELS(DEFINE)
#undef DEFINE
#define DEFINE_WAY(OP, op, in, weight, out, wide, way, bits)                   \
  QAT_##OP##_KERNEL(qat_##op##_##in##_##weight##_##out##way, in, weight, out,  \
                    QAT_ACC32 | bits)                                          \
  QAT_##OP##_KERNEL(qat_##op##_##in##_##weight##_##wide##_acc64##way, in,      \
                    weight, wide, QAT_ACC64 | bits)
#define DEFINE_WAYS(in, weight, out, wide, way, bits)                          \
  DEFINE_WAY(CONV2D, conv2d, in, weight, out, wide, way, bits)                 \
  DEFINE_WAY(DEPTHWISE_CONV2D, depthwise_conv2d, in, weight, out, wide, way,   \
             bits)                                                             \
  DEFINE_WAY(FULLY_CONNECTED, fully_connected, in, weight, out, wide, way, bits)
#define DEFINE(in, weight, out, wide)                                          \
  DEFINE_WAYS(in, weight, out, wide, _thresholds, QAT_THRESHOLDS)
THRESHOLD_KERNELS(DEFINE)
#undef DEFINE
#define DEFINE(in, weight, out, wide)                                          \
  DEFINE_WAYS(in, weight, out, wide, _unscaled, QAT_UNSCALED)
UNSCALED_KERNELS(DEFINE)
#undef DEFINE
#define DEFINE(in1, in2, out)                                                  \
  QAT_ADD_KERNEL(qat_add_##in1##_##in2##_##out, in1, in2, out)
ADD_KERNELS(DEFINE)
#undef DEFINE
#define DEFINE(in, out)                                                        \
  QAT_REQUANTIZE_KERNEL(qat_requantize_##in##_##out, in, out)
REQUANTIZE_KERNELS(DEFINE)
#undef DEFINE
#define DEFINE(s)                                                              \
  QAT_AVG_POOL2D_KERNEL(qat_avg_pool2d_##s##_##s, s)                           \
  QAT_MAX_POOL2D_KERNEL(qat_max_pool2d_##s##_##s, s)                           \
  QAT_CONCAT_KERNEL(qat_concat_##s##_##s, s)                                   \
  QAT_PAD_KERNEL(qat_pad_##s##_##s, s)
KEEPING_KERNELS(DEFINE)
// clang-format on
