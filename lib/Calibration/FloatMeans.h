//===- FloatMeans.h - what the float network gives on average -------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CALIBRATION_FLOATMEANS_H
#define QAT_LIB_CALIBRATION_FLOATMEANS_H

#include "DataRun.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::qat {

/// On a weighted layer: the mean of each channel of what its activation reads,
/// in the float network, over the samples that the biases are corrected on.
inline constexpr StringLiteral kFloatMeanAttribute = "qat.float_mean";

/// The mean over images and pixels of each channel of the pre-activations of
/// the float network that `module` stands for, a vector a weighted layer.
llvm::Expected<std::vector<std::vector<float>>>
getFloatMeans(ModuleOp module, const DataOptions &options);

} // namespace mlir::qat

#endif // QAT_LIB_CALIBRATION_FLOATMEANS_H
