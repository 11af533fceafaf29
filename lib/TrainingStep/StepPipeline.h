//===- StepPipeline.h - from form T to loops --------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TRAININGSTEP_STEPPIPELINE_H
#define QAT_LIB_TRAININGSTEP_STEPPIPELINE_H

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace mlir::qat {

/// From a module in form T to loops over buffers, a function a loop nest.
void buildStepLoopsPipeline(OpPassManager &manager);

} // namespace mlir::qat

#endif // QAT_LIB_TRAININGSTEP_STEPPIPELINE_H
