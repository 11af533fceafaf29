//===- add.c - the addition kernels -------------------------------*- C -*-===//
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

#include "add_body.h"

// clang-format off
QAT_ADD_KERNEL(qat_add_u8_u8_u8, u8, u8, u8)
QAT_ADD_KERNEL(qat_add_u8_u8_i8, u8, u8, i8)
QAT_ADD_KERNEL(qat_add_u8_i8_u8, u8, i8, u8)
QAT_ADD_KERNEL(qat_add_u8_i8_i8, u8, i8, i8)
QAT_ADD_KERNEL(qat_add_i8_u8_u8, i8, u8, u8)
QAT_ADD_KERNEL(qat_add_i8_u8_i8, i8, u8, i8)
QAT_ADD_KERNEL(qat_add_i8_i8_u8, i8, i8, u8)
QAT_ADD_KERNEL(qat_add_i8_i8_i8, i8, i8, i8)
