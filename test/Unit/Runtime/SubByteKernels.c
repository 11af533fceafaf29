//===- SubByteKernels.c - kernels of 2 and 4 bits to test the bodies ------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SubByteKernels.h"

#include "add_body.h"
#include "avg_pool2d_body.h"
#include "conv2d_body.h"
#include "depthwise_conv2d_body.h"
#include "fully_connected_body.h"
#include "max_pool2d_body.h"
#include "requantize_body.h"

QAT_CONV2D_KERNEL(test_conv2d_u4_i2_u4, u4, i2, u4, QAT_ACC32)
QAT_CONV2D_KERNEL(test_conv2d_i2_u4_i4, i2, u4, i4, QAT_ACC32)
QAT_CONV2D_KERNEL(test_conv2d_u2_u2_u8_acc64, u2, u2, u8, QAT_ACC64)
QAT_DEPTHWISE_CONV2D_KERNEL(test_depthwise_u4_i2_u4, u4, i2, u4, QAT_ACC32)
QAT_DEPTHWISE_CONV2D_KERNEL(test_depthwise_i2_u4_i2, i2, u4, i2, QAT_ACC32)
QAT_FULLY_CONNECTED_KERNEL(test_fully_connected_u4_i4_i32, u4, i4, i32,
                           QAT_ACC32)
QAT_ADD_KERNEL(test_add_u4_i2_u2, u4, i2, u2)
QAT_ADD_KERNEL(test_add_i4_i4_i4, i4, i4, i4)
QAT_AVG_POOL2D_KERNEL(test_avg_pool2d_i4_i4, i4)
QAT_MAX_POOL2D_KERNEL(test_max_pool2d_u2_u2, u2)
QAT_REQUANTIZE_KERNEL(test_requantize_u8_i4, u8, i4)
QAT_REQUANTIZE_KERNEL(test_requantize_i2_u4, i2, u4)
