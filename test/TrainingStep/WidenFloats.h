//===- WidenFloats.h - a training step in double precision ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TEST_TRAININGSTEP_WIDENFLOATS_H
#define QAT_TEST_TRAININGSTEP_WIDENFLOATS_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::qat {

/// Lowers `module`, in form T, to linalg without library calls and makes every
/// f32 of it an f64: arguments, constants (whose values stay those of f32) and
/// arithmetic, so that gradients can be held against differences. Emits an
/// error and fails where the bits of an f32 are used as an integer.
LogicalResult widenFloats(ModuleOp module);

} // namespace mlir::qat

#endif // QAT_TEST_TRAININGSTEP_WIDENFLOATS_H
