//===- concat.c - the kernels that copy operands of a concatenation *- C
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The compiler adds one line a kernel, for those that a project calls.
//
//===----------------------------------------------------------------------===//

#include "concat_body.h"
