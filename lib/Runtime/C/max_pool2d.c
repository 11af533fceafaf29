//===- max_pool2d.c - the maximum pooling kernels -----------------*- C -*-===//
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

#include "max_pool2d_body.h"

// clang-format off
QAT_MAX_POOL2D_KERNEL(qat_max_pool2d_u8_u8, u8)
QAT_MAX_POOL2D_KERNEL(qat_max_pool2d_i8_i8, i8)
