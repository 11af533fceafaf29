//===- Passes.h - the compilation of a training step ------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAININGSTEP_PASSES_H
#define QAT_TRAININGSTEP_PASSES_H

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::qat {

/// Registers `qat-step-pipeline`.
void registerStepPipelines();

#define GEN_PASS_DECL
#include "qat/TrainingStep/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "qat/TrainingStep/Passes.h.inc"

} // namespace mlir::qat

#endif // QAT_TRAININGSTEP_PASSES_H
