//===- ChannelMoments.h - mean and variance of channels ---------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CALIBRATION_CHANNELMOMENTS_H
#define QAT_LIB_CALIBRATION_CHANNELMOMENTS_H

#include "DataRun.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Support/LLVM.h"

namespace mlir::qat {

/// On a weighted layer: the mean of each channel of what its activation reads,
/// in the float network, over the samples that the biases are corrected on.
inline constexpr StringLiteral kFloatMeanAttribute = "qat.float_mean";
/// The same of the variance.
inline constexpr StringLiteral kFloatVarianceAttribute = "qat.float_variance";

/// Over images and pixels, an element a channel.
struct ChannelMoments {
  std::vector<float> means, variances;
};

/// Mean and variance from sums over `count` elements a channel.
ChannelMoments makeMoments(ArrayRef<double> sums, ArrayRef<double> squares,
                           double count);

/// Sums of squares over all but the last dimension, in double in order.
std::vector<double> sumSquares(const NdArray &array);

/// Which tensor of a weighted layer is looked at: its input, or what its
/// activation reads (the result of its batch norm, if it has one).
enum class LayerTensor { Input, PreActivation };

/// The moments of a tensor of every weighted layer, in the float network that
/// `module` (form F or Q) stands for. The result does not depend on the
/// threads.
llvm::Expected<std::vector<ChannelMoments>>
getChannelMoments(ModuleOp module, LayerTensor which,
                  const DataOptions &options);

} // namespace mlir::qat

#endif // QAT_LIB_CALIBRATION_CHANNELMOMENTS_H
