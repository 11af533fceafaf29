//===- FreezeRanges.cpp - qat-freeze-ranges ---------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerGroup.h"

#include "qat/Dialect/Qat/IR/ChannelAxes.h"
#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Support/AddRule.h"
#include "qat/Support/IntegerBias.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/Utils/Utils.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATFREEZERANGES
#include "qat/Dialect/Qat/Transforms/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;
using quant::UniformQuantizedPerAxisType;
using quant::UniformQuantizedType;

namespace {
/// The integers of a layer with weights, as its op holds them.
struct LayerIntegers {
  QuantizedWeights weights;
  SmallVector<int32_t> biases;
  /// Empty: the result is the accumulator.
  SmallVector<Multiplier> multipliers;
  /// The real value of a unit of the logits (last layers).
  float logitScale = 1;
};

/// Writes the integer function of one function of form Q.
class Freezer {
public:
  Freezer(func::FuncOp function, unsigned biasBits);

  /// Builds the integer function before the old one, which it replaces.
  LogicalResult run();

private:
  LogicalResult visit(Operation *op);
  LogicalResult visitInput(QuantizeInputOp op);
  LogicalResult visitWeighted(Operation *op);
  LogicalResult visitAdd(tosa::AddOp op);
  LogicalResult visitRequantize(ActivationQuantizerOpInterface op);
  template <typename PoolOp, typename IntegerPoolOp>
  LogicalResult visitPool(PoolOp op);
  LogicalResult visitReturn(func::ReturnOp op);

  FailureOr<LayerIntegers> quantizeLayer(const LayerGroup &group, Grid input,
                                         std::optional<Grid> output);
  LogicalResult setLastLayer(Operation *op, ArrayRef<float> biases, Grid input,
                             LayerIntegers &layer);
  LogicalResult setHiddenLayer(const LayerGroup &group, ArrayRef<float> biases,
                               Grid input, Grid output, LayerIntegers &layer);
  FailureOr<Value> buildLayer(Operation *op, Value input, Type resultElement,
                              const LayerIntegers &layer);
  FailureOr<Value> buildWeights(Operation *op, const QuantizedWeights &weights,
                                bool dense);
  FailureOr<UniformQuantizedType>
  getFrozenType(ActivationQuantizerOpInterface op);

  /// `value` with another shape of as many elements.
  Value reshape(Location location, Value value, ArrayRef<int64_t> shape);
  /// The integer value that stands for the float `value`, in its shape; an
  /// error on `user` where there is none.
  FailureOr<Value> lookup(Operation *user, Value value);
  void define(Value value, Value integer) { integers[value] = integer; }

  Rounding getRounding(const LayerGroup &group) const;

  func::FuncOp function;
  unsigned biasBits;
  RoundingMode moduleRounding = RoundingMode::Nearest;
  OpBuilder builder;
  func::FuncOp frozen;
  DenseMap<Value, Value> integers;
  DenseSet<Operation *> done;
};

struct FreezeRanges : qat::impl::QatFreezeRangesBase<FreezeRanges> {
  using QatFreezeRangesBase::QatFreezeRangesBase;
  void runOnOperation() override;
};
} // namespace

static UniformQuantizedType gridTypeOf(Value value) {
  return cast<UniformQuantizedType>(
      cast<RankedTensorType>(value.getType()).getElementType());
}

static Grid gridOf(UniformQuantizedType type) {
  return {type.getScale(), static_cast<int32_t>(type.getZeroPoint()),
          static_cast<int32_t>(type.getStorageTypeMin()),
          static_cast<int32_t>(type.getStorageTypeMax())};
}

static Rounding toRounding(RoundingMode mode) {
  return mode == RoundingMode::Floor ? Rounding::Floor : Rounding::Nearest;
}

static std::optional<RoundingMode> getRoundingMode(Operation *quantizer) {
  if (auto pact = dyn_cast_if_present<PactOp>(quantizer))
    return pact.getRounding();
  if (auto bounded = dyn_cast_if_present<BoundedOp>(quantizer))
    return bounded.getRounding();
  return std::nullopt;
}

Freezer::Freezer(func::FuncOp function, unsigned biasBits)
    : function(function), biasBits(biasBits), builder(function) {
  if (auto mode = function->getParentOfType<ModuleOp>()
                      ->getAttrOfType<RoundingModeAttr>(kRoundingAttribute))
    moduleRounding = mode.getValue();
}

Rounding Freezer::getRounding(const LayerGroup &group) const {
  // A last layer has no quantizer.
  ActivationQuantizerOpInterface quantizer = group.quantizer;
  return toRounding(
      getRoundingMode(quantizer ? quantizer.getOperation() : nullptr)
          .value_or(moduleRounding));
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value Freezer::reshape(Location location, Value value,
                       ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getShape() == shape)
    return value;
  // A dense layer is reshaped to an image and back.
  if (auto collapse = value.getDefiningOp<tensor::CollapseShapeOp>())
    return reshape(location, collapse.getSrc(), shape);
  if (auto expand = value.getDefiningOp<tensor::ExpandShapeOp>())
    return reshape(location, expand.getSrc(), shape);
  auto result = RankedTensorType::get(shape, type.getElementType());
  std::optional<SmallVector<ReassociationIndices>> indices =
      getReassociationIndicesForReshape(type, result);
  if (indices && result.getRank() < type.getRank())
    return tensor::CollapseShapeOp::create(builder, location, result, value,
                                           *indices);
  if (indices)
    return tensor::ExpandShapeOp::create(builder, location, result, value,
                                         *indices);
  // No dimension-wise relation: through a flat tensor.
  auto flat =
      RankedTensorType::get({type.getNumElements()}, type.getElementType());
  Value flattened = tensor::CollapseShapeOp::create(
      builder, location, flat, value,
      *getReassociationIndicesForReshape(type, flat));
  return tensor::ExpandShapeOp::create(
      builder, location, result, flattened,
      *getReassociationIndicesForReshape(flat, result));
}

FailureOr<Value> Freezer::lookup(Operation *user, Value value) {
  auto found = integers.find(value);
  if (found == integers.end()) {
    InFlightDiagnostic diagnostic =
        user->emitError("has an operand without an integer form");
    if (Operation *producer = value.getDefiningOp())
      appendProducer(diagnostic, producer);
    diagnostic << "; was qat-insert-quantizers run?";
    return diagnostic;
  }
  if (value.getDefiningOp<tosa::SliceOp>())
    return found->second; // the uncut image
  auto shape = cast<RankedTensorType>(value.getType());
  if (cast<RankedTensorType>(found->second.getType()).getNumElements() !=
      shape.getNumElements())
    return user->emitError("reads a part of an image, which has no integer "
                           "form");
  return reshape(user->getLoc(), found->second, shape.getShape());
}

FailureOr<UniformQuantizedType>
Freezer::getFrozenType(ActivationQuantizerOpInterface op) {
  SmallVector<float> bounds;
  for (Value bound : op.getBounds()) {
    std::optional<std::vector<float>> value = getConstantFloats(bound);
    if (!value || value->size() != 1)
      return op->emitError("expects constant bounds; run qat-bind-parameters "
                           "before");
    bounds.push_back(value->front());
  }
  UniformQuantizedType type = op.getFrozenType(bounds);
  if (!type)
    return failure();
  return type;
}

//===----------------------------------------------------------------------===//
// Layers with weights
//===----------------------------------------------------------------------===//

LogicalResult Freezer::setLastLayer(Operation *op, ArrayRef<float> biases,
                                    Grid input, LayerIntegers &layer) {
  const QuantizedWeights &weights = layer.weights;
  LogitParameters logits;
  if (!isPerChannel(weights.scheme)) {
    logits = getPerLayerLogitParameters(biases, weights.scales[0], input.scale,
                                        biasBits);
  } else {
    SmallVector<bool> allZero;
    for (int64_t c = 0; c < weights.channels; ++c)
      allZero.push_back(weights.isChannelZero(c));
    logits = getPerChannelLogitParameters(biases, weights.scales, allZero,
                                          input.scale,
                                          toRounding(moduleRounding), biasBits);
  }
  layer.biases.assign(logits.biases.begin(), logits.biases.end());
  layer.logitScale = logits.scale;
  for (float multiplier : logits.multipliers) {
    llvm::Expected<Multiplier> split = quantizeMultiplier(multiplier);
    if (!split)
      return op->emitError() << llvm::toString(split.takeError());
    layer.multipliers.push_back(*split);
  }
  return success();
}

LogicalResult Freezer::setHiddenLayer(const LayerGroup &group,
                                      ArrayRef<float> biases, Grid input,
                                      Grid output, LayerIntegers &layer) {
  Operation *op = group.layer;
  QuantizedWeights &weights = layer.weights;
  bool foldsIntoWeights = !isPerChannel(weights.scheme);
  if (auto fold = op->getAttrOfType<BatchNormFoldAttr>(kFoldTypeAttribute))
    foldsIntoWeights = fold.getValue() == BatchNormFold::FoldingWeights;
  std::vector<float> gamma, beta, mean, variance;
  float epsilon = 0;
  if (BatchNormOp batchNorm = group.batchNorm) {
    if (!batchNorm.getFrozen())
      return batchNorm.emitError("is not frozen; run qat-fold-batch-norm "
                                 "before");
    if (batchNorm.getFoldType() == BatchNormFold::FoldingThresh)
      return batchNorm.emitError("fold type folding_thresh has no integer "
                                 "layer; ICN computes the same numbers");
    foldsIntoWeights = false;
    epsilon = batchNorm.getEpsilon().convertToFloat();
    for (auto [vector, value] :
         {std::pair(&gamma, Value(batchNorm.getGamma())),
          std::pair(&beta, Value(batchNorm.getBeta())),
          std::pair(&mean, Value(batchNorm.getMean())),
          std::pair(&variance, Value(batchNorm.getVariance()))}) {
      std::optional<std::vector<float>> values = getConstantFloats(value);
      if (!values)
        return batchNorm.emitError("expects constant parameters; run "
                                   "qat-bind-parameters before");
      *vector = std::move(*values);
    }
  }

  for (int64_t c = 0; c < weights.channels; ++c) {
    ChannelNorm norm;
    norm.bias = biases[c];
    if (group.batchNorm) {
      norm.gain = getBatchNormGain(gamma[c], variance[c], epsilon);
      if (!llvm::all_of(ArrayRef{norm.gain, mean[c], beta[c]},
                        [](float value) { return std::isfinite(value); })) {
        BatchNormOp batchNorm = group.batchNorm;
        return batchNorm.emitError("channel ")
               << c << " is not finite (gamma " << gamma[c] << ", beta "
               << beta[c] << ", mean " << mean[c] << ", variance "
               << variance[c] << ")";
      }
      norm.mean = mean[c];
      norm.beta = beta[c];
    }
    Rounding rounding = getRounding(group);
    ChannelParameters channel =
        foldsIntoWeights
            ? getFoldedParameters(norm, weights.getScale(c), input.scale,
                                  output.scale, rounding, biasBits)
            : getIcnParameters(norm, weights.getScale(c), input.scale,
                               output.scale, rounding, weights.isChannelZero(c),
                               biasBits);
    if (channel.isConstant)
      weights.clearChannel(c);
    layer.biases.push_back(channel.bias);
    llvm::Expected<Multiplier> split = quantizeMultiplier(channel.multiplier);
    if (!split)
      return op->emitError("channel ")
             << c << ": " << llvm::toString(split.takeError());
    layer.multipliers.push_back(*split);
  }
  if (llvm::all_equal(layer.multipliers))
    layer.multipliers.truncate(1);
  return success();
}

FailureOr<LayerIntegers> Freezer::quantizeLayer(const LayerGroup &group,
                                                Grid input,
                                                std::optional<Grid> output) {
  Operation *op = group.layer;
  auto quantizer =
      getWeightOperand(op).get().getDefiningOp<WeightQuantizerOpInterface>();
  if (!quantizer)
    return op->emitError("expects quantized weights; run "
                         "qat-insert-quantizers before");
  SmallVector<int64_t> axes = getChannelAxes(op);
  if (auto minMax = dyn_cast<WeightMinMaxOp>(quantizer.getOperation());
      minMax && minMax.getChannelAxes() &&
      *minMax.getChannelAxes() != ArrayRef(axes))
    return quantizer.emitError("expects the 'channel_axes' [")
           << axes << "] of its layer, but got [" << *minMax.getChannelAxes()
           << "]";
  auto type = cast<RankedTensorType>(quantizer->getResult(0).getType());
  std::optional<std::vector<float>> values =
      getConstantFloats(quantizer.getQuantizedInput());
  std::optional<std::vector<float>> biases =
      getConstantFloats(getBiasOperand(op).get());
  if (!values || !biases)
    return op->emitError("expects constant weights and bias; run "
                         "qat-bind-parameters before");
  // A bias of one element serves every channel (TOSA).
  int64_t channels = countChannels(type, axes);
  if (biases->size() == 1)
    biases->resize(channels, biases->front());
  for (float value : *values)
    if (!std::isfinite(value))
      return op->emitError(
          isa_and_present<FoldWeightOp>(
              quantizer.getQuantizedInput().getDefiningOp())
              ? "has a weight that its batch norm makes infinite or NaN; look "
                "at the variance and epsilon"
              : "has a weight that is not a finite number");
  for (float value : *biases)
    if (!std::isfinite(value))
      return op->emitError("has a bias that is not a finite number");

  std::optional<WeightBounds> bounds;
  if (hasBounds(quantizer.getScheme())) {
    bounds.emplace();
    SmallVector<float> given;
    for (Value bound : quantizer.getBounds()) {
      std::optional<std::vector<float>> value = getConstantFloats(bound);
      if (!value || value->size() != 1)
        return op->emitError("expects constant weight bounds; run "
                             "qat-bind-parameters before");
      if (!std::isfinite(value->front()))
        return op->emitError("has a weight bound that is not a finite number");
      given.push_back(value->front());
    }
    bounds->hi = given.back();
    bounds->lo = given.size() == 2 ? given.front() : -given.back();
  }
  LayerIntegers layer;
  layer.weights = quantizeWeights(
      toChannelMajor<float>(*values, type.getShape(), axes), channels,
      quantizer.getGridBits(), quantizer.getScheme(), bounds);
  LogicalResult result =
      output ? setHiddenLayer(group, *biases, input, *output, layer)
             : setLastLayer(op, *biases, input, layer);
  if (failed(result))
    return failure();
  return layer;
}

FailureOr<Value> Freezer::buildWeights(Operation *op,
                                       const QuantizedWeights &weights,
                                       bool dense) {
  auto floatType = cast<RankedTensorType>(getWeightOperand(op).get().getType());
  SmallVector<int64_t> shape(floatType.getShape());
  std::vector<int32_t> stored =
      fromChannelMajor<int32_t>(weights.getStored(), shape, getChannelAxes(op));
  int32_t channelAxis = 0;
  if (isa<tosa::DepthwiseConv2DOp>(op)) { // HWCM to HW(C*M)
    channelAxis = 2;
    shape = {shape[0], shape[1], weights.channels};
  } else if (dense) {
    shape = {shape[0], shape[3]};
  }

  bool isSigned = isSymmetric(weights.scheme);
  unsigned bits = weights.bits;
  auto storage = builder.getIntegerType(bits);
  int64_t low = isSigned ? -(1 << (bits - 1)) : 0;
  int64_t high = low + getMaxLevel(bits);
  unsigned flags = isSigned ? quant::QuantizationFlags::Signed : 0;
  Type element;
  auto refuse = [&] {
    return op->emitError("cannot put its weights on a grid: ");
  };
  if (!isPerChannel(weights.scheme)) {
    element = UniformQuantizedType::getChecked(
        refuse, flags, storage, builder.getF32Type(), weights.scales[0],
        weights.zeroPoints[0], low, high);
  } else {
    SmallVector<double> scales(weights.scales.begin(), weights.scales.end());
    SmallVector<int64_t> zeroPoints(weights.zeroPoints.begin(),
                                    weights.zeroPoints.end());
    element = UniformQuantizedPerAxisType::getChecked(
        refuse, flags, storage, builder.getF32Type(), scales, zeroPoints,
        channelAxis, low, high);
  }
  if (!element)
    return failure();

  auto type = RankedTensorType::get(shape, storage);
  SmallVector<APInt> values;
  values.reserve(stored.size());
  for (int32_t value : stored)
    values.emplace_back(bits, static_cast<uint64_t>(value), isSigned,
                        /*implicitTrunc=*/true);
  Value constant = arith::ConstantOp::create(
      builder, op->getLoc(), DenseElementsAttr::get(type, values));
  return quant::StorageCastOp::create(builder, op->getLoc(),
                                      RankedTensorType::get(shape, element),
                                      constant)
      .getResult();
}

FailureOr<Value> Freezer::buildLayer(Operation *op, Value input,
                                     Type resultElement,
                                     const LayerIntegers &layer) {
  Location location = op->getLoc();
  // The image may be larger than the one that the float layer reads: a cut that
  // drops what no window reaches is not carried out.
  bool dense = isDense(op) && isPoint(input);
  FailureOr<Value> weights = buildWeights(op, layer.weights, dense);
  if (failed(weights))
    return failure();
  auto biasType = RankedTensorType::get(
      {static_cast<int64_t>(layer.biases.size())}, builder.getI32Type());
  Value bias = arith::ConstantOp::create(
      builder, location,
      DenseElementsAttr::get(biasType, ArrayRef(layer.biases)));
  DenseI32ArrayAttr multiplier;
  DenseI8ArrayAttr shift;
  if (!layer.multipliers.empty()) {
    SmallVector<int32_t> values;
    SmallVector<int8_t> shifts;
    for (const Multiplier &m : layer.multipliers) {
      values.push_back(m.value);
      shifts.push_back(m.shift);
    }
    multiplier = builder.getDenseI32ArrayAttr(values);
    shift = builder.getDenseI8ArrayAttr(shifts);
  }
  auto shape = cast<RankedTensorType>(op->getResult(0).getType()).getShape();
  auto accumulatorBits = builder.getI32IntegerAttr(64);
  if (auto conv = dyn_cast<tosa::DepthwiseConv2DOp>(op))
    return qat::DepthwiseConv2DOp::create(
               builder, location, RankedTensorType::get(shape, resultElement),
               input, *weights, bias, conv.getPadAttr(), conv.getStrideAttr(),
               conv.getDilationAttr(), multiplier, shift, accumulatorBits)
        .getResult();
  if (dense) {
    auto inputType = cast<RankedTensorType>(input.getType());
    Value matrix = reshape(location, input,
                           {inputType.getDimSize(0), inputType.getDimSize(3)});
    return FullyConnectedOp::create(
               builder, location,
               RankedTensorType::get({shape[0], shape[3]}, resultElement),
               matrix, *weights, bias, multiplier, shift, accumulatorBits)
        .getResult();
  }
  auto conv = cast<tosa::Conv2DOp>(op);
  return qat::Conv2DOp::create(
             builder, location, RankedTensorType::get(shape, resultElement),
             input, *weights, bias, conv.getPadAttr(), conv.getStrideAttr(),
             conv.getDilationAttr(), builder.getI64IntegerAttr(1), multiplier,
             shift, accumulatorBits)
      .getResult();
}

LogicalResult Freezer::visitWeighted(Operation *op) {
  FailureOr<Value> input = lookup(op, op->getOperand(0));
  if (failed(input))
    return failure();
  LayerGroup group = LayerGroup::get(op);
  std::optional<Grid> output;
  Type resultElement;
  if (group.quantizer) {
    FailureOr<UniformQuantizedType> type = getFrozenType(group.quantizer);
    if (failed(type))
      return failure();
    output = gridOf(*type);
    resultElement = *type;
  } else if (group.batchNorm) {
    return group.batchNorm.emitError("has neither a quantizer behind it nor "
                                     "was it folded into weights");
  } else if (!group.isLast()) {
    return op->emitError("expects a quantizer behind it; run "
                         "qat-insert-quantizers before");
  }

  FailureOr<LayerIntegers> layer =
      quantizeLayer(group, gridOf(gridTypeOf(*input)), output);
  if (failed(layer))
    return failure();
  if (!output)
    resultElement = UniformQuantizedType::getChecked(
        [&] { return op->emitError("cannot put its logits on a grid: "); },
        quant::QuantizationFlags::Signed, builder.getI32Type(),
        builder.getF32Type(), layer->logitScale, 0,
        std::numeric_limits<int32_t>::min(),
        std::numeric_limits<int32_t>::max());
  if (!resultElement)
    return failure();
  FailureOr<Value> result = buildLayer(op, *input, resultElement, *layer);
  if (failed(result))
    return failure();
  for (Value value = op->getResult(0); value != group.end;) {
    Operation *user = *value.user_begin();
    done.insert(user);
    value = user->getResult(0);
  }
  define(group.end, *result);
  return success();
}

//===----------------------------------------------------------------------===//
// The other layers
//===----------------------------------------------------------------------===//

LogicalResult Freezer::visitInput(QuantizeInputOp op) {
  FailureOr<UniformQuantizedType> type =
      getFrozenType(cast<ActivationQuantizerOpInterface>(op.getOperation()));
  if (failed(type))
    return failure();
  auto argument = dyn_cast<BlockArgument>(op.getInput());
  if (!argument || !op.getInput().hasOneUse())
    return op.emitError("expects to be the one reader of the network's input");
  auto shape = cast<RankedTensorType>(op.getType()).getShape();
  BlockArgument frozenArgument = frozen.getArgument(argument.getArgNumber());
  frozenArgument.setType(RankedTensorType::get(shape, *type));
  define(op.getResult(), frozenArgument);
  return success();
}

LogicalResult Freezer::visitAdd(tosa::AddOp op) {
  LayerGroup group = LayerGroup::get(op);
  if (!group.quantizer)
    return op.emitError("expects a quantizer behind it; run "
                        "qat-insert-quantizers before");
  FailureOr<Value> lhs = lookup(op, op.getInput1());
  FailureOr<Value> rhs = lookup(op, op.getInput2());
  FailureOr<UniformQuantizedType> type = getFrozenType(group.quantizer);
  if (failed(lhs) || failed(rhs) || failed(type))
    return failure();
  if (cast<RankedTensorType>(lhs->getType()).getShape() !=
      cast<RankedTensorType>(rhs->getType()).getShape())
    return op.emitError("expects operands of one shape; an add that broadcasts "
                        "has no integer form");
  llvm::Expected<AddRule> rule =
      getAddRule(gridTypeOf(*lhs).getScale(), gridTypeOf(*rhs).getScale(),
                 type->getScale(), getRounding(group));
  if (!rule)
    return op.emitError() << llvm::toString(rule.takeError());
  auto shape = cast<RankedTensorType>(op.getType()).getShape();
  Value result =
      AddOp::create(builder, op.getLoc(), RankedTensorType::get(shape, *type),
                    *lhs, *rhs, builder.getI32IntegerAttr(rule->multiplier1),
                    builder.getI32IntegerAttr(rule->multiplier2),
                    builder.getI32IntegerAttr(rule->offset),
                    builder.getI32IntegerAttr(rule->shift));
  for (Value value = op.getResult(); value != group.end;) {
    Operation *user = *value.user_begin();
    done.insert(user);
    value = user->getResult(0);
  }
  define(group.end, result);
  return success();
}

LogicalResult Freezer::visitRequantize(ActivationQuantizerOpInterface op) {
  FailureOr<Value> input = lookup(op, op.getQuantizedInput());
  FailureOr<UniformQuantizedType> type = getFrozenType(op);
  if (failed(input) || failed(type))
    return failure();
  llvm::Expected<AddRule> rule =
      getRescaleRule(gridTypeOf(*input).getScale(), type->getScale(),
                     toRounding(getRoundingMode(op).value_or(moduleRounding)));
  if (!rule)
    return op->emitError() << llvm::toString(rule.takeError());
  auto shape = cast<RankedTensorType>(input->getType()).getShape();
  define(op->getResult(0),
         RequantizeOp::create(builder, op->getLoc(),
                              RankedTensorType::get(shape, *type), *input,
                              builder.getI32IntegerAttr(rule->multiplier1),
                              builder.getI32IntegerAttr(rule->offset),
                              builder.getI32IntegerAttr(rule->shift)));
  return success();
}

template <typename PoolOp, typename IntegerPoolOp>
LogicalResult Freezer::visitPool(PoolOp op) {
  FailureOr<Value> input = lookup(op, op.getInput());
  if (failed(input))
    return failure();
  auto shape = cast<RankedTensorType>(op.getType()).getShape();
  auto type = RankedTensorType::get(shape, gridTypeOf(*input));
  Value result;
  if constexpr (std::is_same_v<IntegerPoolOp, AvgPool2DOp>)
    result = AvgPool2DOp::create(
        builder, op.getLoc(), type, *input, op.getKernelAttr(),
        op.getStrideAttr(), op.getPadAttr(),
        RoundingModeAttr::get(builder.getContext(), moduleRounding));
  else
    result = MaxPool2DOp::create(builder, op.getLoc(), type, *input,
                                 op.getKernelAttr(), op.getStrideAttr(),
                                 op.getPadAttr());
  define(op.getResult(), result);
  return success();
}

LogicalResult Freezer::visitReturn(func::ReturnOp op) {
  SmallVector<Value> results;
  SmallVector<Type> types;
  for (Value operand : op.getOperands()) {
    FailureOr<Value> result = lookup(op, operand);
    if (failed(result))
      return failure();
    results.push_back(*result);
    types.push_back(result->getType());
  }
  func::ReturnOp::create(builder, op.getLoc(), results);
  frozen.setFunctionType(builder.getFunctionType(
      frozen.getBody().front().getArgumentTypes(), types));
  return success();
}

LogicalResult Freezer::visit(Operation *op) {
  // What nothing reads has no quantizer that it would need.
  if (done.contains(op) || isOpTriviallyDead(op))
    return success();
  if (isWeightedLayer(op))
    return visitWeighted(op);
  if (auto input = dyn_cast<QuantizeInputOp>(op))
    return visitInput(input);
  if (auto add = dyn_cast<tosa::AddOp>(op))
    return visitAdd(add);
  if (auto pool = dyn_cast<tosa::AvgPool2dOp>(op))
    return visitPool<tosa::AvgPool2dOp, AvgPool2DOp>(pool);
  if (auto pool = dyn_cast<tosa::MaxPool2dOp>(op))
    return visitPool<tosa::MaxPool2dOp, MaxPool2DOp>(pool);
  if (auto quantizer = dyn_cast<ActivationQuantizerOpInterface>(op))
    return visitRequantize(quantizer);
  if (auto result = dyn_cast<func::ReturnOp>(op))
    return visitReturn(result);
  if (isa<tosa::ReshapeOp>(op)) {
    // The shape is taken up where the value is read.
    auto source = integers.find(op->getOperand(0));
    if (source != integers.end())
      define(op->getResult(0), source->second);
    return success();
  }
  if (auto slice = dyn_cast<tosa::SliceOp>(op);
      slice && isUnreachedCrop(slice)) {
    FailureOr<Value> source = lookup(op, slice.getInput1());
    if (failed(source))
      return failure();
    define(slice.getOutput(), *source);
    return success();
  }
  if (auto softmax = dyn_cast<SoftmaxOp>(op)) {
    if (!feedsOnlyResults(softmax.getResult()))
      return op->emitError("a softmax within the network has no integer form");
    FailureOr<Value> logits = lookup(op, softmax.getInput());
    if (failed(logits))
      return failure();
    op->emitRemark("softmax is dropped: the integer network ends with the "
                   "logits");
    define(softmax.getResult(), *logits);
    return success();
  }
  if (op->hasTrait<OpTrait::ConstantLike>() ||
      isa<ml_program::GlobalLoadOp, tosa::ConstShapeOp,
          WeightQuantizerOpInterface, FoldWeightOp, FoldBiasOp>(op))
    return success();
  return op->emitError() << "'" << op->getName() << "' has no integer form";
}

LogicalResult Freezer::run() {
  frozen =
      func::FuncOp::create(builder, function.getLoc(), function.getSymName(),
                           function.getFunctionType());
  frozen->setAttrs(function->getAttrs());
  Block *body = frozen.addEntryBlock();
  builder.setInsertionPointToStart(body);
  for (Operation &op : function.getBody().front())
    if (failed(visit(&op)))
      return failure();
  for (BlockArgument argument : body->getArguments())
    if (!isa<UniformQuantizedType>(getElementTypeOrSelf(argument.getType())))
      return function.emitError("expects qat.quantize_input on its argument; "
                                "run qat-insert-quantizers before");
  // What nothing reads would be computed on the device all the same.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(*body)))
    if (isOpTriviallyDead(&op))
      op.erase();
  function.erase();
  return success();
}

void FreezeRanges::runOnOperation() {
  ModuleOp module = getOperation();
  if (biasBits < 8 || biasBits > 32) {
    module.emitError("bias bits must be between 8 and 32, but got ")
        << biasBits.getValue();
    return signalPassFailure();
  }
  for (auto function :
       llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
    if (function.isExternal() || !function.getBody().hasOneBlock()) {
      function.emitError("expects a body of one block");
      return signalPassFailure();
    }
    WalkResult isInteger = function.walk(
        [](IntegerLayerOpInterface) { return WalkResult::interrupt(); });
    if (isInteger.wasInterrupted()) {
      function.emitError("is integer already");
      return signalPassFailure();
    }
    if (failed(checkSizes(function)) ||
        failed(Freezer(function, biasBits).run()))
      return signalPassFailure();
  }
  module->removeAttr(kRoundingAttribute);
}
