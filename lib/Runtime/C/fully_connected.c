//===- fully_connected.c - the fully connected kernels ------------*- C -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One kernel a line: a project carries only the lines that it needs.
//
//===----------------------------------------------------------------------===//

#include "fully_connected_body.h"

// clang-format off
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_u8_u8_u8, u8, u8, u8, QAT_ACC32)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_u8_u8_i8, u8, u8, i8, QAT_ACC32)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_u8_u8_i32, u8, u8, i32, QAT_ACC32)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_u8_i8_u8, u8, i8, u8, QAT_ACC32)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_u8_i8_i8, u8, i8, i8, QAT_ACC32)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_u8_i8_i32, u8, i8, i32, QAT_ACC32)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_i8_u8_u8, i8, u8, u8, QAT_ACC32)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_i8_u8_i8, i8, u8, i8, QAT_ACC32)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_i8_u8_i32, i8, u8, i32, QAT_ACC32)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_i8_i8_u8, i8, i8, u8, QAT_ACC32)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_i8_i8_i8, i8, i8, i8, QAT_ACC32)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_i8_i8_i32, i8, i8, i32, QAT_ACC32)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_u8_u8_u8_acc64, u8, u8, u8, QAT_ACC64)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_u8_u8_i8_acc64, u8, u8, i8, QAT_ACC64)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_u8_u8_i32_acc64, u8, u8, i32, QAT_ACC64)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_u8_i8_u8_acc64, u8, i8, u8, QAT_ACC64)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_u8_i8_i8_acc64, u8, i8, i8, QAT_ACC64)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_u8_i8_i32_acc64, u8, i8, i32, QAT_ACC64)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_i8_u8_u8_acc64, i8, u8, u8, QAT_ACC64)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_i8_u8_i8_acc64, i8, u8, i8, QAT_ACC64)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_i8_u8_i32_acc64, i8, u8, i32, QAT_ACC64)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_i8_i8_u8_acc64, i8, i8, u8, QAT_ACC64)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_i8_i8_i8_acc64, i8, i8, i8, QAT_ACC64)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_i8_i8_i32_acc64, i8, i8, i32, QAT_ACC64)
