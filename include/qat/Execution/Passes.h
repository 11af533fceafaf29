//===- Passes.h - what the execution on the host needs of its own --*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_EXECUTION_PASSES_H
#define QAT_EXECUTION_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::qat {

#define GEN_PASS_DECL
#include "qat/Execution/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "qat/Execution/Passes.h.inc"

} // namespace mlir::qat

#endif // QAT_EXECUTION_PASSES_H
