//===- Zoo.h - networks to train from scratch -------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_ZOO_ZOO_H
#define QAT_ZOO_ZOO_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <array>
#include <cstdint>
#include <optional>

namespace mlir {
class MLIRContext;
} // namespace mlir

namespace mlir::qat {

/// Which network, and in what size.
struct ZooOptions {
  /// One of getZooNetworks().
  llvm::StringRef network;
  /// The width multiplier of the MobileNets, 1/32 to 8; the others have none.
  std::optional<double> width;
  /// Height and width of the input in pixels (of ds_cnn: frames and
  /// coefficients), 1 to 4096; without it, that of the publication.
  std::optional<std::array<int64_t, 2>> input;
  /// Outputs, 1 to 1,000,000; without it, those of the publication.
  std::optional<int64_t> classes;
  /// Of the random weights. A weight depends on the seed, its parameter's name
  /// and its place alone, and is the same on every machine.
  uint64_t seed = 0;
};

/// The names of the networks.
llvm::ArrayRef<llvm::StringRef> getZooNetworks();

/// Whether a network of this name has a width multiplier.
bool hasWidthMultiplier(llvm::StringRef network);

/// A fresh network in form F as `qat import` writes one, batch 1, logits as its
/// output:
///
/// * mobilenet_v1: arXiv 1704.04861; a layer of c channels has
///   int(width * c), strides pad as TensorFlow's SAME does, activations are
///   ReLU6.
/// * mobilenet_v2: arXiv 1801.04381; channels are rounded to multiples of 8,
///   never down by more than a tenth.
/// * resnet8, ds_cnn: those of MLPerf Tiny, with its layers' names.
///
/// Batch norms have epsilon 1e-3 and start as the identity but for it: gamma
/// 1, beta 0, mean 0, variance 1. Weights are uniform in +-sqrt(6/n) with n
/// inputs to a sum (He, arXiv 1502.01852), those and the biases of the
/// classifier in +-sqrt(1/n) as PyTorch's linear layers start; the other biases
/// are 0. Pictures are put in [-1, 1], after the reference's resize and centre
/// crop where the input is a square of 64 pixels or more; `ds_cnn` takes what
/// it is given.
///
/// Fails with one line for options that no network has.
llvm::Expected<OwningOpRef<ModuleOp>>
buildZooNetwork(MLIRContext *context, const ZooOptions &options);

} // namespace mlir::qat

#endif // QAT_ZOO_ZOO_H
