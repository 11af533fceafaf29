//===- InsertQuantizers.cpp - qat-insert-quantizers -------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerChoices.h"
#include "LayerGroup.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/PreprocessingAttr.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Support/IntegerBias.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATINSERTQUANTIZERS
#include "qat/Dialect/Qat/Transforms/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
/// Inserts the quantizers of one function.
class Inserter {
public:
  Inserter(ModuleOp module, func::FuncOp function, const LayerChoices &choices)
      : function(function), choices(choices), choice(choices.common),
        symbols(module), builder(module.getContext()) {}

  LogicalResult run(std::pair<double, double> inputRange);

private:
  LogicalResult visit(Operation *op);
  LogicalResult visitLayer(Operation *op);
  LogicalResult visitMoved(Operation *op);
  LogicalResult visitBatchNorm(const LayerGroup &group);
  LogicalResult quantizeWeights(const LayerGroup &group, StringRef name);
  Value quantizeActivation(Value value, tosa::ClampOp relu, StringRef name);
  LogicalResult requireGrid(Operation *op, Value value);

  /// Makes `choice` that of the layer `name`, which `op` begins.
  LogicalResult choose(Operation *op, StringRef name) {
    FailureOr<LayerChoice> chosen = choices.choose(op, name);
    if (succeeded(chosen))
      choice = *chosen;
    return chosen;
  }

  /// A new parameter `name`, loaded before `op`.
  Value addParameter(const Twine &name, float value, Operation *op);
  /// The values of the parameter that `value` loads, or of a constant.
  std::optional<std::vector<float>> getParameter(Value value);

  func::FuncOp function;
  LayerChoices choices;
  /// Of the layer that is visited.
  LayerChoice choice;
  SymbolTable symbols;
  OpBuilder builder;
  /// The values that lie on a grid.
  DenseSet<Value> onGrid;
  /// The batch norms that belong to a layer.
  DenseSet<Operation *> ownedBatchNorms;
  LayerNamer names;
  /// The ReLUs that became quantizers; erased when the walk is over.
  SmallVector<Operation *> replaced;
};

struct InsertQuantizers : qat::impl::QatInsertQuantizersBase<InsertQuantizers> {
  using QatInsertQuantizersBase::QatInsertQuantizersBase;

  FailureOr<std::pair<double, double>> getInputRange(func::FuncOp function);
  void runOnOperation() override;
};
} // namespace

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

/// Whether qat.quantize_input takes the range; inputs meet its ends as float32.
static bool isInputRange(float lo, float hi) {
  return std::isfinite(lo) && std::isfinite(hi) && lo <= 0 && hi >= 0 &&
         lo != hi;
}

FailureOr<std::pair<double, double>>
InsertQuantizers::getInputRange(func::FuncOp function) {
  ModuleOp module = getOperation();
  if (!inputRange.empty()) {
    llvm::Expected<SmallVector<double>> bounds = parseNumberList(inputRange);
    if (!bounds)
      return module.emitError("input range: ")
             << llvm::toString(bounds.takeError());
    if (bounds->size() != 2 || !isInputRange((*bounds)[0], (*bounds)[1]))
      return module.emitError("input range must be finite lo,hi with "
                              "lo <= 0 <= hi that differ, but got '")
             << inputRange << "'";
    return std::pair<double, double>((*bounds)[0], (*bounds)[1]);
  }
  llvm::Expected<std::optional<Preprocessing>> preprocessing =
      getPreprocessing(module);
  if (!preprocessing)
    return module.emitError() << llvm::toString(preprocessing.takeError());
  auto type = cast<RankedTensorType>(function.getArgument(0).getType());
  if (!*preprocessing || type.getRank() != 4)
    return std::pair<double, double>(-1.0, 1.0);
  auto [lo, hi] = (*preprocessing)->realRange(type.getDimSize(3));
  // Padding is real zero, so the range has to hold it.
  if (!isInputRange(std::min(lo, 0.0), std::max(hi, 0.0)))
    return module.emitError(
               "the module's preprocessing gives the input range [")
           << lo << ", " << hi << "], which has no grid";
  return std::pair<double, double>(static_cast<float>(std::min(lo, 0.0)),
                                   static_cast<float>(std::max(hi, 0.0)));
}

//===----------------------------------------------------------------------===//
// Parameters and names
//===----------------------------------------------------------------------===//

Value Inserter::addParameter(const Twine &name, float value, Operation *op) {
  auto type = RankedTensorType::get({}, builder.getF32Type());
  builder.setInsertionPoint(function);
  auto global = ml_program::GlobalOp::create(
      builder, NameLoc::get(builder.getStringAttr(name)),
      builder.getStringAttr(name), TypeAttr::get(type),
      /*is_mutable=*/builder.getUnitAttr(), DenseElementsAttr::get(type, value),
      builder.getStringAttr("private"));
  StringAttr symbol = symbols.insert(global);
  builder.setInsertionPoint(op);
  return ml_program::GlobalLoadOp::create(builder, op->getLoc(), type,
                                          FlatSymbolRefAttr::get(symbol));
}

std::optional<std::vector<float>> Inserter::getParameter(Value value) {
  if (auto load = value.getDefiningOp<ml_program::GlobalLoadOp>()) {
    auto global = symbols.lookup<ml_program::GlobalOp>(
        load.getGlobal().getLeafReference());
    return global ? getFloatElements(global.getValueAttr())
                  : std::optional<std::vector<float>>();
  }
  return getConstantFloats(value);
}

//===----------------------------------------------------------------------===//
// Quantizers
//===----------------------------------------------------------------------===//

Value Inserter::quantizeActivation(Value value, tosa::ClampOp relu,
                                   StringRef name) {
  auto rounding = RoundingModeAttr::get(builder.getContext(), choice.rounding);
  auto bits = builder.getI32IntegerAttr(choice.activationBits);
  Location location = NameLoc::get(builder.getStringAttr(name));
  if (relu) {
    double bound = cast<FloatAttr>(relu.getMaxVal()).getValueAsDouble();
    bool isBounded = bound < std::numeric_limits<float>::max();
    float initial = isBounded ? bound : 6.0f;
    // Calibration does not set a clipped bound: it is 6 unless it is given.
    if (choice.activationType != ActivationType::Learned)
      initial = std::min(initial, 6.0f);
    Value alpha = addParameter(name + ".alpha", initial, relu);
    auto pact = PactOp::create(
        builder, location, relu.getType(), relu.getInput(), alpha, bits,
        rounding, isBounded ? builder.getF32FloatAttr(bound) : FloatAttr(),
        ActivationTypeAttr::get(builder.getContext(), choice.activationType));
    relu.getOutput().replaceAllUsesWith(pact.getResult());
    replaced.push_back(relu);
    return pact.getResult();
  }
  Operation *op = value.getDefiningOp();
  Operation *next = op->getNextNode();
  Value lo = addParameter(name + ".lo", -6.0f, next);
  Value hi = addParameter(name + ".hi", 6.0f, next);
  auto bounded = BoundedOp::create(builder, location, value.getType(), value,
                                   lo, hi, bits, rounding);
  value.replaceAllUsesExcept(bounded.getResult(), bounded);
  return bounded.getResult();
}

LogicalResult Inserter::visitBatchNorm(const LayerGroup &group) {
  FoldType fold = choice.foldType;
  if (group.batchNorm && group.isLast() && fold != FoldType::FoldingWeights) {
    if (isPerChannel(choice.scheme))
      return group.layer->emitError(
          "the last layer's batch norm has to be folded into its weights, "
          "since all logits have one scale, and PerChannelsAsymMinMax weights "
          "take no factor; give this layer a per-layer scheme, for example "
          "PerLayerAsymMinMax");
    fold = FoldType::FoldingWeights;
  }
  group.layer->setAttr(
      kFoldTypeAttribute,
      BatchNormFoldAttr::get(builder.getContext(),
                             static_cast<BatchNormFold>(fold)));
  if (group.batchNorm) {
    BatchNormOp batchNorm = group.batchNorm;
    batchNorm.setFoldType(static_cast<BatchNormFold>(fold));
    ownedBatchNorms.insert(batchNorm);
  }
  return success();
}

LogicalResult Inserter::quantizeWeights(const LayerGroup &group,
                                        StringRef name) {
  Operation *layer = group.layer;
  OpOperand &operand = getWeightOperand(layer);
  Value weight = operand.get();
  auto type = cast<RankedTensorType>(weight.getType());
  std::optional<std::vector<float>> values = getParameter(weight);
  if (!values)
    return layer->emitError("expects its weights to be a parameter or a "
                            "constant; computed weights have no integer form");
  auto bits = builder.getI32IntegerAttr(choice.weightBits);
  Location location = layer->getLoc();
  builder.setInsertionPoint(layer);
  if (!hasBounds(choice.scheme)) {
    DenseI64ArrayAttr axes;
    if (isPerChannel(choice.scheme))
      axes = builder.getDenseI64ArrayAttr(getChannelAxes(layer));
    operand.set(
        WeightMinMaxOp::create(builder, location, type, weight, bits, axes));
    return success();
  }

  // Bounds start from the tensor that is quantized: the folded weights where
  // the batch norm goes into them.
  SmallVector<int64_t> axes = getChannelAxes(layer);
  std::vector<float> t = toChannelMajor<float>(*values, type.getShape(), axes);
  FoldType fold = choice.foldType;
  if (auto attribute =
          layer->getAttrOfType<BatchNormFoldAttr>(kFoldTypeAttribute))
    fold = static_cast<FoldType>(attribute.getValue());
  // Until then the bounds are not those of the weight itself.
  UnitAttr unclamped;
  if (group.batchNorm && fold == FoldType::FoldingWeights) {
    unclamped = builder.getUnitAttr();
    BatchNormOp batchNorm = group.batchNorm;
    auto gamma = getParameter(batchNorm.getGamma());
    auto variance = getParameter(batchNorm.getVariance());
    if (!gamma || !variance)
      return batchNorm.emitError("expects its parameters to be constant");
    std::vector<float> gains;
    for (auto [g, v] : llvm::zip_equal(*gamma, *variance))
      gains.push_back(
          getBatchNormGain(g, v, batchNorm.getEpsilon().convertToFloat()));
    scaleChannels(t, gains, t);
  }
  WeightBounds bounds =
      *getInitialBounds(t, choice.weightBits, choice.scheme, fold);
  if (isSymmetric(choice.scheme)) {
    Value hi = addParameter(name + ".weight.hi", bounds.hi, layer);
    operand.set(WeightSymmetricPactOp::create(builder, location, type, weight,
                                              hi, bits, unclamped));
    return success();
  }
  Value lo = addParameter(name + ".weight.lo", bounds.lo, layer);
  Value hi = addParameter(name + ".weight.hi", bounds.hi, layer);
  operand.set(WeightAsymmetricPactOp::create(builder, location, type, weight,
                                             lo, hi, bits, unclamped));
  return success();
}

//===----------------------------------------------------------------------===//
// The walk over the graph
//===----------------------------------------------------------------------===//

LogicalResult Inserter::requireGrid(Operation *op, Value value) {
  if (onGrid.contains(value))
    return success();
  Operation *producer = value.getDefiningOp();
  InFlightDiagnostic diagnostic =
      op->emitError("has an operand that cannot be put on an integer grid");
  if (producer)
    appendProducer(diagnostic, producer);
  return diagnostic;
}

LogicalResult Inserter::visitLayer(Operation *op) {
  bool isWeighted = isWeightedLayer(op);
  unsigned activations = isWeighted ? 1 : 2;
  for (unsigned index = 0; index < activations; ++index)
    if (failed(requireGrid(op, op->getOperand(index))))
      return failure();
  if (!isWeighted && op->getOperand(0).getType() != op->getOperand(1).getType())
    return op->emitError("expects operands of one shape; an add that "
                         "broadcasts has no integer form");
  std::string name = names.getName(op);
  if (failed(choose(op, name)))
    return failure();
  LayerGroup group = LayerGroup::get(op);
  if (isWeighted) {
    if (failed(visitBatchNorm(group)) || failed(quantizeWeights(group, name)))
      return failure();
    if (group.isLast())
      return success();
  }
  onGrid.insert(quantizeActivation(group.end, group.relu, name));
  return success();
}

/// A concat brings its operands onto one grid. So does a pad with another value
/// than zero, which the grid of its input need not hold.
LogicalResult Inserter::visitMoved(Operation *op) {
  OperandRange inputs = op->getOperands();
  if (auto pad = dyn_cast<tosa::PadOp>(op))
    inputs = inputs.take_front(1);
  for (Value input : inputs)
    if (failed(requireGrid(op, input)))
      return failure();
  LayerGroup group = LayerGroup::get(op);
  std::string name = names.getName(op);
  if (failed(choose(op, name)))
    return failure();
  onGrid.insert(quantizeActivation(group.end, group.relu, name));
  return success();
}

LogicalResult Inserter::visit(Operation *op) {
  if (isWeightedLayer(op) || isa<tosa::AddOp>(op))
    return visitLayer(op);
  if (isa<tosa::ConcatOp>(op))
    return visitMoved(op);
  if (auto pad = dyn_cast<tosa::PadOp>(op)) {
    std::optional<float> value = getPadValue(pad);
    if (!value)
      return pad.emitError("expects a constant to pad with");
    if (*value != 0)
      return visitMoved(pad);
  }
  if (isa<tosa::AvgPool2dOp, tosa::MaxPool2dOp, tosa::PadOp>(op)) {
    if (failed(requireGrid(op, op->getOperand(0))))
      return failure();
    onGrid.insert(op->getResult(0));
    return success();
  }
  if (isa<tosa::ReshapeOp>(op)) {
    if (onGrid.contains(op->getOperand(0)))
      onGrid.insert(op->getResult(0));
    return success();
  }
  if (auto slice = dyn_cast<tosa::SliceOp>(op);
      slice && isUnreachedCrop(slice)) {
    if (onGrid.contains(slice.getInput1()))
      onGrid.insert(slice.getOutput());
    return success();
  }
  if (auto clamp = dyn_cast<tosa::ClampOp>(op)) {
    if (clamp->use_empty())
      return success();
    // A ReLU away from its layer (behind a pool, say): a requantization.
    if (!isRelu(clamp) || !onGrid.contains(clamp.getInput()))
      return op->emitError("expects a clamp that starts at 0 on a quantized "
                           "tensor; this one has no integer form");
    std::string name = names.getName(op);
    if (failed(choose(op, name)))
      return failure();
    onGrid.insert(quantizeActivation(clamp.getOutput(), clamp, name));
    return success();
  }
  if (isa<SoftmaxOp>(op)) {
    if (!feedsOnlyResults(op->getResult(0)))
      return op->emitError("a softmax within the network has no integer form");
    op->emitRemark("softmax stays floating point: the integer network ends "
                   "with the logits");
    return success();
  }
  if (auto batchNorm = dyn_cast<BatchNormOp>(op)) {
    if (ownedBatchNorms.contains(batchNorm))
      return success();
    return op->emitError("batch norm does not follow a convolution or dense "
                         "layer, alone; it has no integer form");
  }
  if (op->hasTrait<OpTrait::ConstantLike>() ||
      isa<ml_program::GlobalLoadOp, tosa::ConstShapeOp, func::ReturnOp,
          WeightQuantizerOpInterface, ActivationQuantizerOpInterface>(op))
    return success();
  return op->emitError() << "'" << op->getName() << "' has no integer form";
}

/// A number as f32 where that holds it, else as f64.
static FloatAttr getRangeEnd(Builder &builder, double value) {
  return static_cast<float>(value) == value ? builder.getF32FloatAttr(value)
                                            : builder.getF64FloatAttr(value);
}

LogicalResult Inserter::run(std::pair<double, double> inputRange) {
  BlockArgument input = function.getArgument(0);
  builder.setInsertionPointToStart(&function.getBody().front());
  auto quantized = QuantizeInputOp::create(
      builder, NameLoc::get(builder.getStringAttr("input")), input.getType(),
      input, getRangeEnd(builder, inputRange.first),
      getRangeEnd(builder, inputRange.second));
  input.replaceAllUsesExcept(quantized.getResult(), quantized);
  onGrid.insert(quantized.getResult());

  for (Operation *op = quantized->getNextNode(); op; op = op->getNextNode())
    if (failed(visit(op)))
      return failure();
  for (Operation *op : replaced)
    op->erase();
  return choices.checkAllUsed(function);
}

void InsertQuantizers::runOnOperation() {
  ModuleOp module = getOperation();
  FailureOr<LayerChoices> choices = getLayerChoices(
      module,
      {weightScheme, foldType, weightBits, activationBits, rounding, inputRange,
       activationType, biasBits, batchFoldDelay, layerConfig});
  if (failed(choices))
    return signalPassFailure();
  if (failed(checkIsFloatNetwork(module)))
    return signalPassFailure();
  for (auto function :
       llvm::make_early_inc_range(module.getOps<func::FuncOp>())) {
    FailureOr<std::pair<double, double>> inputRange = getInputRange(function);
    if (failed(inputRange) ||
        failed(Inserter(module, function, *choices).run(*inputRange)))
      return signalPassFailure();
  }
  module->setAttr(
      kRoundingAttribute,
      RoundingModeAttr::get(&getContext(), choices->common.rounding));
  Builder builder(&getContext());
  if (biasBits != 32)
    module->setAttr(kBiasBitsAttribute, builder.getI32IntegerAttr(biasBits));
  if (batchFoldDelay >= 0)
    module->setAttr(kBatchFoldDelayAttribute,
                    builder.getI32IntegerAttr(batchFoldDelay));
}
