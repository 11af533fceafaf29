//===- SubByteKernels.h - 2- and 4-bit kernels for tests ---------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TEST_SUBBYTEKERNELS_H
#define QAT_TEST_SUBBYTEKERNELS_H

#include "add.h"
#include "avg_pool2d.h"
#include "conv2d.h"
#include "depthwise_conv2d.h"
#include "fully_connected.h"
#include "max_pool2d.h"
#include "requantize.h"

#ifdef __cplusplus
extern "C" {
#endif

QAT_CONV2D_DECLARE(test_conv2d_u4_i2_u4, uint8_t, uint8_t);
QAT_CONV2D_DECLARE(test_conv2d_i2_u4_i4, uint8_t, uint8_t);
QAT_CONV2D_DECLARE(test_conv2d_u2_u2_u8_acc64, uint8_t, uint8_t);
QAT_DEPTHWISE_CONV2D_DECLARE(test_depthwise_u4_i2_u4, uint8_t, uint8_t);
QAT_DEPTHWISE_CONV2D_DECLARE(test_depthwise_i2_u4_i2, uint8_t, uint8_t);
QAT_FULLY_CONNECTED_DECLARE(test_fully_connected_u4_i4_i32, uint8_t, int32_t);
QAT_ADD_DECLARE(test_add_u4_i2_u2, uint8_t, uint8_t, uint8_t);
QAT_ADD_DECLARE(test_add_i4_i4_i4, uint8_t, uint8_t, uint8_t);
QAT_AVG_POOL2D_DECLARE(test_avg_pool2d_i4_i4, uint8_t);
QAT_MAX_POOL2D_DECLARE(test_max_pool2d_u2_u2, uint8_t);
QAT_REQUANTIZE_DECLARE(test_requantize_u8_i4, uint8_t, uint8_t);
QAT_REQUANTIZE_DECLARE(test_requantize_i2_u4, uint8_t, uint8_t);

#ifdef __cplusplus
}
#endif

#endif // QAT_TEST_SUBBYTEKERNELS_H
