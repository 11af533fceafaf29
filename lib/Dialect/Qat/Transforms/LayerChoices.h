//===- LayerChoices.h - what each layer is quantized to --------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DIALECT_QAT_TRANSFORMS_LAYERCHOICES_H
#define QAT_LIB_DIALECT_QAT_TRANSFORMS_LAYERCHOICES_H

#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Support/LayerConfig.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::qat {

/// What a layer is given.
struct LayerChoice {
  WeightScheme scheme;
  FoldType foldType;
  RoundingMode rounding;
  ActivationType activationType;
  unsigned weightBits, activationBits;
};

/// What all layers are given, and single ones instead.
struct LayerChoices {
  /// Of every layer that has no entry in `config`.
  LayerChoice common;
  /// Whether the fold type was given, or is the default of the scheme.
  bool isFoldTypeGiven = false;
  std::vector<LayerOverride> config;

  /// The entry for the layer `name`, which `op` begins, or null; layers are
  /// visited in order, each once. Emits an error where it asks for what such a
  /// layer cannot have.
  FailureOr<const LayerOverride *> findEntry(Operation *op, StringRef name);

  /// The choice for the layer: what is common, what qat-assign-precision left
  /// on it (which is taken off), its entry. Instead of findEntry. Emits an
  /// error where these do not go together.
  FailureOr<LayerChoice> choose(Operation *op, StringRef name);

  /// Emits an error where an entry was for no layer that was visited.
  LogicalResult checkAllUsed(func::FuncOp function) const;

private:
  /// Which entries were for a layer.
  DenseSet<size_t> used;
  /// How messages call the entry that was found last.
  std::string entryName;
  /// How many layers with weights were visited.
  int64_t weightedLayers = 0;
};

/// The options of qat-insert-quantizers, checked; an error on `module` where
/// they mean nothing.
FailureOr<LayerChoices>
getLayerChoices(ModuleOp module, const QatInsertQuantizersOptions &options);

} // namespace mlir::qat

#endif // QAT_LIB_DIALECT_QAT_TRANSFORMS_LAYERCHOICES_H
