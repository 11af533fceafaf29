//===- CorrectBiases.cpp - qat-correct-biases -----------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ChannelMoments.h"
#include "NetworkSegments.h"
#include "WeightedLayers.h"

#include "qat/Calibration/Passes.h"
#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/NetworkForm.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Support/WeightQuantizers.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <mutex>

namespace mlir::qat {
#define GEN_PASS_DEF_QATCORRECTBIASES
#include "qat/Calibration/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
/// Marks the layers of a clone with their number.
constexpr StringLiteral kNumberAttribute = "qat.layer_number";

/// What becomes of the pre-activations y of a layer: factors * y + offsets, an
/// element a channel.
struct Correction {
  std::vector<float> factors, offsets;
  /// How far the means were off.
  std::vector<float> errors;
};

/// The most that a channel is stretched or shortened by.
constexpr double kMostFactor = 2;

struct CorrectBiases : qat::impl::QatCorrectBiasesBase<CorrectBiases> {
  using QatCorrectBiasesBase::QatCorrectBiasesBase;

  llvm::Expected<std::vector<ChannelMoments>>
  getTargets(ArrayRef<Operation *> layers);
  llvm::Expected<std::vector<NdArray>> getInputs(func::FuncOp network);
  llvm::Expected<std::vector<Correction>>
  measure(ArrayRef<Operation *> layers, ArrayRef<ChannelMoments> targets);
  LogicalResult apply(Parameters &parameters, const LayerGroup &group,
                      const Correction &correction);
  void runOnOperation() override;
};
} // namespace

/// What was recorded of the float network; else that of the network as it is.
llvm::Expected<std::vector<ChannelMoments>>
CorrectBiases::getTargets(ArrayRef<Operation *> layers) {
  std::vector<ChannelMoments> targets;
  for (Operation *layer : layers) {
    auto means = getFloatElements(layer->getAttr(kFloatMeanAttribute));
    auto variances = getFloatElements(layer->getAttr(kFloatVarianceAttribute));
    if (!means || !variances)
      return getChannelMoments(getOperation(), LayerTensor::PreActivation,
                               {dataset, path, images, threads});
    targets.push_back({std::move(*means), std::move(*variances)});
  }
  return targets;
}

/// Whether the channels of the layer can be stretched and its integer weights
/// stay: each has a step, or a batch norm that is not folded into the weights.
static bool hasFreeGains(Parameters &parameters, const LayerGroup &group) {
  auto quantizer = getWeightOperand(group.layer)
                       .get()
                       .getDefiningOp<WeightQuantizerOpInterface>();
  auto fold = group.layer->getAttrOfType<BatchNormFoldAttr>(kFoldTypeAttribute);
  bool folded = fold && fold.getValue() == BatchNormFold::FoldingWeights;
  if (!quantizer || (group.batchNorm && folded))
    return false;
  if (BatchNormOp batchNorm = group.batchNorm)
    return parameters.isOwn(batchNorm.getGamma());
  return quantizer.isPerChannel() &&
         parameters.isOwn(quantizer.getQuantizedInput());
}

llvm::Expected<std::vector<NdArray>>
CorrectBiases::getInputs(func::FuncOp network) {
  auto type = cast<RankedTensorType>(network.getArgument(0).getType());
  TensorInfo info;
  info.name = "input";
  info.shape.assign(type.getShape().begin(), type.getShape().end());
  std::vector<std::optional<NdArray>> samples;
  std::mutex mutex;
  llvm::Error error =
      forEachInput(getOperation(), info, {dataset, path, images, threads},
                   [&](RunInput input) -> llvm::Error {
                     std::lock_guard<std::mutex> lock(mutex);
                     if (samples.size() <= input.position)
                       samples.resize(input.position + 1);
                     samples[input.position] = std::move(input.real);
                     return llvm::Error::success();
                   });
  if (error)
    return error;
  std::vector<NdArray> inputs;
  for (std::optional<NdArray> &sample : samples)
    if (sample) // else it could not be read
      inputs.push_back(std::move(*sample));
  return inputs;
}

/// Runs the quantized network layer by layer and moves each channel's mean to
/// its target before the next layer sees it. Returns what was added.
llvm::Expected<std::vector<Correction>>
CorrectBiases::measure(ArrayRef<Operation *> layers,
                       ArrayRef<ChannelMoments> targets) {
  Builder builder(&getContext());
  for (auto [number, layer] : llvm::enumerate(layers))
    layer->setAttr(kNumberAttribute, builder.getI64IntegerAttr(number));
  OwningOpRef<ModuleOp> clone = getOperation().clone();
  for (Operation *layer : layers)
    layer->removeAttr(kNumberAttribute);
  // The network as it is frozen.
  PassManager manager(&getContext(), ModuleOp::getOperationName());
  manager.addPass(createQatBindParameters());
  manager.addPass(createQatFoldBatchNorm());
  if (failed(manager.run(*clone)))
    return llvm::createStringError("the quantized network cannot be prepared");
  auto function = clone->lookupSymbol<func::FuncOp>("main");
  llvm::Expected<std::vector<NdArray>> inputs = getInputs(function);
  if (!inputs)
    return inputs.takeError();

  // By the place where the pre-activation is computed.
  SmallVector<std::pair<Value, int64_t>> stops;
  for (Operation *layer : getWeightedLayers(function)) {
    auto number = layer->getAttrOfType<IntegerAttr>(kNumberAttribute);
    stops.emplace_back(getPreActivation(LayerGroup::get(layer)),
                       number.getInt());
  }
  llvm::sort(stops, [](const auto &a, const auto &b) {
    return a.first.getDefiningOp()->isBeforeInBlock(b.first.getDefiningOp());
  });
  NetworkSegments segments(function, std::move(*inputs));
  Parameters parameters(getOperation());
  std::vector<Correction> corrections(layers.size());
  for (auto [stop, number] : stops) {
    const ChannelMoments &target = targets[number];
    Correction &correction = corrections[number];
    bool stretches =
        gains && hasFreeGains(parameters, LayerGroup::get(layers[number]));
    llvm::Error error =
        segments.runTo(stop, [&](MutableArrayRef<NdArray> arrays) {
          size_t channels = target.means.size();
          std::vector<double> sums(channels, 0.0), squares(channels, 0.0);
          double count = 0;
          for (const NdArray &array : arrays) {
            count += static_cast<double>(array.size()) / channels;
            std::vector<double> sum = sumChannels(array);
            std::vector<double> square = sumSquares(array);
            for (size_t c = 0; c < channels; ++c) {
              sums[c] += sum[c];
              squares[c] += square[c];
            }
          }
          ChannelMoments seen = makeMoments(sums, squares, count);
          for (size_t c = 0; c < channels; ++c) {
            double factor = 1;
            if (stretches && seen.variances[c] > 0 && target.variances[c] > 0)
              factor = std::clamp<double>(
                  std::sqrt(target.variances[c] / seen.variances[c]),
                  1 / kMostFactor, kMostFactor);
            correction.factors.push_back(static_cast<float>(factor));
            correction.offsets.push_back(
                static_cast<float>(target.means[c] - factor * seen.means[c]));
            correction.errors.push_back(target.means[c] - seen.means[c]);
          }
          for (NdArray &array : arrays) {
            MutableArrayRef<float> values = array.data<float>();
            for (size_t i = 0; i < values.size(); ++i)
              values[i] = values[i] * correction.factors[i % channels] +
                          correction.offsets[i % channels];
          }
        });
    if (error)
      return error;
  }
  return corrections;
}

/// Multiplies the channels behind the layer: gamma, or the weights.
static LogicalResult stretch(Parameters &parameters, const LayerGroup &group,
                             ArrayRef<float> factors) {
  if (BatchNormOp batchNorm = group.batchNorm) {
    std::vector<float> gamma = *parameters.get(batchNorm.getGamma());
    for (auto [value, factor] : llvm::zip_equal(gamma, factors))
      value *= factor;
    parameters.set(batchNorm.getGamma(), gamma);
    return success();
  }
  FailureOr<LayerWeights> weights =
      getLayerWeights(parameters, group, /*folded=*/false);
  if (failed(weights))
    return failure();
  scaleChannels(weights->values, factors, weights->values);
  auto quantizer = getWeightOperand(group.layer)
                       .get()
                       .getDefiningOp<WeightQuantizerOpInterface>();
  parameters.set(
      quantizer.getQuantizedInput(),
      fromChannelMajor<float>(weights->values, weights->shape, weights->axes));
  return success();
}

LogicalResult CorrectBiases::apply(Parameters &parameters,
                                   const LayerGroup &group,
                                   const Correction &correction) {
  BatchNormOp batchNorm = group.batchNorm;
  OpOperand &operand =
      batchNorm ? batchNorm->getOpOperand(2) : getBiasOperand(group.layer);
  std::optional<std::vector<float>> values = parameters.get(operand.get());
  if (!values)
    return group.layer->emitError("expects a bias that is a parameter or a "
                                  "constant");
  // A bias of one element serves every channel (TOSA).
  if (values->size() == 1)
    values->resize(correction.offsets.size(), values->front());
  for (auto [value, factor, offset] :
       llvm::zip_equal(*values, correction.factors, correction.offsets))
    value = value * factor + offset;
  if (llvm::any_of(correction.factors, [](float f) { return f != 1; }) &&
      failed(stretch(parameters, group, correction.factors)))
    return failure();
  auto type = RankedTensorType::get({static_cast<int64_t>(values->size())},
                                    Float32Type::get(&getContext()));
  if (operand.get().getType() == type && parameters.isOwn(operand.get())) {
    parameters.set(operand.get(), *values);
    return success();
  }
  std::string name = getLayerName(group.layer);
  parameters.replace(operand,
                     (name.empty() ? "layer" : name) +
                         (batchNorm ? ".bn.beta" : ".bias"),
                     type, *values);
  return success();
}

static double rootMeanSquare(ArrayRef<float> values) {
  double sum = 0;
  for (float value : values)
    sum += static_cast<double>(value) * value;
  return std::sqrt(sum / std::max<size_t>(values.size(), 1));
}

void CorrectBiases::runOnOperation() {
  FailureOr<func::FuncOp> network =
      getNetwork(getOperation(), "qat-correct-biases");
  if (failed(network))
    return signalPassFailure();
  SmallVector<Operation *> layers = getWeightedLayers(*network);
  llvm::Expected<std::vector<ChannelMoments>> targets = getTargets(layers);
  llvm::Expected<std::vector<Correction>> corrections =
      targets ? measure(layers, *targets) : targets.takeError();
  if (!corrections) {
    getOperation().emitError("cannot correct biases: ")
        << llvm::toString(corrections.takeError());
    return signalPassFailure();
  }
  getOperation()->setAttr(kCorrectedAttribute, UnitAttr::get(&getContext()));
  Parameters parameters(getOperation());
  SmallVector<std::pair<Location, std::string>> lines;
  std::vector<double> ratios;
  for (auto [layer, target, correction] :
       llvm::zip_equal(layers, *targets, *corrections)) {
    layer->removeAttr(kFloatMeanAttribute);
    layer->removeAttr(kFloatVarianceAttribute);
    for (float change : correction.offsets)
      if (!std::isfinite(change)) {
        layer->emitError("gives values that are not finite; look for overflow "
                         "in the model or the preprocessing");
        return signalPassFailure();
      }
    if (failed(apply(parameters, LayerGroup::get(layer), correction)))
      return signalPassFailure();
    double change = rootMeanSquare(correction.errors);
    double size = rootMeanSquare(target.means);
    ratios.push_back(size > 0 ? change / size : 0);
    lines.emplace_back(
        layer->getLoc(),
        llvm::formatv("channel means off by {0:F1} % of their size (root mean "
                      "square {1:F4} of {2:F4})",
                      100 * ratios.back(), change, size));
  }
  double worst = 0, sum = 0;
  for (double ratio : ratios) {
    worst = std::max(worst, ratio);
    sum += ratio;
  }
  InFlightDiagnostic summary = emitRemark(UnknownLoc::get(&getContext()));
  summary << llvm::formatv(
                 "corrected the biases of {0} layers: channel means were off "
                 "by {1:F1} % of their size on average, {2:F1} % at most",
                 layers.size(), 100 * sum / std::max<size_t>(ratios.size(), 1),
                 100 * worst)
                 .str();
  for (auto &[location, text] : lines)
    summary.attachNote(location) << text;
}
