//===- EqualizeLayers.cpp - qat-equalize-layers ---------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Cross-layer equalization after Nagel et al., "Data-Free Quantization through
// Weight Equalization and Bias Correction" (2019), section 4.1, with bounded
// activations kept where the data shows that they allow it.
//
//===----------------------------------------------------------------------===//

#include "LayerPairs.h"

#include "qat/Calibration/Passes.h"
#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <mutex>

namespace mlir::qat {
#define GEN_PASS_DEF_QATEQUALIZELAYERS
#include "qat/Calibration/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
/// No channel is scaled by more than this or its inverse: a channel that is all
/// but dead would blow up its bias, and with it the range of the tensor.
constexpr double kMostScale = 32;

/// Headroom above the greatest value that was seen behind a bounded activation.
constexpr double kHeadroom = 1.25;

struct EqualizeLayers : qat::impl::QatEqualizeLayersBase<EqualizeLayers> {
  using QatEqualizeLayersBase::QatEqualizeLayersBase;

  FailureOr<std::vector<ScaledLayer>> getLayers(Parameters &parameters,
                                                func::FuncOp network);
  llvm::Error setLimits(func::FuncOp network, ArrayRef<ScaledLayer> layers,
                        std::vector<LayerPair> &pairs);
  void equalize(std::vector<ScaledLayer> &layers, LayerPair &pair);
  void runOnOperation() override;

  DataOptions getData() { return {dataset, path, images, threads}; }
  /// Bounded activations, and of these channels those whose scale is free.
  unsigned bounded = 0, untouched = 0, boundedChannels = 0, freeChannels = 0;
};
} // namespace

static double getUpperBound(tosa::ClampOp relu) {
  return cast<FloatAttr>(relu.getMaxVal()).getValueAsDouble();
}

static bool isBounded(const LayerGroup &group) {
  tosa::ClampOp relu = group.relu;
  return relu && getUpperBound(relu) < std::numeric_limits<float>::max();
}

FailureOr<std::vector<ScaledLayer>>
EqualizeLayers::getLayers(Parameters &parameters, func::FuncOp network) {
  std::vector<ScaledLayer> layers;
  for (Operation *op : getWeightedLayers(network)) {
    ScaledLayer layer;
    layer.group = LayerGroup::get(op);
    FailureOr<LayerWeights> weights =
        getLayerWeights(parameters, layer.group, /*folded=*/true);
    if (failed(weights))
      return failure();
    layer.channels = weights->channels;
    layer.weights = weights->getQuantized();
    layer.elements = layer.weights.size() / layer.channels;
    layers.push_back(std::move(layer));
  }
  return layers;
}

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

/// Compiles `module` with `observed`, values of its @main, as results.
static llvm::Expected<std::unique_ptr<CompiledNetwork>>
compileObserved(ModuleOp module,
                llvm::function_ref<SmallVector<Value>(func::FuncOp)> observed) {
  OwningOpRef<ModuleOp> clone = module.clone();
  auto function = clone->lookupSymbol<func::FuncOp>("main");
  returnOnly(function, observed(function));
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  manager.addPass(createQatBindParameters());
  if (failed(manager.run(*clone)))
    return llvm::createStringError("the float network cannot be prepared");
  return CompiledNetwork::compile(*clone);
}

/// The greatest value of each channel of the pre-activations of all layers.
static llvm::Expected<std::vector<std::vector<float>>>
getGreatest(ModuleOp module, const DataOptions &options) {
  llvm::Expected<std::unique_ptr<CompiledNetwork>> network =
      compileObserved(module, [](func::FuncOp function) {
        SmallVector<Value> values;
        for (Operation *layer : getWeightedLayers(function))
          values.push_back(getPreActivation(LayerGroup::get(layer)));
        return values;
      });
  if (!network)
    return network.takeError();
  std::vector<std::vector<float>> greatest;
  for (const TensorInfo &info : (*network)->outputs())
    greatest.emplace_back(info.shape.back(),
                          -std::numeric_limits<float>::infinity());
  std::mutex mutex;
  llvm::Error error = forEachInput(
      module, (*network)->inputs(), options,
      [&](RunInput input) -> llvm::Error {
        std::vector<NdArray> outputs(greatest.size());
        const NdArray *inputs[] = {&input.real};
        if (llvm::Error error = (*network)->run(inputs, outputs))
          return error;
        std::lock_guard<std::mutex> lock(mutex);
        for (auto [channels, output] : llvm::zip_equal(greatest, outputs))
          for (auto [index, value] : llvm::enumerate(output.data<float>())) {
            float &most = channels[index % channels.size()];
            most = std::max(most, value);
          }
        return llvm::Error::success();
      });
  if (error)
    return error;
  return greatest;
}

/// How far the outputs of two networks are apart on the data, and how large
/// those of the first are.
static llvm::Expected<std::pair<double, double>>
compareOutputs(const CompiledNetwork &one, const CompiledNetwork &other,
               ModuleOp module, const DataOptions &options) {
  double difference = 0, size = 0;
  std::mutex mutex;
  llvm::Error error = forEachInput(
      module, one.inputs(), options, [&](RunInput input) -> llvm::Error {
        std::vector<NdArray> lhs(one.outputs().size()), rhs(lhs.size());
        const NdArray *inputs[] = {&input.real};
        if (llvm::Error error = one.run(inputs, lhs))
          return error;
        if (llvm::Error error = other.run(inputs, rhs))
          return error;
        std::lock_guard<std::mutex> lock(mutex);
        for (auto [a, b] : llvm::zip_equal(lhs, rhs))
          for (auto [x, y] :
               llvm::zip_equal(a.data<float>(), b.data<float>())) {
            difference = std::max<double>(difference, std::abs(x - y));
            size = std::max<double>(size, std::abs(x));
          }
        return llvm::Error::success();
      });
  if (error)
    return error;
  return std::pair(difference, size);
}

/// The range of each channel's scale. Behind a bounded activation a channel
/// that reaches the bound keeps its scale, and another one may grow as far as
/// the bound: then the clamp changes nothing that it did not change before.
llvm::Error EqualizeLayers::setLimits(func::FuncOp network,
                                      ArrayRef<ScaledLayer> layers,
                                      std::vector<LayerPair> &pairs) {
  std::vector<std::vector<float>> greatest;
  if (!path.empty()) {
    llvm::Expected<std::vector<std::vector<float>>> seen =
        getGreatest(getOperation(), getData());
    if (!seen)
      return seen.takeError();
    greatest = std::move(*seen);
  }
  for (LayerPair &pair : pairs) {
    size_t channels = pair.scales.size();
    pair.least.assign(channels, 1 / kMostScale);
    pair.greatest.assign(channels, kMostScale);
    const LayerGroup &group = layers[pair.first].group;
    if (!greatest.empty()) {
      double most = *llvm::max_element(greatest[pair.first]);
      for (float value : greatest[pair.first])
        pair.reach.push_back(value > 0 ? value / most : 0);
    }
    if (!isBounded(group))
      continue;
    ++bounded;
    if (relu6 == "replace") {
      tosa::ClampOp relu = group.relu;
      relu.setMaxValAttr(FloatAttr::get(Float32Type::get(&getContext()),
                                        std::numeric_limits<float>::max()));
      continue;
    }
    if (greatest.empty()) {
      ++untouched;
      pair.least = pair.greatest = pair.scales;
      continue;
    }
    double bound = getUpperBound(group.relu);
    boundedChannels += channels;
    for (size_t c = 0; c < channels; ++c) {
      double reach = greatest[pair.first][c] * kHeadroom / bound;
      if (reach >= 1) {
        pair.least[c] = pair.greatest[c] = 1;
        continue;
      }
      ++freeChannels;
      pair.least[c] = std::max(pair.least[c], reach);
    }
  }
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Equalization
//===----------------------------------------------------------------------===//

/// The greatest magnitude of the weights of each output channel.
static std::vector<double> getOutputRanges(const ScaledLayer &layer) {
  std::vector<double> ranges(layer.channels, 0.0);
  for (auto [index, weight] : llvm::enumerate(layer.weights)) {
    double &range = ranges[index / layer.elements];
    range = std::max<double>(range, std::abs(weight));
  }
  return ranges;
}

/// The greatest magnitude of the weights of each of `inputs` input channels.
/// Where every output channel has a step of its own, its weights count by their
/// share of its range.
static std::vector<double> getInputRanges(const ScaledLayer &layer,
                                          int64_t inputs, bool perChannel) {
  std::vector<double> rows;
  if (perChannel)
    rows = getOutputRanges(layer);
  std::vector<double> ranges(inputs, 0.0);
  for (auto [index, weight] : llvm::enumerate(layer.weights)) {
    double size = std::abs(weight);
    if (perChannel && size > 0)
      size /= rows[index / layer.elements];
    double &range = ranges[getInputChannel(layer.group.layer, index, inputs)];
    range = std::max(range, size);
  }
  return ranges;
}

/// Scales the channels between two layers so that their ranges meet halfway.
void EqualizeLayers::equalize(std::vector<ScaledLayer> &layers,
                              LayerPair &pair) {
  ScaledLayer &first = layers[pair.first], &second = layers[pair.second];
  int64_t channels = pair.scales.size();
  bool perChannel = granularity == "channel";
  std::vector<double> outputs = getOutputRanges(first);
  // Where each channel of the weights has a step of its own, their ranges do
  // not matter, but those of the activations do.
  if (perChannel && !pair.reach.empty())
    for (int64_t c = 0; c < channels; ++c)
      outputs[c] = pair.reach[c] / pair.scales[c];
  std::vector<double> inputs = getInputRanges(second, channels, perChannel);
  std::vector<double> factors(channels, 1.0);
  for (int64_t c = 0; c < channels; ++c) {
    // A dead channel has no range to equalize.
    if (outputs[c] == 0 || inputs[c] == 0)
      continue;
    double scale =
        std::clamp(pair.scales[c] * std::sqrt(outputs[c] / inputs[c]),
                   pair.least[c], pair.greatest[c]);
    factors[c] = scale / pair.scales[c];
    pair.scales[c] = scale;
  }
  for (auto [index, weight] : llvm::enumerate(first.weights))
    weight = static_cast<float>(weight / factors[index / first.elements]);
  for (auto [index, weight] : llvm::enumerate(second.weights))
    weight = static_cast<float>(
        weight * factors[getInputChannel(second.group.layer, index, channels)]);
}

/// The mean share of the layer's range that its channels fill: 1 when all are
/// alike.
static double getFill(const ScaledLayer &layer) {
  std::vector<double> ranges = getOutputRanges(layer);
  double most = *llvm::max_element(ranges), sum = 0;
  for (double range : ranges)
    sum += range;
  return most > 0 ? sum / most / ranges.size() : 1;
}

void EqualizeLayers::runOnOperation() {
  FailureOr<func::FuncOp> network =
      getNetwork(getOperation(), "qat-equalize-layers");
  if (failed(network))
    return signalPassFailure();
  auto fail = [&](const llvm::Twine &why) {
    getOperation().emitError("cannot equalize layers: ") << why;
    signalPassFailure();
  };
  if (relu6 != "keep" && relu6 != "replace")
    return fail("relu6 must be keep or replace, but is '" + relu6 + "'");
  if (granularity != "layer" && granularity != "channel")
    return fail("granularity must be layer or channel, but is '" + granularity +
                "'");
  if (network
          ->walk([](WeightQuantizerOpInterface) {
            return WalkResult::interrupt();
          })
          .wasInterrupted())
    return fail("the network has quantizers already; this pass runs before "
                "qat-insert-quantizers");
  auto observeResults = [](func::FuncOp function) {
    Operation *exit = function.getBody().front().getTerminator();
    return SmallVector<Value>(exit->getOperands());
  };
  std::unique_ptr<CompiledNetwork> before;
  if (!path.empty()) {
    auto compiled = compileObserved(getOperation(), observeResults);
    if (!compiled)
      return fail(llvm::toString(compiled.takeError()));
    before = std::move(*compiled);
  }

  Parameters parameters(getOperation());
  FailureOr<std::vector<ScaledLayer>> layers = getLayers(parameters, *network);
  if (failed(layers))
    return signalPassFailure();
  std::vector<LayerPair> pairs = findPairs(parameters, *layers);
  if (llvm::Error error = setLimits(*network, *layers, pairs))
    return fail(llvm::toString(std::move(error)));
  std::vector<double> fills;
  for (const ScaledLayer &layer : *layers)
    fills.push_back(getFill(layer));
  // Depthwise layers are second of one pair and first of the next: their
  // ranges settle over a few rounds.
  for (unsigned round = 0; round < rounds; ++round)
    for (LayerPair &pair : pairs)
      equalize(*layers, pair);
  for (const LayerPair &pair : pairs)
    if (llvm::any_of(pair.scales, [](double scale) { return scale != 1; }))
      applyScales(parameters, (*layers)[pair.first], (*layers)[pair.second],
                  pair.scales);

  InFlightDiagnostic summary = emitRemark(UnknownLoc::get(&getContext()));
  summary << "equalized " << pairs.size() - untouched << " pairs of layers";
  if (untouched)
    summary << "; " << untouched
            << " with a bounded activation need data to be equalized";
  else if (bounded && relu6 == "replace")
    summary << ", " << bounded << " bounded activations replaced by ReLU";
  else if (bounded)
    summary << "; behind " << bounded << " bounded activations " << freeChannels
            << " of " << boundedChannels << " channels stay below the bound";
  if (before) {
    auto after = compileObserved(getOperation(), observeResults);
    if (!after)
      return fail(llvm::toString(after.takeError()));
    auto difference =
        compareOutputs(*before, **after, getOperation(), getData());
    if (!difference)
      return fail(llvm::toString(difference.takeError()));
    summary << llvm::formatv("; float outputs differ by at most {0:E2} (they "
                             "reach {1:F3})",
                             difference->first, difference->second)
                   .str();
  }
  for (const LayerPair &pair : pairs) {
    const ScaledLayer &first = (*layers)[pair.first];
    summary.attachNote(first.group.layer->getLoc())
        << llvm::formatv("scales {0:F3} to {1:F3} towards '{2}'; channels fill "
                         "{3:F1} -> {4:F1} % of the layer's range on average",
                         *llvm::min_element(pair.scales),
                         *llvm::max_element(pair.scales),
                         getLayerName((*layers)[pair.second].group.layer),
                         100 * fills[pair.first], 100 * getFill(first))
               .str();
  }
}
