//===- WeightedLayers.h - the layers that repairs work on -------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CALIBRATION_WEIGHTEDLAYERS_H
#define QAT_LIB_CALIBRATION_WEIGHTEDLAYERS_H

#include "../Dialect/Qat/Transforms/LayerGroup.h"
#include "DataRun.h"
#include "Parameters.h"

namespace mlir::qat {

/// The weights of a layer as they are quantized: channel outermost, with the
/// batch norm's factor where it is folded into them.
struct LayerWeights {
  SmallVector<int64_t> shape, axes;
  int64_t channels = 0;
  /// As the parameter has them, channel outermost.
  std::vector<float> values;
  /// A factor a channel; all 1 where no batch norm goes into the weights.
  std::vector<float> gains;

  /// values times gains: the tensor t of docs/Spec.md, section 3.
  std::vector<float> getQuantized() const;
};

/// The layers of `function` that have weights, in its order.
SmallVector<Operation *> getWeightedLayers(func::FuncOp function);

/// The tensor of a weighted layer that its activation reads: the result of the
/// layer or of its batch norm. Channels are its last dimension.
Value getPreActivation(const LayerGroup &group);

/// The factors of the batch norm of `group`, one a channel; 1 without one. None
/// where its parameters are not numbers.
std::optional<std::vector<float>>
getGains(Parameters &parameters, const LayerGroup &group, int64_t channels);

/// The weights of the layer; `folded` multiplies the batch norm in. An error on
/// the layer where they are computed and not a parameter.
FailureOr<LayerWeights> getLayerWeights(Parameters &parameters,
                                        const LayerGroup &group, bool folded);

/// The input channel, of `inputs`, that element `index` (channel outermost) of
/// the weights of `layer` is multiplied with. A layer behind a flattened image
/// has a multiple of the image's channels.
int64_t getInputChannel(Operation *layer, int64_t index, int64_t inputs);

/// Makes `values` what `function` returns.
void returnOnly(func::FuncOp function, ValueRange values);

/// Sums over all but the last dimension, in double in order.
std::vector<double> sumChannels(const NdArray &array);

/// The function @main of one block, or an error on `module` that names `pass`.
FailureOr<func::FuncOp> getNetwork(ModuleOp module, StringRef pass);

} // namespace mlir::qat

#endif // QAT_LIB_CALIBRATION_WEIGHTEDLAYERS_H
