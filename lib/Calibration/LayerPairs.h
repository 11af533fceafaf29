//===- LayerPairs.h - layers whose channels can be scaled -------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A weighted layer whose result, through its activation and whatever scales
// with its input (pools, padding with zero, reshapes), only another weighted
// layer reads: a channel may be divided by a positive number behind the first
// and multiplied by it in the weights of the second.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CALIBRATION_LAYERPAIRS_H
#define QAT_LIB_CALIBRATION_LAYERPAIRS_H

#include "WeightedLayers.h"

namespace mlir::qat {

/// A layer with its weights, batch norm multiplied in, as scaling changes them.
struct ScaledLayer {
  LayerGroup group;
  int64_t channels = 0;
  /// Elements an output channel.
  int64_t elements = 0;
  /// Channel outermost.
  std::vector<float> weights;
};

struct LayerPair {
  /// Places in the list of layers.
  size_t first, second;
  /// What the channels were divided by behind `first`, in all.
  std::vector<double> scales;
  /// The range that a channel's scale must stay in.
  std::vector<double> least, greatest;
  /// How far the data drives each channel behind `first`, as a share of the
  /// channel that goes furthest; empty without data.
  std::vector<double> reach;
};

/// The pairs of `layers`, in order. Layers whose parameters cannot be changed
/// for them alone are in none.
std::vector<LayerPair> findPairs(Parameters &parameters,
                                 ArrayRef<ScaledLayer> layers);

/// Divides the channels behind `first` by the scales and multiplies the weights
/// of `second` with them, in the parameters.
void applyScales(Parameters &parameters, const ScaledLayer &first,
                 const ScaledLayer &second, ArrayRef<double> scales);

} // namespace mlir::qat

#endif // QAT_LIB_CALIBRATION_LAYERPAIRS_H
