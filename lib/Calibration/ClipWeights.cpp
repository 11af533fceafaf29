//===- ClipWeights.cpp - qat-clip-weights ---------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ChannelMoments.h"
#include "WeightedLayers.h"

#include "qat/Calibration/BoundSearch.h"
#include "qat/Calibration/Passes.h"
#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/Transforms/GivenParameters.h"
#include "qat/Support/WeightQuantizers.h"

#include "mlir/IR/Threading.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace mlir::qat {
#define GEN_PASS_DEF_QATCLIPWEIGHTS
#include "qat/Calibration/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
/// Squared sums of a layer's weights: the signal, and what quantization adds to
/// it before and after.
struct Effect {
  double signal = 0, before = 0, after = 0;

  void include(const Effect &other) {
    signal += other.signal;
    before += other.before;
    after += other.after;
  }
  std::string describe() const {
    auto ratio = [&](double noise) {
      return noise > 0 ? 10 * std::log10(signal / noise) : 999.0;
    };
    return llvm::formatv("{0:F1} -> {1:F1} dB", ratio(before), ratio(after));
  }
};

struct ClipWeights : qat::impl::QatClipWeightsBase<ClipWeights> {
  using QatClipWeightsBase::QatClipWeightsBase;

  FailureOr<Effect> clip(Parameters &parameters, const LayerGroup &group,
                         WeightQuantizerOpInterface quantizer,
                         ArrayRef<float> inputVariances);
  void runOnOperation() override;
};
} // namespace

static bool foldsIntoWeights(const LayerGroup &group) {
  auto fold = group.layer->getAttrOfType<BatchNormFoldAttr>(kFoldTypeAttribute);
  return group.batchNorm && fold &&
         fold.getValue() == BatchNormFold::FoldingWeights;
}

/// Clamps the weights of one channel so that weight times gain is in `bounds`
/// (not at all where there are none), then multiplies them by `factor`.
static void clampChannel(MutableArrayRef<float> values, float gain,
                         std::optional<BoundPair> bounds, double factor) {
  if (gain == 0 || !std::isfinite(gain))
    return;
  for (float &value : values) {
    if (bounds) {
      float lo = bounds->lo / gain, hi = bounds->hi / gain;
      value = std::clamp(value, std::min(lo, hi), std::max(lo, hi));
    }
    value = static_cast<float>(value * factor);
  }
}

/// The factor that makes clipped weights as long, along `t`, as `t` itself:
/// clipping shortens them, and over many layers the signal would fade.
static double getLostLength(ArrayRef<float> t, ArrayRef<float> importance,
                            unsigned bits, WeightScheme scheme,
                            BoundPair bounds) {
  std::vector<float> clamped;
  for (float value : t)
    clamped.push_back(std::clamp(value, bounds.lo, bounds.hi));
  std::vector<float> fake =
      quantizeWeights(clamped, 1, bits,
                      isSymmetric(scheme) ? WeightScheme::PerLayerSymPACT
                                          : WeightScheme::PerLayerAsymMinMax,
                      WeightBounds{bounds.lo, bounds.hi})
          .getFake();
  double length = 0, kept = 0;
  for (auto [index, value] : llvm::enumerate(t)) {
    double weight = importance.empty() ? 1 : importance[index];
    length += weight * value * value;
    kept += weight * value * fake[index];
  }
  return kept > 0 ? length / kept : 1;
}

FailureOr<Effect> ClipWeights::clip(Parameters &parameters,
                                    const LayerGroup &group,
                                    WeightQuantizerOpInterface quantizer,
                                    ArrayRef<float> inputVariances) {
  FailureOr<LayerWeights> weights =
      getLayerWeights(parameters, group, foldsIntoWeights(group));
  if (failed(weights))
    return failure();
  WeightScheme scheme = quantizer.getScheme();
  unsigned bits = quantizer.getGridBits();
  bool symmetric = isSymmetric(scheme);
  std::vector<float> t = weights->getQuantized();
  for (float value : t)
    if (!std::isfinite(value))
      return group.layer->emitError("has a weight that is not a finite number");

  // One range for all channels, or one for each.
  size_t runs = isPerChannel(scheme) ? weights->channels : 1;
  size_t size = t.size() / runs;
  std::vector<BoundPair> bounds(runs);
  std::vector<Effect> effects(runs);
  std::vector<double> factors(runs);
  std::optional<BoundPair> given;
  if (hasBounds(scheme)) {
    SmallVector<Value> operands = quantizer.getBounds();
    auto hi = parameters.get(operands.back());
    auto lo = parameters.get(operands.front());
    if (!hi || !lo)
      return quantizer.emitError("expects bounds that are parameters");
    given = BoundPair{std::min(lo->front(), 0.0f), std::max(hi->front(), 0.0f)};
  }
  // An error counts by how much the input that it is multiplied with varies.
  std::vector<float> importance;
  if (!inputVariances.empty())
    for (size_t index = 0; index < t.size(); ++index)
      importance.push_back(inputVariances[getInputChannel(
          group.layer, index, inputVariances.size())]);
  parallelFor(&getContext(), 0, runs, [&](size_t run) {
    ArrayRef<float> part = ArrayRef<float>(t).slice(run * size, size);
    ArrayRef<float> weight;
    if (!importance.empty())
      weight = ArrayRef<float>(importance).slice(run * size, size);
    constexpr float kMost = std::numeric_limits<float>::max();
    bounds[run] = findWeightBounds(part, weight, bits, symmetric);
    for (auto [index, value] : llvm::enumerate(part))
      effects[run].signal += static_cast<double>(value) * value *
                             (weight.empty() ? 1 : weight[index]);
    effects[run].before =
        getWeightError(part, weight, given.value_or(BoundPair{-kMost, kMost}),
                       bits, symmetric);
    effects[run].after =
        getWeightError(part, weight, bounds[run], bits, symmetric);
    factors[run] = getLostLength(part, weight, bits, scheme, bounds[run]);
  });

  Effect effect;
  for (const Effect &part : effects)
    effect.include(part);
  if (!(effect.after < effect.before)) {
    effect.after = effect.before;
    return effect;
  }
  if (given) {
    SmallVector<Value> operands = quantizer.getBounds();
    auto factor = static_cast<float>(factors[0]);
    parameters.set(operands.front(),
                   (symmetric ? bounds[0].hi : bounds[0].lo) * factor);
    parameters.set(operands.back(), bounds[0].hi * factor);
  }
  size_t elements = t.size() / weights->channels;
  for (int64_t c = 0; c < weights->channels; ++c) {
    size_t run = runs == 1 ? 0 : c;
    clampChannel(
        MutableArrayRef<float>(weights->values).slice(c * elements, elements),
        weights->gains[c], given ? std::nullopt : std::optional(bounds[run]),
        factors[run]);
  }
  parameters.set(
      quantizer.getQuantizedInput(),
      fromChannelMajor<float>(weights->values, weights->shape, weights->axes));
  return effect;
}

void ClipWeights::runOnOperation() {
  FailureOr<func::FuncOp> network =
      getNetwork(getOperation(), "qat-clip-weights");
  if (failed(network))
    return signalPassFailure();
  Parameters parameters(getOperation());
  Effect total;
  unsigned layers = 0, clipped = 0, shared = 0;
  SmallVector<std::pair<Location, std::string>> lines;
  SmallVector<Operation *> weighted = getWeightedLayers(*network);
  std::vector<ChannelMoments> inputs(weighted.size());
  if (!path.empty()) {
    llvm::Expected<std::vector<ChannelMoments>> moments = getChannelMoments(
        getOperation(), LayerTensor::Input, {dataset, path, images, threads});
    if (!moments) {
      getOperation().emitError("cannot run the float network: ")
          << llvm::toString(moments.takeError());
      return signalPassFailure();
    }
    inputs = std::move(*moments);
  }
  for (auto [layer, input] : llvm::zip_equal(weighted, inputs)) {
    auto quantizer = getWeightOperand(layer)
                         .get()
                         .getDefiningOp<WeightQuantizerOpInterface>();
    if (!quantizer)
      continue;
    ++layers;
    Value weight = quantizer.getQuantizedInput();
    bool own = parameters.isOwn(weight);
    for (Value bound : quantizer.getBounds())
      own &= parameters.isOwn(bound);
    if (llvm::any_of(quantizer.getBounds(), isGiven)) {
      lines.emplace_back(layer->getLoc(),
                         "weights left alone: their bounds are given");
      continue;
    }
    if (!own) {
      ++shared;
      lines.emplace_back(layer->getLoc(),
                         "weights left alone: another layer shares them");
      continue;
    }
    FailureOr<Effect> effect =
        clip(parameters, LayerGroup::get(layer), quantizer, input.variances);
    if (failed(effect))
      return signalPassFailure();
    clipped += effect->after < effect->before;
    total.include(*effect);
    lines.emplace_back(layer->getLoc(),
                       "signal to noise of the weights " + effect->describe());
  }
  InFlightDiagnostic summary = emitRemark(UnknownLoc::get(&getContext()));
  summary << "clipped the weights of " << clipped << " of " << layers
          << " layers: signal to noise " << total.describe();
  if (shared)
    summary << "; " << shared << " share theirs and were left alone";
  for (auto &[location, text] : lines)
    summary.attachNote(location) << text;
}
