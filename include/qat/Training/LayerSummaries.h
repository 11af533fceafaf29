//===- LayerSummaries.h - the bits of a network's layers --------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAINING_LAYERSUMMARIES_H
#define QAT_TRAINING_LAYERSUMMARIES_H

#include "qat/Training/Report.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::qat {

/// The layers of `module` (form F or Q) that have weights or a quantizer, in
/// order of execution, without their noise.
std::vector<LayerSummary> summarizeLayers(ModuleOp module);

} // namespace mlir::qat

#endif // QAT_TRAINING_LAYERSUMMARIES_H
