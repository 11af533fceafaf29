//===- Pipelines.h - the orders of passes ----------------------------*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_PIPELINES_PIPELINES_H
#define QAT_PIPELINES_PIPELINES_H

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace mlir::qat {

/// From form Q to form I: binds the parameters, folds the batch norms, freezes
/// the ranges and proves the accumulators. `biasBits` is that of
/// qat-freeze-ranges: 0 leaves it to the module. Named `qat-integer-pipeline`.
void buildIntegerPipeline(OpPassManager &manager, unsigned biasBits = 0);

/// From form Q to the fake-quantized graph of the frozen network: the same with
/// qat-freeze-fake-quantization in the place of freezing the ranges. Named
/// `qat-fake-pipeline`.
void buildFakePipeline(OpPassManager &manager, unsigned biasBits = 0);

/// From TOSA as converters write it to form F, or to form I where `isInteger`
/// says that its tensors are 8-bit integers. Named `qat-import-tosa-pipeline`,
/// with the option `integer`.
void buildTosaImportPipeline(OpPassManager &manager, bool isInteger);

/// Registers the named pipelines of this file.
void registerPipelines();

} // namespace mlir::qat

#endif // QAT_PIPELINES_PIPELINES_H
