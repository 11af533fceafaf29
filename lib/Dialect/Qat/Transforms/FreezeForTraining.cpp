//===- FreezeForTraining.cpp - qat-freeze-for-training --------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/Transforms/FreezeForTraining.h"

#include "FoldBatchNorm.h"
#include "LayerQuantizer.h"

#include "qat/Dialect/Qat/IR/ChannelAxes.h"
#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATFREEZEFORTRAINING
#include "qat/Dialect/Qat/Transforms/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
/// Rewrites one function, whose batch norms are folded or frozen.
class TrainingFreezer {
public:
  TrainingFreezer(func::FuncOp function, unsigned biasBits)
      : function(function), rules(function, biasBits), builder(function),
        biasBits(builder.getI32IntegerAttr(biasBits)) {}

  LogicalResult run();

private:
  LogicalResult visit(Operation *op);
  LogicalResult visitWeighted(Operation *op);
  LogicalResult visitPool(tosa::AvgPool2dOp op);

  /// The step of the tensor `value`, which `user` reads.
  FailureOr<Value> lookup(Operation *user, Value value);
  /// The step of what `quantizer` gives, computed where `builder` stands or
  /// before.
  FailureOr<Value> getStep(ActivationQuantizerOpInterface quantizer);
  /// The step of the weights that `quantizer` gives.
  Value buildWeightStep(WeightQuantizerOpInterface quantizer);
  /// Whether the layer `op` has its batch norm in its weights.
  static bool foldsIntoWeights(Operation *op,
                               WeightQuantizerOpInterface quantizer);

  func::FuncOp function;
  /// How layers round.
  LayerQuantizer rules;
  OpBuilder builder;
  IntegerAttr biasBits;
  DenseMap<Value, Value> steps;
  DenseMap<Operation *, Value> quantizerSteps;
};

struct FreezeForTraining
    : qat::impl::QatFreezeForTrainingBase<FreezeForTraining> {
  using QatFreezeForTrainingBase::QatFreezeForTrainingBase;

  void runOnOperation() override {
    if (failed(freezeForTraining(getOperation(), keepBounds)))
      signalPassFailure();
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

FailureOr<Value> TrainingFreezer::lookup(Operation *user, Value value) {
  auto found = steps.find(value);
  if (found != steps.end())
    return found->second;
  InFlightDiagnostic diagnostic =
      user->emitError("has an operand that lies on no grid");
  if (Operation *producer = value.getDefiningOp())
    appendProducer(diagnostic, producer);
  diagnostic << "; was qat-insert-quantizers run?";
  return diagnostic;
}

FailureOr<Value>
TrainingFreezer::getStep(ActivationQuantizerOpInterface quantizer) {
  Value &step = quantizerSteps[quantizer];
  if (step)
    return step;
  Location location = quantizer.getLoc();
  auto scalar = RankedTensorType::get({}, builder.getF32Type());
  if (auto pact = dyn_cast<PactOp>(quantizer.getOperation())) {
    step = PactStepOp::create(builder, location, scalar, pact.getAlpha(),
                              pact.getBitsAttr());
  } else if (auto bounded = dyn_cast<BoundedOp>(quantizer.getOperation())) {
    step = BoundedStepOp::create(builder, location, scalar, bounded.getLo(),
                                 bounded.getHi(), bounded.getBitsAttr());
  } else {
    // The range of the input is fixed.
    quant::UniformQuantizedType type = quantizer.getFrozenType({});
    if (!type)
      return failure();
    step = arith::ConstantOp::create(
        builder, location,
        DenseElementsAttr::get(scalar, static_cast<float>(type.getScale())));
  }
  return step;
}

Value TrainingFreezer::buildWeightStep(WeightQuantizerOpInterface quantizer) {
  auto type = RankedTensorType::get({}, builder.getF32Type());
  DenseI64ArrayAttr axes;
  auto weightType =
      cast<RankedTensorType>(quantizer.getQuantizedInput().getType());
  if (auto minMax = dyn_cast<WeightMinMaxOp>(quantizer.getOperation());
      minMax && minMax.getChannelAxes()) {
    axes = minMax.getChannelAxesAttr();
    type = RankedTensorType::get(countChannels(weightType, axes.asArrayRef()),
                                 builder.getF32Type());
  }
  return WeightStepOp::create(
      builder, quantizer.getLoc(), type, quantizer.getQuantizedInput(),
      quantizer.getBounds(), builder.getI32IntegerAttr(quantizer.getGridBits()),
      axes);
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

bool TrainingFreezer::foldsIntoWeights(Operation *op,
                                       WeightQuantizerOpInterface quantizer) {
  if (auto fold = op->getAttrOfType<BatchNormFoldAttr>(kFoldTypeAttribute))
    return fold.getValue() == BatchNormFold::FoldingWeights;
  return !quantizer.isPerChannel();
}

/// A bias with one element a channel: TOSA lets one element serve them all.
static FailureOr<Value> getBias(OpBuilder &builder, Operation *op,
                                int64_t channels) {
  Value bias = getBiasOperand(op).get();
  auto type = RankedTensorType::get(channels, builder.getF32Type());
  if (bias.getType() == type)
    return bias;
  std::optional<std::vector<float>> value = getConstantFloats(bias);
  if (!value || value->size() != 1)
    return op->emitError("expects a bias of type ")
           << type << " to train it frozen, but got " << bias.getType();
  return arith::ConstantOp::create(builder, bias.getLoc(),
                                   DenseElementsAttr::get(type, value->front()))
      .getResult();
}

LogicalResult TrainingFreezer::visitWeighted(Operation *op) {
  FailureOr<Value> inputStep = lookup(op, op->getOperand(0));
  if (failed(inputStep))
    return failure();
  LayerGroup group = LayerGroup::get(op);
  BatchNormOp batchNorm = group.batchNorm;
  OpOperand &weight = getWeightOperand(op), &bias = getBiasOperand(op);
  auto quantizer = weight.get().getDefiningOp<WeightQuantizerOpInterface>();
  if (!quantizer)
    return op->emitError("expects quantized weights; run "
                         "qat-insert-quantizers before");
  if (!group.quantizer && batchNorm)
    return batchNorm.emitError("has neither a quantizer behind it nor was it "
                               "folded into weights");
  if (!group.quantizer && !group.isLast())
    return op->emitError("expects a quantizer behind it; run "
                         "qat-insert-quantizers before");

  builder.setInsertionPoint(op);
  Location location = op->getLoc();
  SmallVector<int64_t> axes = getChannelAxes(op);
  auto axesAttr = builder.getDenseI64ArrayAttr(axes);
  auto rounding = RoundingModeAttr::get(
      builder.getContext(), rules.getRounding(group) == Rounding::Nearest
                                ? RoundingMode::Nearest
                                : RoundingMode::Floor);
  FailureOr<Value> realBias = getBias(
      builder, op,
      countChannels(cast<RankedTensorType>(weight.get().getType()), axes));
  if (failed(realBias))
    return failure();
  Value weightStep = buildWeightStep(quantizer);
  Type vector = realBias->getType();
  if (!group.quantizer) {
    auto quantized = QuantizeLogitBiasOp::create(
        builder, location, *realBias, weight.get(), weightStep, *inputStep,
        axesAttr, rounding, biasBits);
    bias.set(quantized.getResult());
    return success();
  }
  FailureOr<Value> outputStep = getStep(group.quantizer);
  if (failed(outputStep))
    return failure();
  raise(group.quantizer);
  if (!batchNorm && foldsIntoWeights(op, quantizer)) {
    auto quantized = QuantizeFoldedBiasOp::create(
        builder, location, *realBias, weightStep, *inputStep, *outputStep,
        rounding, biasBits);
    bias.set(quantized.getResult());
    return success();
  }
  SmallVector<Value> norm;
  FloatAttr epsilon;
  if (batchNorm) {
    norm = {batchNorm.getGamma(), batchNorm.getBeta(), batchNorm.getMean(),
            batchNorm.getVariance()};
    epsilon = batchNorm.getEpsilonAttr();
  }
  auto channels = QuantizeChannelsOp::create(
      builder, location,
      TypeRange{weight.get().getType(), vector, vector, vector, vector, vector},
      weight.get(), *realBias, weightStep, *inputStep, *outputStep, norm,
      epsilon, axesAttr, rounding, biasBits);
  weight.set(channels.getQuantizedWeight());
  bias.set(channels.getQuantizedBias());
  if (!batchNorm)
    return success();
  builder.setInsertionPoint(batchNorm);
  auto scaled = ScaleChannelsOp::create(
      builder, batchNorm.getLoc(), batchNorm.getType(), batchNorm.getInput(),
      channels.getScale(), DenseI64ArrayAttr());
  batchNorm.getResult().replaceAllUsesWith(scaled.getResult());
  batchNorm.erase();
  return success();
}

LogicalResult TrainingFreezer::visitPool(tosa::AvgPool2dOp op) {
  FailureOr<Value> step = lookup(op, op.getInput());
  if (failed(step))
    return failure();
  builder.setInsertionPoint(op);
  auto pool = RoundedAvgPool2DOp::create(
      builder, op.getLoc(), op.getType(), op.getInput(), *step,
      op.getKernelAttr(), op.getStrideAttr(), op.getPadAttr(),
      RoundingModeAttr::get(builder.getContext(), rules.getModuleRounding()));
  op.getOutput().replaceAllUsesWith(pool.getResult());
  steps[pool.getResult()] = *step;
  op.erase();
  return success();
}

LogicalResult TrainingFreezer::visit(Operation *op) {
  if (isWeightedLayer(op))
    return visitWeighted(op);
  if (auto pool = dyn_cast<tosa::AvgPool2dOp>(op))
    return visitPool(pool);
  if (auto quantizer = dyn_cast<ActivationQuantizerOpInterface>(op)) {
    // A ReLU6, which is clamped alone before it is frozen, is clipped then.
    if (auto pact = dyn_cast<PactOp>(op);
        pact && pact.getActivationType() == ActivationType::ReLU6)
      pact.setActivationType(ActivationType::Clipped);
    builder.setInsertionPoint(op);
    FailureOr<Value> step = getStep(quantizer);
    if (succeeded(step))
      steps[op->getResult(0)] = *step;
    return step;
  }
  // What moves elements keeps their grid. Another one that follows has a
  // quantizer of its own.
  if (isa<tosa::MaxPool2dOp, tosa::SliceOp, tosa::ReshapeOp, tosa::PadOp>(op))
    if (auto found = steps.find(op->getOperand(0)); found != steps.end()) {
      Value step = found->second;
      steps[op->getResult(0)] = step;
    }
  return success();
}

LogicalResult TrainingFreezer::run() {
  Block &body = function.getBody().front();
  for (BlockArgument argument : body.getArguments())
    if (!argument.hasOneUse() || !isa<QuantizeInputOp>(*argument.user_begin()))
      return function.emitError("expects qat.quantize_input on its argument; "
                                "run qat-insert-quantizers before");
  // The walk adds operations, which need no visit; batch norms go with their
  // layers.
  SmallVector<Operation *> operations;
  for (Operation &op : body)
    if (!isa<BatchNormOp>(op))
      operations.push_back(&op);
  for (Operation *op : operations)
    if (failed(visit(op)))
      return failure();
  // The zero points of pools.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
  return success();
}

/// Moves parameters and constants to the front, so that steps can be computed
/// ahead of the layers that they belong to.
static void hoistParameters(Block &body) {
  Operation *last = nullptr;
  for (Operation &op : llvm::make_early_inc_range(body)) {
    bool isLeaf = op.getNumOperands() == 0 && op.getNumRegions() == 0 &&
                  (op.hasTrait<OpTrait::ConstantLike>() ||
                   isa<ml_program::GlobalLoadOp>(op));
    if (!isLeaf)
      continue;
    if (last)
      op.moveAfter(last);
    else
      op.moveBefore(&body, body.begin());
    last = &op;
  }
}

LogicalResult mlir::qat::freezeForTraining(ModuleOp module, bool keepBounds) {
  FailureOr<unsigned> biasBits = getBiasBits(module, 0);
  if (failed(biasBits))
    return failure();
  thawTraining(module);
  if (!keepBounds && !module->hasAttr(kTrainedBoundsAttribute) &&
      failed(setFoldedBoundsAnew(module)))
    return failure();
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isExternal() || !function.getBody().hasOneBlock())
      return function.emitError("expects a body of one block");
    if (failed(checkSizes(function)))
      return failure();
    hoistParameters(function.getBody().front());
  }
  if (failed(foldBatchNorms(module)))
    return failure();
  for (auto function : module.getOps<func::FuncOp>())
    if (failed(TrainingFreezer(function, *biasBits).run()))
      return failure();
  return success();
}
