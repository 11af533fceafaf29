//===- PlainContraction.h - contractions as their formulas say --*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TEST_UNIT_TRAININGKERNELS_PLAINCONTRACTION_H
#define QAT_TEST_UNIT_TRAININGKERNELS_PLAINCONTRACTION_H

#include "qat/TrainingKernels/TrainingKernels.h"

#include <cmath>
#include <vector>

namespace mlir::qat {

/// The result in double, and the same sums over absolute values, by which its
/// error is measured.
template <typename T>
void computePlainContraction(const TrainingContraction &contraction, const T *a,
                             const T *b, std::vector<double> &sums,
                             std::vector<double> &magnitudes) {
  const ContractionGeometry &g = contraction.geometry;
  TrainingProduct product = contraction.product;
  sums.assign(product == TrainingProduct::Forward         ? g.outputSize()
              : product == TrainingProduct::InputGradient ? g.inputSize()
                                                          : g.weightSize(),
              0.0);
  magnitudes = sums;
  int64_t in = g.groupChannels(), out = g.groupOutChannels();
  for (int64_t n = 0; n < g.batch; ++n)
    for (int64_t oy = 0; oy < g.outHeight; ++oy)
      for (int64_t ox = 0; ox < g.outWidth; ++ox)
        for (int64_t ky = 0; ky < g.kernelHeight; ++ky)
          for (int64_t kx = 0; kx < g.kernelWidth; ++kx) {
            int64_t iy = oy * g.strideHeight + ky * g.dilationHeight - g.padTop;
            int64_t ix = ox * g.strideWidth + kx * g.dilationWidth - g.padLeft;
            if (iy < 0 || iy >= g.height || ix < 0 || ix >= g.width)
              continue;
            for (int64_t oc = 0; oc < g.outChannels; ++oc)
              for (int64_t i = 0; i < in; ++i) {
                int64_t c = oc / out * in + i;
                int64_t x =
                    ((n * g.height + iy) * g.width + ix) * g.channels + c;
                int64_t y =
                    ((n * g.outHeight + oy) * g.outWidth + ox) * g.outChannels +
                    oc;
                int64_t w = g.depthwise
                                ? (ky * g.kernelWidth + kx) * g.outChannels + oc
                                : ((oc * g.kernelHeight + ky) * g.kernelWidth +
                                   kx) * in +
                                      i;
                double term;
                int64_t target;
                if (product == TrainingProduct::Forward) {
                  term = double(a[x]) * b[w];
                  target = y;
                } else if (product == TrainingProduct::InputGradient) {
                  term = double(a[y]) * b[w];
                  target = x;
                } else {
                  term = double(a[x]) * b[y];
                  target = w;
                }
                sums[target] += term;
                magnitudes[target] += std::abs(term);
              }
          }
}

} // namespace mlir::qat

#endif // QAT_TEST_UNIT_TRAININGKERNELS_PLAINCONTRACTION_H
