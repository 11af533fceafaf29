//===- WeightedLayers.cpp - the layers that repairs work on ---------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightedLayers.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Support/IntegerBias.h"
#include "qat/Support/WeightQuantizers.h"

using namespace mlir;
using namespace mlir::qat;

std::vector<float> LayerWeights::getQuantized() const {
  std::vector<float> t(values.size());
  scaleChannels(values, gains, t);
  return t;
}

SmallVector<Operation *> qat::getWeightedLayers(func::FuncOp function) {
  SmallVector<Operation *> layers;
  for (Operation &op : function.getBody().front())
    if (isWeightedLayer(&op))
      layers.push_back(&op);
  return layers;
}

Value qat::getPreActivation(const LayerGroup &group) {
  BatchNormOp batchNorm = group.batchNorm;
  return batchNorm ? batchNorm.getResult() : group.layer->getResult(0);
}

std::optional<std::vector<float>> qat::getGains(Parameters &parameters,
                                                const LayerGroup &group,
                                                int64_t channels) {
  BatchNormOp batchNorm = group.batchNorm;
  if (!batchNorm)
    return std::vector<float>(channels, 1.0f);
  auto gamma = parameters.get(batchNorm.getGamma());
  auto variance = parameters.get(batchNorm.getVariance());
  if (!gamma || !variance)
    return std::nullopt;
  std::vector<float> gains;
  for (auto [g, v] : llvm::zip_equal(*gamma, *variance))
    gains.push_back(
        getBatchNormGain(g, v, batchNorm.getEpsilon().convertToFloat()));
  return gains;
}

FailureOr<LayerWeights> qat::getLayerWeights(Parameters &parameters,
                                             const LayerGroup &group,
                                             bool folded) {
  Value operand = getWeightOperand(group.layer).get();
  if (auto quantizer = operand.getDefiningOp<WeightQuantizerOpInterface>())
    operand = quantizer.getQuantizedInput();
  std::optional<std::vector<float>> values = parameters.get(operand);
  if (!values)
    return group.layer->emitError("expects its weights to be a parameter or a "
                                  "constant; run repairs before "
                                  "qat-fold-batch-norm");
  LayerWeights weights;
  weights.shape.assign(cast<RankedTensorType>(operand.getType()).getShape());
  weights.axes = getChannelAxes(group.layer);
  weights.channels = 1;
  for (int64_t axis : weights.axes)
    weights.channels *= weights.shape[axis];
  weights.values = toChannelMajor<float>(*values, weights.shape, weights.axes);
  weights.gains.assign(weights.channels, 1.0f);
  if (folded) {
    std::optional<std::vector<float>> gains =
        getGains(parameters, group, weights.channels);
    if (!gains)
      return group.layer->emitError("expects the parameters of its batch norm "
                                    "to be constant");
    weights.gains = std::move(*gains);
  }
  return weights;
}

int64_t qat::getInputChannel(Operation *layer, int64_t index, int64_t inputs) {
  ArrayRef<int64_t> shape =
      cast<RankedTensorType>(getWeightOperand(layer).get().getType())
          .getShape();
  // OHWI: the input channel is innermost, within its group where there are any.
  if (auto grouped = dyn_cast<GroupedConv2DOp>(layer)) {
    int64_t output = index / (shape[1] * shape[2] * shape[3]);
    int64_t group =
        output / (shape[0] / static_cast<int64_t>(grouped.getGroups()));
    return (group * shape[3] + index % shape[3]) % inputs;
  }
  if (!isa<tosa::DepthwiseConv2DOp>(layer))
    return index % inputs;
  // HWCM: output channel c*M + m, of H*W elements, reads input channel c.
  return index / (shape[0] * shape[1] * shape[3]) % inputs;
}

void qat::returnOnly(func::FuncOp function, ValueRange values) {
  function.getBody().front().getTerminator()->setOperands(values);
  function.setFunctionType(FunctionType::get(
      function.getContext(), function.getArgumentTypes(), values.getTypes()));
  function.removeResAttrsAttr();
}

std::vector<double> qat::sumChannels(const NdArray &array) {
  size_t channels = array.shape().back();
  std::vector<double> sums(channels, 0.0);
  ArrayRef<float> values = array.data<float>();
  for (size_t begin = 0; begin < values.size(); begin += channels)
    for (size_t c = 0; c < channels; ++c)
      sums[c] += values[begin + c];
  return sums;
}

FailureOr<func::FuncOp> qat::getNetwork(ModuleOp module, StringRef pass) {
  auto function = module.lookupSymbol<func::FuncOp>("main");
  if (!function || function.isExternal() || !function.getBody().hasOneBlock())
    return module.emitError()
           << pass << " expects a function @main of one block";
  return function;
}
