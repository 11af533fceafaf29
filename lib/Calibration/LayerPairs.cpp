//===- LayerPairs.cpp - layers whose channels can be scaled ---------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerPairs.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"

#include "mlir/IR/Matchers.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::qat;

static int64_t getChannels(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape().back();
}

/// Whether `op` gives s times its result for s times its first operand, channel
/// by channel.
static bool scalesWithInput(Operation *op, int64_t channels) {
  if (isa<tosa::AvgPool2dOp, tosa::MaxPool2dOp>(op))
    return true;
  if (auto slice = dyn_cast<tosa::SliceOp>(op))
    return isUnreachedCrop(slice);
  // Row major: channel k of the result is channel k modulo `channels`.
  if (isa<tosa::ReshapeOp>(op)) {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    return type.getRank() > 0 && type.hasStaticShape() &&
           type.getShape().back() % channels == 0;
  }
  return false;
}

/// The weighted layer that alone reads `value`, if there is one.
static Operation *findReader(Value value) {
  int64_t channels = getChannels(value);
  while (value.hasOneUse()) {
    Operation *user = *value.user_begin();
    if (user->getOperand(0) != value)
      return nullptr;
    if (isWeightedLayer(user))
      return user;
    if (!scalesWithInput(user, channels))
      return nullptr;
    value = user->getResult(0);
  }
  return nullptr;
}

static bool isZero(Value value) {
  std::optional<std::vector<float>> values = getConstantFloats(value);
  return values && llvm::all_of(*values, [](float x) { return x == 0; });
}

/// Whether the channels behind the layer can be scaled by its own parameters.
static bool isScalable(Parameters &parameters, const LayerGroup &group) {
  if (BatchNormOp batchNorm = group.batchNorm)
    return parameters.isOwn(batchNorm.getGamma()) &&
           parameters.isOwn(batchNorm.getBeta());
  Value bias = getBiasOperand(group.layer).get();
  return parameters.isOwn(getWeightOperand(group.layer).get()) &&
         (isZero(bias) ||
          (parameters.isOwn(bias) &&
           getChannels(bias) == getChannels(group.layer->getResult(0))));
}

std::vector<LayerPair> qat::findPairs(Parameters &parameters,
                                      ArrayRef<ScaledLayer> layers) {
  DenseMap<Operation *, size_t> places;
  for (auto [place, layer] : llvm::enumerate(layers))
    places[layer.group.layer] = place;
  std::vector<LayerPair> pairs;
  for (auto [place, layer] : llvm::enumerate(layers)) {
    Operation *reader = findReader(layer.group.end);
    if (!reader || !places.contains(reader) ||
        !isScalable(parameters, layer.group) ||
        !parameters.isOwn(getWeightOperand(reader).get()))
      continue;
    LayerPair pair;
    pair.first = place;
    pair.second = places[reader];
    pair.scales.assign(layer.channels, 1.0);
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

/// Divides the elements of a vector of one element a channel.
static void divide(Parameters &parameters, Value vector,
                   ArrayRef<double> scales) {
  std::vector<float> values = *parameters.get(vector);
  for (auto [value, scale] : llvm::zip_equal(values, scales))
    value = static_cast<float>(value / scale);
  parameters.set(vector, values);
}

/// Multiplies each weight by `factor(index)`, indices channel outermost.
static void multiplyWeights(Parameters &parameters, const ScaledLayer &layer,
                            llvm::function_ref<double(int64_t index)> factor) {
  LayerWeights weights =
      *getLayerWeights(parameters, layer.group, /*folded=*/false);
  for (auto [index, value] : llvm::enumerate(weights.values))
    value = static_cast<float>(value * factor(index));
  parameters.set(
      getWeightOperand(layer.group.layer).get(),
      fromChannelMajor<float>(weights.values, weights.shape, weights.axes));
}

void qat::applyScales(Parameters &parameters, const ScaledLayer &first,
                      const ScaledLayer &second, ArrayRef<double> scales) {
  if (BatchNormOp batchNorm = first.group.batchNorm) {
    divide(parameters, batchNorm.getGamma(), scales);
    divide(parameters, batchNorm.getBeta(), scales);
  } else {
    multiplyWeights(parameters, first, [&](int64_t index) {
      return 1 / scales[index / first.elements];
    });
    Value bias = getBiasOperand(first.group.layer).get();
    if (!isZero(bias))
      divide(parameters, bias, scales);
  }
  multiplyWeights(parameters, second, [&](int64_t index) {
    return scales[getInputChannel(second.group.layer, index, scales.size())];
  });
}
