//===- LayerSummaries.cpp - the bits of a network's layers ----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Training/LayerSummaries.h"

#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

static std::string kindOf(Operation *op) {
  return op->getName().stripDialect().str();
}

/// The op that computes with `weights`.
static std::string kindOfUser(Value weights) {
  return weights.use_empty() ? "" : kindOf(*weights.user_begin());
}

static int64_t countElements(Value value) {
  auto type = cast<ShapedType>(value.getType());
  return type.hasStaticShape() ? type.getNumElements() : 0;
}

std::vector<LayerSummary> mlir::qat::summarizeLayers(ModuleOp module) {
  std::vector<LayerSummary> layers;
  auto layerOf = [&](StringRef name) -> LayerSummary & {
    auto it = find_if(
        layers, [&](const LayerSummary &layer) { return layer.name == name; });
    if (it == layers.end()) {
      it = layers.emplace(it);
      it->name = name.str();
    }
    return *it;
  };
  module.walk([&](Operation *op) {
    std::string name = getLayerName(op);
    if (auto quantizer = dyn_cast<WeightQuantizerOpInterface>(op)) {
      LayerSummary &layer = layerOf(name);
      layer.kind = kindOfUser(op->getResult(0));
      layer.quantType = stringifyWeightScheme(quantizer.getScheme()).str();
      layer.weightBits = quantizer.getGridBits();
      layer.weightCount = countElements(quantizer.getQuantizedInput());
    } else if (auto quantizer = dyn_cast<ActivationQuantizerOpInterface>(op)) {
      LayerSummary &layer = layerOf(name);
      layer.activationBits = quantizer.getGridBits();
      Operation *source = quantizer.getQuantizedInput().getDefiningOp();
      if (layer.kind.empty())
        layer.kind = source ? kindOf(source) : "input";
    } else if (auto load = dyn_cast<ml_program::GlobalLoadOp>(op)) {
      // Weights that are not quantized; others meet their quantizer below.
      StringRef parameter = load.getGlobal().getLeafReference().getValue();
      if (!parameter.consume_back(".weight") || op->use_empty() ||
          isa<WeightQuantizerOpInterface>(*op->user_begin()))
        return;
      LayerSummary &layer = layerOf(parameter);
      layer.kind = kindOfUser(load.getResult());
      layer.weightCount = countElements(load.getResult());
    }
  });
  return layers;
}
