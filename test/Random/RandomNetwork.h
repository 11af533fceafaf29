//===- RandomNetwork.h - float networks of random shape --------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Small networks in form F with what real ones have: images that are not
// square, odd channel counts, kernels of any shape, strides, pads, dilations,
// groups, depthwise layers with multipliers, batch norms (with channels that
// are constant), branches that meet in adds and concats, pools, dense layers.
// And random options to quantize them with.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TEST_RANDOM_RANDOMNETWORK_H
#define QAT_TEST_RANDOM_RANDOMNETWORK_H

#include "qat/Dialect/Qat/Transforms/Passes.h"

#include <cstdint>
#include <string>

namespace mlir::qat {

struct RandomNetwork {
  /// The module in form F, as text.
  std::string text;
  /// How to quantize it: scheme, fold type, rounding, bits, bits of layers.
  QatInsertQuantizersOptions options;
};

/// The network of `seed`; the same on every machine.
RandomNetwork makeRandomNetwork(uint64_t seed);

} // namespace mlir::qat

#endif // QAT_TEST_RANDOM_RANDOMNETWORK_H
