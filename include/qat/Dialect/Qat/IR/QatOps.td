//===- QatOps.td - every op of the dialect -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_OPS
#define QAT_OPS

include "qat/Dialect/Qat/IR/QatFloatOps.td"
include "qat/Dialect/Qat/IR/QatFusedOps.td"
include "qat/Dialect/Qat/IR/QatQuantizerOps.td"
include "qat/Dialect/Qat/IR/QatGradientOps.td"
include "qat/Dialect/Qat/IR/QatFrozenOps.td"
include "qat/Dialect/Qat/IR/QatStepOps.td"
include "qat/Dialect/Qat/IR/QatLossOps.td"
include "qat/Dialect/Qat/IR/QatOptimizerOps.td"
include "qat/Dialect/Qat/IR/QatDropoutOps.td"
include "qat/Dialect/Qat/IR/QatIntegerOps.td"
include "qat/Dialect/Qat/IR/QatImportedOps.td"
include "qat/Dialect/Qat/IR/QatKernelOps.td"
include "qat/Dialect/Qat/IR/QatHostOps.td"
include "qat/Dialect/Qat/IR/QatContractionOps.td"

#endif // QAT_OPS
