/*===- ImportedKernels.c - kernels of imported networks, tested ----*- C
-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===*/

#include "ImportedKernels.h"

#include "fully_connected_body.h"
#include "rescaled_add_body.h"
#include "table_body.h"
#include "table_softmax_body.h"

// clang-format off
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_i8_i8_i8_single_round, i8, i8, i8, QAT_ACC32 | QAT_SINGLE_ROUND)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_i8_i8_i8_double_round, i8, i8, i8, QAT_ACC32 | QAT_DOUBLE_ROUND)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_i8_i8_i8_acc64_single_round, i8, i8, i8, QAT_ACC64 | QAT_SINGLE_ROUND)
QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_i8_i8_i8_acc64_double_round, i8, i8, i8, QAT_ACC64 | QAT_DOUBLE_ROUND)
QAT_RESCALED_ADD_KERNEL(qat_rescaled_add_i8_i8_i8, i8, i8, i8)
QAT_TABLE_KERNEL(qat_table_i8_i8, i8, i8)
QAT_TABLE_SOFTMAX_KERNEL(qat_table_softmax_i8_i8, i8, i8)
