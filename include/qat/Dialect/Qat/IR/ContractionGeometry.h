//===- ContractionGeometry.h - the sizes of a convolution -------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_IR_CONTRACTIONGEOMETRY_H
#define QAT_DIALECT_QAT_IR_CONTRACTIONGEOMETRY_H

#include <cstdint>

namespace mlir::qat {

/// The sizes of a 2-D convolution from `x` (batch x height x width x channels)
/// to `y` (batch x outHeight x outWidth x outChannels), the same for the
/// convolution itself and for its two gradients.
struct ContractionGeometry {
  int64_t batch = 1;
  int64_t height = 1, width = 1, channels = 1;
  int64_t outHeight = 1, outWidth = 1, outChannels = 1;
  int64_t kernelHeight = 1, kernelWidth = 1;
  int64_t padTop = 0, padBottom = 0, padLeft = 0, padRight = 0;
  int64_t strideHeight = 1, strideWidth = 1;
  int64_t dilationHeight = 1, dilationWidth = 1;
  /// Groups of channels. A depthwise convolution has as many as channels, with
  /// `outChannels / channels` outputs each.
  int64_t groups = 1;
  /// Whether the weights are HWCM, one filter a channel, instead of OHWI.
  bool depthwise = false;

  int64_t groupChannels() const { return channels / groups; }
  int64_t groupOutChannels() const { return outChannels / groups; }
  int64_t pixels() const { return height * width; }
  int64_t outPixels() const { return outHeight * outWidth; }
  int64_t inputSize() const { return batch * pixels() * channels; }
  int64_t outputSize() const { return batch * outPixels() * outChannels; }
  int64_t weightSize() const {
    return outChannels * kernelHeight * kernelWidth * groupChannels();
  }
  bool hasPads() const { return padTop || padBottom || padLeft || padRight; }
  /// Whether it is a matrix product of all pixels by the weights.
  bool isPointwise() const {
    return !depthwise && groups == 1 && kernelHeight == 1 && kernelWidth == 1 &&
           strideHeight == 1 && strideWidth == 1 && !hasPads();
  }
};

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_IR_CONTRACTIONGEOMETRY_H
