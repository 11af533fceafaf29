/*===- ImportedKernels.h - kernels of imported networks, tested ----*- C
-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===*/

#ifndef QAT_TEST_IMPORTEDKERNELS_H
#define QAT_TEST_IMPORTEDKERNELS_H

#include "fully_connected.h"
#include "rescaled_add.h"
#include "table.h"
#include "table_softmax.h"

#ifdef __cplusplus
extern "C" {
#endif
QAT_FULLY_CONNECTED_DECLARE(qat_fully_connected_i8_i8_i8_single_round, int8_t,
                            int8_t);
QAT_FULLY_CONNECTED_DECLARE(qat_fully_connected_i8_i8_i8_double_round, int8_t,
                            int8_t);
QAT_FULLY_CONNECTED_DECLARE(qat_fully_connected_i8_i8_i8_acc64_single_round,
                            int8_t, int8_t);
QAT_FULLY_CONNECTED_DECLARE(qat_fully_connected_i8_i8_i8_acc64_double_round,
                            int8_t, int8_t);
QAT_RESCALED_ADD_DECLARE(qat_rescaled_add_i8_i8_i8, int8_t, int8_t, int8_t);
QAT_TABLE_DECLARE(qat_table_i8_i8, int8_t, int8_t);
QAT_TABLE_SOFTMAX_DECLARE(qat_table_softmax_i8_i8, int8_t, int8_t);
#ifdef __cplusplus
}
#endif

#endif /* QAT_TEST_IMPORTEDKERNELS_H */
