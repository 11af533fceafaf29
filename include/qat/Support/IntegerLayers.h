//===- IntegerLayers.h - the integer layers as plain loops -----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the integer layers compute (sections 5 to 7 of docs/Spec.md), with
// exact 64-bit accumulators and no thought of speed: the oracle that host
// execution and emitted C are tested against. Nothing else should call it.
//
// Tensors hold stored values, zero point included. Activations are NHWC, or NC
// in front of and behind a fully connected layer. Every function fails, and
// says which sizes, where shapes or list lengths do not fit together.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_INTEGERLAYERS_H
#define QAT_SUPPORT_INTEGERLAYERS_H

#include "qat/Support/AddRule.h"
#include "qat/Support/FixedPoint.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <limits>
#include <vector>

namespace mlir::qat {

/// A dense integer tensor, last dimension fastest.
struct IntegerTensor {
  llvm::SmallVector<int64_t, 4> shape;
  std::vector<int32_t> values;

  int64_t getNumElements() const;
};

/// How a window moves over height (first) and width (second). TOSA's output
/// size, but rows and columns that no window reaches may be left over.
struct Window {
  /// Pooling only; a convolution has its kernel in the weights' shape.
  int64_t kernel[2] = {1, 1};
  int64_t stride[2] = {1, 1};
  int64_t dilation[2] = {1, 1};
  /// Top, bottom, left, right.
  int64_t pads[4] = {0, 0, 0, 0};
};

/// The second half of a layer: accumulator to stored result.
struct Requantization {
  /// b_int, one a channel; empty for none.
  llvm::ArrayRef<int32_t> biases;
  /// One, or one a channel; empty where the sum is the result (logits).
  llvm::ArrayRef<Multiplier> multipliers;
  ScaleRounding rounding = ScaleRounding::Floor;
  /// In the place of biases and multipliers (folding_thresh): for each channel
  /// storageMax - storageMin thresholds as countPassed takes them; `falling`
  /// has one element a channel, or none where no channel falls.
  llvm::ArrayRef<int32_t> thresholds;
  llvm::ArrayRef<bool> falling;
  /// Z of the result and its storage range; the default is that of logits.
  int32_t zeroPoint = 0;
  int32_t storageMin = std::numeric_limits<int32_t>::min();
  int32_t storageMax = std::numeric_limits<int32_t>::max();
};

/// A layer's weights as stored.
struct LayerWeights {
  const IntegerTensor &tensor;
  /// One, or one an output channel.
  llvm::ArrayRef<int32_t> zeroPoints;
};

/// Convolution of NHWC `input` with OHWI weights; I is the input channels
/// divided by `groups`. Pads with the input's zero point.
llvm::Expected<IntegerTensor>
referenceConv2d(const IntegerTensor &input, int32_t inputZeroPoint,
                const LayerWeights &weights, const Window &window,
                int64_t groups, const Requantization &requantization);

/// Depthwise convolution with HWCM weights: output channel c*M + m reads input
/// channel c alone.
llvm::Expected<IntegerTensor>
referenceDepthwiseConv2d(const IntegerTensor &input, int32_t inputZeroPoint,
                         const LayerWeights &weights, const Window &window,
                         const Requantization &requantization);

/// NC `input` times OI weights.
llvm::Expected<IntegerTensor>
referenceFullyConnected(const IntegerTensor &input, int32_t inputZeroPoint,
                        const LayerWeights &weights,
                        const Requantization &requantization);

/// Elementwise add of tensors of one shape (section 7).
llvm::Expected<IntegerTensor>
referenceAdd(const IntegerTensor &input1, const Grid &grid1,
             const IntegerTensor &input2, const Grid &grid2, const Grid &result,
             const AddRule &rule);

/// One operand of a concat, moved onto the result's grid (section 7).
IntegerTensor referenceRescale(const IntegerTensor &input, const Grid &grid,
                               const Grid &result, const AddRule &rule);

/// Concatenation along the last dimension.
llvm::Expected<IntegerTensor>
referenceConcat(llvm::ArrayRef<IntegerTensor> inputs);

/// Average pool of NHWC `input` (section 7): elements in the pads are not
/// counted, the zero point is taken off before the average and put back after
/// it. Fails where a window has pads only.
llvm::Expected<IntegerTensor> referenceAvgPool2d(const IntegerTensor &input,
                                                 int32_t zeroPoint,
                                                 const Window &window,
                                                 Rounding rounding);

/// Max pool of NHWC `input`; elements in the pads are not looked at. Fails
/// where a window has pads only.
llvm::Expected<IntegerTensor> referenceMaxPool2d(const IntegerTensor &input,
                                                 const Window &window);

} // namespace mlir::qat

#endif // QAT_SUPPORT_INTEGERLAYERS_H
