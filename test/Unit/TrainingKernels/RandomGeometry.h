//===- RandomGeometry.h - sizes of random convolutions ----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TEST_UNIT_TRAININGKERNELS_RANDOMGEOMETRY_H
#define QAT_TEST_UNIT_TRAININGKERNELS_RANDOMGEOMETRY_H

#include "qat/TrainingKernels/TrainingKernels.h"

#include <algorithm>
#include <random>
#include <string>

namespace mlir::qat {

/// Draws sizes that belong together, the same ones for a seed.
struct RandomGeometry {
  std::mt19937 engine{7};
  int64_t operator()(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine);
  }

  ContractionGeometry draw() { return draw((*this)(0, 3) == 0); }

  /// With one output channel an input channel.
  ContractionGeometry drawDepthwise() {
    ContractionGeometry g;
    do
      g = draw(true);
    while (g.channels != g.outChannels);
    return g;
  }

private:
  ContractionGeometry draw(bool depthwise) {
    auto &self = *this;
    ContractionGeometry g;
    g.batch = self(1, 3);
    g.depthwise = depthwise;
    g.groups = g.depthwise ? self(1, 40) : self(0, 3) == 0 ? self(2, 4) : 1;
    int64_t in = g.depthwise ? 1 : self(1, 20);
    int64_t out = g.depthwise ? self(0, 2) == 0 ? 2 : 1 : self(1, 20);
    g.channels = g.groups * in;
    g.outChannels = g.groups * out;
    bool pointwise = !g.depthwise && self(0, 2) == 0;
    if (!pointwise) {
      g.kernelHeight = self(1, 4);
      g.kernelWidth = self(1, 4);
      g.strideHeight = self(1, 3);
      g.strideWidth = self(1, 3);
      if (self(0, 3) == 0)
        g.dilationHeight = g.dilationWidth = 2;
      g.padTop = self(0, g.kernelHeight - 1);
      g.padBottom = self(0, g.kernelHeight - 1);
      g.padLeft = self(0, g.kernelWidth - 1);
      g.padRight = self(0, g.kernelWidth - 1);
    }
    int64_t reachHeight = (g.kernelHeight - 1) * g.dilationHeight + 1;
    int64_t reachWidth = (g.kernelWidth - 1) * g.dilationWidth + 1;
    g.height =
        std::max<int64_t>(1, reachHeight - g.padTop - g.padBottom) + self(0, 9);
    g.width =
        std::max<int64_t>(1, reachWidth - g.padLeft - g.padRight) + self(0, 9);
    g.outHeight =
        (g.height + g.padTop + g.padBottom - reachHeight) / g.strideHeight + 1;
    g.outWidth =
        (g.width + g.padLeft + g.padRight - reachWidth) / g.strideWidth + 1;
    return g;
  }
};

/// The words, for messages.
inline std::string show(const TrainingContraction &contraction) {
  std::string text;
  for (int64_t word : contraction.getWords())
    text += std::to_string(word) + " ";
  return text;
}

} // namespace mlir::qat

#endif // QAT_TEST_UNIT_TRAININGKERNELS_RANDOMGEOMETRY_H
