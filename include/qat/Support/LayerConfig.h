//===- LayerConfig.h - what single layers are given ------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The per-layer configuration of section 8 of docs/Spec.md: a JSON list of
// objects {"layer": index or name, "w_bits", "a_bits", "quant_type",
// "fold_type"}. Whether the layers exist is for those to say who know them.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_LAYERCONFIG_H
#define QAT_SUPPORT_LAYERCONFIG_H

#include "qat/Support/WeightQuantizers.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>
#include <vector>

namespace mlir::qat {

/// One entry: what is not given stays as it is for all layers.
struct LayerOverride {
  /// The place among the layers with weights, from 0; none where the layer is
  /// given by name.
  std::optional<int64_t> index;
  std::string name;
  /// 2 to 8.
  std::optional<unsigned> weightBits, activationBits;
  std::optional<WeightScheme> scheme;
  std::optional<FoldType> foldType;

  /// Whether it says something that only a layer with weights has.
  bool concernsWeights() const { return weightBits || scheme || foldType; }
};

/// Reads a configuration. Fails, and names the entry, where the text is not a
/// list of such objects, a key is unknown, a value has another type or lies
/// outside its range, or two entries are for one layer.
llvm::Expected<std::vector<LayerOverride>>
parseLayerConfig(llvm::StringRef json);

/// The same as JSON on one line without spaces, as pass options take it.
std::string printLayerConfig(llvm::ArrayRef<LayerOverride> config);

/// How messages call entry number `place` (from 0): "entry 3 of the per-layer
/// configuration (layer 'conv1')".
std::string describeEntry(const LayerOverride &entry, size_t place);

} // namespace mlir::qat

#endif // QAT_SUPPORT_LAYERCONFIG_H
