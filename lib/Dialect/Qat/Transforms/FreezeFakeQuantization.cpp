//===- FreezeFakeQuantization.cpp - qat-freeze-fake-quantization -*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerQuantizer.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Support/ActivationQuantizers.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATFREEZEFAKEQUANTIZATION
#include "qat/Dialect/Qat/Transforms/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;
using quant::UniformQuantizedType;

namespace {
/// Rewrites one function of form Q in place, layer by layer.
class FakeFreezer {
public:
  FakeFreezer(func::FuncOp function, unsigned biasBits)
      : function(function), quantizer(function, biasBits), builder(function) {}

  LogicalResult run();

private:
  LogicalResult visit(Operation *op);
  LogicalResult visitWeighted(Operation *op);
  LogicalResult visitAdd(tosa::AddOp op);
  LogicalResult visitConcat(tosa::ConcatOp op);
  LogicalResult visitPad(tosa::PadOp op);
  LogicalResult visitPool(tosa::AvgPool2dOp op);
  LogicalResult visitQuantizer(ActivationQuantizerOpInterface op);

  /// The grid on which `value` lies; an error on `user` where there is none.
  FailureOr<UniformQuantizedType> lookup(Operation *user, Value value);
  /// The result of `op` lies on the grid of its first operand.
  LogicalResult keepGrid(Operation *op);
  /// Puts `operand` on `grid` as `original` does, under `name`; leaves it where
  /// it lies there already.
  LogicalResult moveToGrid(OpOperand &operand,
                           ActivationQuantizerOpInterface original,
                           UniformQuantizedType grid, const Twine &name);
  /// Takes the quantizer behind `group` out: its input lies on `grid`.
  void dropQuantizer(const LayerGroup &group, UniformQuantizedType grid);
  Value buildConstant(const Twine &name, ArrayRef<int64_t> shape,
                      ArrayRef<float> values);

  func::FuncOp function;
  LayerQuantizer quantizer;
  OpBuilder builder;
  DenseMap<Value, UniformQuantizedType> grids;
  /// What was replaced; erased at the end of the walk.
  DenseSet<Operation *> replaced;
};

struct FreezeFakeQuantization
    : qat::impl::QatFreezeFakeQuantizationBase<FreezeFakeQuantization> {
  using QatFreezeFakeQuantizationBase::QatFreezeFakeQuantizationBase;
  void runOnOperation() override;
};
} // namespace

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

FailureOr<UniformQuantizedType> FakeFreezer::lookup(Operation *user,
                                                    Value value) {
  auto found = grids.find(value);
  if (found != grids.end())
    return found->second;
  InFlightDiagnostic diagnostic =
      user->emitError("has an operand that lies on no grid");
  if (Operation *producer = value.getDefiningOp())
    appendProducer(diagnostic, producer);
  diagnostic << "; was qat-insert-quantizers run?";
  return diagnostic;
}

LogicalResult FakeFreezer::keepGrid(Operation *op) {
  FailureOr<UniformQuantizedType> grid = lookup(op, op->getOperand(0));
  if (succeeded(grid))
    grids[op->getResult(0)] = *grid;
  return grid;
}

Value FakeFreezer::buildConstant(const Twine &name, ArrayRef<int64_t> shape,
                                 ArrayRef<float> values) {
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  return arith::ConstantOp::create(builder,
                                   NameLoc::get(builder.getStringAttr(name)),
                                   DenseElementsAttr::get(type, values));
}

LogicalResult FakeFreezer::moveToGrid(OpOperand &operand,
                                      ActivationQuantizerOpInterface original,
                                      UniformQuantizedType grid,
                                      const Twine &name) {
  FailureOr<UniformQuantizedType> own =
      lookup(operand.getOwner(), operand.get());
  if (failed(own))
    return failure();
  if (*own == grid)
    return success();
  builder.setInsertionPoint(operand.getOwner());
  IRMapping mapping;
  mapping.map(original.getQuantizedInput(), operand.get());
  // The bounds may stand behind the operation.
  for (Value bound : original.getBounds())
    mapping.map(bound, builder.clone(*bound.getDefiningOp())->getResult(0));
  Operation *moved = builder.clone(*original, mapping);
  moved->setLoc(NameLoc::get(builder.getStringAttr(name)));
  moved->getResult(0).setType(operand.get().getType());
  operand.set(moved->getResult(0));
  return success();
}

void FakeFreezer::dropQuantizer(const LayerGroup &group,
                                UniformQuantizedType grid) {
  ActivationQuantizerOpInterface quantizer = group.quantizer;
  Value input = quantizer.getQuantizedInput();
  quantizer->getResult(0).replaceAllUsesWith(input);
  replaced.insert(quantizer);
  // Through the reshapes that stand between the operation and its quantizer.
  for (Value value = input;; value = value.getDefiningOp()->getOperand(0)) {
    grids[value] = grid;
    if (value == group.layer->getResult(0))
      break;
  }
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

/// A ReLU6, which is clamped alone before it is frozen, is clipped from now on.
static void clip(ActivationQuantizerOpInterface quantizer) {
  if (auto pact = dyn_cast<PactOp>(quantizer.getOperation());
      pact && pact.getActivationType() == ActivationType::ReLU6)
    pact.setActivationType(ActivationType::Clipped);
}

LogicalResult FakeFreezer::visitWeighted(Operation *op) {
  FailureOr<UniformQuantizedType> input = lookup(op, op->getOperand(0));
  if (failed(input))
    return failure();
  LayerGroup group = LayerGroup::get(op);
  FailureOr<LayerIntegers> layer = quantizer.quantizeLayer(group, *input);
  if (failed(layer))
    return failure();

  if (group.quantizer)
    raise(group.quantizer);
  builder.setInsertionPoint(op);
  std::string name = getLayerName(op);
  OpOperand &weights = getWeightOperand(op);
  auto shape = cast<RankedTensorType>(weights.get().getType()).getShape();
  weights.set(
      buildConstant(name + ".weight", shape,
                    fromChannelMajor<float>(layer->weights.getFake(), shape,
                                            getChannelAxes(op))));
  int64_t channels = layer->fakeBiases.size();
  getBiasOperand(op).set(
      buildConstant(name + ".bias", channels, layer->fakeBiases));
  if (BatchNormOp batchNorm = group.batchNorm) {
    batchNorm.getResult().replaceAllUsesWith(batchNorm.getInput());
    replaced.insert(batchNorm);
  }
  op->removeAttr(kFoldTypeAttribute);
  if (llvm::all_of(layer->fakeScales, [](float scale) { return scale == 1; }))
    return success();
  builder.setInsertionPointAfter(op);
  Value scale =
      buildConstant(name + ".scale", {1, 1, 1, channels}, layer->fakeScales);
  auto shiftType = RankedTensorType::get({1}, builder.getI8Type());
  Value shift = tosa::ConstOp::create(
      builder, op->getLoc(), shiftType,
      DenseElementsAttr::get(shiftType, static_cast<int8_t>(0)));
  Value result = op->getResult(0);
  auto scaled = tosa::MulOp::create(builder, op->getLoc(), result.getType(),
                                    result, scale, shift);
  result.replaceAllUsesExcept(scaled.getOutput(), scaled);
  return success();
}

LogicalResult FakeFreezer::visitAdd(tosa::AddOp op) {
  if (failed(lookup(op, op.getInput1())) || failed(lookup(op, op.getInput2())))
    return failure();
  if (!LayerGroup::get(op).quantizer)
    return op.emitError("expects a quantizer behind it; run "
                        "qat-insert-quantizers before");
  return success();
}

LogicalResult FakeFreezer::visitConcat(tosa::ConcatOp op) {
  LayerGroup group = LayerGroup::get(op);
  if (!group.quantizer)
    return op.emitError("expects a quantizer behind it; run "
                        "qat-insert-quantizers before");
  clip(group.quantizer);
  FailureOr<UniformQuantizedType> grid = getFrozenType(group.quantizer);
  if (failed(grid))
    return failure();
  for (OpOperand &operand : op->getOpOperands())
    if (failed(moveToGrid(operand, group.quantizer, *grid,
                          getLayerName(op) + ".operand" +
                              Twine(operand.getOperandNumber()))))
      return failure();
  dropQuantizer(group, *grid);
  return success();
}

LogicalResult FakeFreezer::visitPad(tosa::PadOp op) {
  std::optional<float> value = getPadValue(op);
  if (!value)
    return op.emitError("expects a constant to pad with");
  if (*value == 0)
    return keepGrid(op);
  LayerGroup group = LayerGroup::get(op);
  if (!group.quantizer)
    return op.emitError("expects a quantizer behind it; run "
                        "qat-insert-quantizers before");
  clip(group.quantizer);
  FailureOr<UniformQuantizedType> type = getFrozenType(group.quantizer);
  if (failed(type) || failed(moveToGrid(op->getOpOperand(0), group.quantizer,
                                        *type, getLayerName(op) + ".operand")))
    return failure();
  TwoBoundQuantizer rounder(gridOf(*type), quantizer.getRounding(group));
  builder.setInsertionPoint(op);
  OpOperand &padValue = op.getPadConstMutable();
  auto shape = cast<RankedTensorType>(padValue.get().getType()).getShape();
  padValue.set(buildConstant(getLayerName(op) + ".value", shape,
                             rounder.fakeQuantize(*value)));
  dropQuantizer(group, *type);
  return success();
}

LogicalResult FakeFreezer::visitPool(tosa::AvgPool2dOp op) {
  FailureOr<UniformQuantizedType> grid = lookup(op, op.getInput());
  if (failed(grid))
    return failure();
  builder.setInsertionPoint(op);
  Value step = buildConstant(getLayerName(op) + ".step", {},
                             static_cast<float>(grid->getScale()));
  auto pool = RoundedAvgPool2DOp::create(
      builder, op.getLoc(), op.getType(), op.getInput(), step,
      op.getKernelAttr(), op.getStrideAttr(), op.getPadAttr(),
      RoundingModeAttr::get(builder.getContext(),
                            quantizer.getModuleRounding()));
  op.getOutput().replaceAllUsesWith(pool.getResult());
  replaced.insert(op);
  grids[pool.getResult()] = *grid;
  return success();
}

LogicalResult FakeFreezer::visitQuantizer(ActivationQuantizerOpInterface op) {
  FailureOr<UniformQuantizedType> type = getFrozenType(op);
  if (failed(type))
    return failure();
  clip(op);
  Value input = op.getQuantizedInput(), result = op->getResult(0);
  // A requantization to the grid on which the tensor lies already copies it.
  if (auto found = grids.find(input);
      found != grids.end() && found->second == *type) {
    result.replaceAllUsesWith(input);
    replaced.insert(op);
    return success();
  }
  grids[result] = *type;
  return success();
}

//===----------------------------------------------------------------------===//
// The walk over the graph
//===----------------------------------------------------------------------===//

LogicalResult FakeFreezer::visit(Operation *op) {
  if (replaced.contains(op) || isOpTriviallyDead(op))
    return success();
  if (isWeightedLayer(op))
    return visitWeighted(op);
  if (auto add = dyn_cast<tosa::AddOp>(op))
    return visitAdd(add);
  if (auto concat = dyn_cast<tosa::ConcatOp>(op))
    return visitConcat(concat);
  if (auto pad = dyn_cast<tosa::PadOp>(op))
    return visitPad(pad);
  if (auto pool = dyn_cast<tosa::AvgPool2dOp>(op))
    return visitPool(pool);
  if (auto quantizer = dyn_cast<ActivationQuantizerOpInterface>(op))
    return visitQuantizer(quantizer);
  if (isa<tosa::MaxPool2dOp>(op))
    return keepGrid(op);
  if (auto slice = dyn_cast<tosa::SliceOp>(op); slice && isUnreachedCrop(slice))
    return keepGrid(op);
  if (isa<tosa::ReshapeOp>(op)) {
    // The results of layers lie on no grid before their quantizer.
    if (grids.contains(op->getOperand(0)))
      return keepGrid(op);
    return success();
  }
  if (auto softmax = dyn_cast<SoftmaxOp>(op)) {
    if (!feedsOnlyResults(softmax.getResult()))
      return op->emitError("a softmax within the network has no integer form");
    return success();
  }
  if (op->hasTrait<OpTrait::ConstantLike>() ||
      isa<ml_program::GlobalLoadOp, tosa::ConstShapeOp,
          WeightQuantizerOpInterface, FoldWeightOp, FoldBiasOp, func::ReturnOp>(
          op))
    return success();
  return op->emitError() << "'" << op->getName() << "' has no integer form";
}

LogicalResult FakeFreezer::run() {
  Block &body = function.getBody().front();
  for (BlockArgument argument : body.getArguments())
    if (!argument.hasOneUse() || !isa<QuantizeInputOp>(*argument.user_begin()))
      return function.emitError("expects qat.quantize_input on its argument; "
                                "run qat-insert-quantizers before");
  // The walk adds operations, which need no visit.
  SmallVector<Operation *> operations;
  for (Operation &op : body)
    operations.push_back(&op);
  for (Operation *op : operations)
    if (failed(visit(op)))
      return failure();
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
  return success();
}

void FreezeFakeQuantization::runOnOperation() {
  ModuleOp module = getOperation();
  FailureOr<unsigned> bits = getBiasBits(module, biasBits);
  if (failed(bits))
    return signalPassFailure();
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isExternal() || !function.getBody().hasOneBlock()) {
      function.emitError("expects a body of one block");
      return signalPassFailure();
    }
    if (failed(checkSizes(function)) ||
        failed(FakeFreezer(function, *bits).run()))
      return signalPassFailure();
  }
  removeFreezingAttributes(module);
}
