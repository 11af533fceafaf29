//===- StepPipeline.h - from form T to the functions of its groups -*- C++
//-*-===//
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

/// From form T to linalg and contractions on tensors; without the library the
/// contractions are linalg too.
void buildStepTensorPipeline(OpPassManager &manager, bool useLibrary);

/// From there to a function for every group, still on tensors, and the table
/// of launches.
void buildStepGroupsPipeline(OpPassManager &manager);

/// From there to loops over buffers, a function a loop nest.
void buildStepBuffersPipeline(OpPassManager &manager, bool useLibrary);

/// From there to the LLVM dialect.
void buildStepLLVMPipeline(OpPassManager &manager);

} // namespace mlir::qat

#endif // QAT_LIB_TRAININGSTEP_STEPPIPELINE_H
