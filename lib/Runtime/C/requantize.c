//===- requantize.c - the kernels that change the grid ------------*- C -*-===//
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

#include "requantize_body.h"

// clang-format off
QAT_REQUANTIZE_KERNEL(qat_requantize_u8_u8, u8, u8)
QAT_REQUANTIZE_KERNEL(qat_requantize_u8_i8, u8, i8)
QAT_REQUANTIZE_KERNEL(qat_requantize_i8_u8, i8, u8)
QAT_REQUANTIZE_KERNEL(qat_requantize_i8_i8, i8, i8)
