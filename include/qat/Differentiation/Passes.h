//===- Passes.h - passes that make a training step --------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIFFERENTIATION_PASSES_H
#define QAT_DIFFERENTIATION_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Pass/Pass.h"

#include "qat/Dialect/Qat/IR/Qat.h"

namespace mlir::qat {

#define GEN_PASS_DECL
#include "qat/Differentiation/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "qat/Differentiation/Passes.h.inc"

} // namespace mlir::qat

#endif // QAT_DIFFERENTIATION_PASSES_H
