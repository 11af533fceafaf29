//===- FreezeOtherLayers.cpp - integer layers without weights ---===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Freezer.h"

#include "qat/Support/ActivationQuantizers.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::qat;
using quant::UniformQuantizedType;

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
                 type->getScale(), quantizer.getRounding(group));
  if (!rule)
    return op.emitError() << llvm::toString(rule.takeError());
  auto shape = cast<RankedTensorType>(op.getType()).getShape();
  Value result =
      AddOp::create(builder, op.getLoc(), RankedTensorType::get(shape, *type),
                    *lhs, *rhs, builder.getI32IntegerAttr(rule->multiplier1),
                    builder.getI32IntegerAttr(rule->multiplier2),
                    builder.getI32IntegerAttr(rule->offset),
                    builder.getI32IntegerAttr(rule->shift));
  defineGroup(group, result);
  return success();
}

FailureOr<Value> Freezer::moveToGrid(Operation *op, Value value,
                                     UniformQuantizedType grid,
                                     Rounding rounding, const Twine &name) {
  if (gridTypeOf(value) == grid)
    return value;
  llvm::Expected<AddRule> rule =
      getRescaleRule(gridTypeOf(value).getScale(), grid.getScale(), rounding);
  if (!rule)
    return op->emitError() << llvm::toString(rule.takeError());
  auto shape = cast<RankedTensorType>(value.getType()).getShape();
  return RequantizeOp::create(builder,
                              NameLoc::get(builder.getStringAttr(name)),
                              RankedTensorType::get(shape, grid), value,
                              builder.getI32IntegerAttr(rule->multiplier1),
                              builder.getI32IntegerAttr(rule->offset),
                              builder.getI32IntegerAttr(rule->shift))
      .getResult();
}

LogicalResult Freezer::visitRequantize(ActivationQuantizerOpInterface op) {
  FailureOr<Value> input = lookup(op, op.getQuantizedInput());
  FailureOr<UniformQuantizedType> type = getFrozenType(op);
  if (failed(input) || failed(type))
    return failure();
  FailureOr<Value> result = moveToGrid(
      op, *input, *type,
      toRounding(getRoundingMode(op).value_or(quantizer.getModuleRounding())),
      getLayerName(op));
  if (failed(result))
    return failure();
  define(op->getResult(0), *result);
  return success();
}

//===----------------------------------------------------------------------===//
// Concat, pad
//===----------------------------------------------------------------------===//

LogicalResult Freezer::visitConcat(tosa::ConcatOp op) {
  LayerGroup group = LayerGroup::get(op);
  if (!group.quantizer)
    return op.emitError("expects a quantizer behind it; run "
                        "qat-insert-quantizers before");
  auto type = cast<RankedTensorType>(op.getType());
  int64_t axis = op.getAxis();
  if (axis == 0)
    return op.emitError("a concat of batches has no integer form");
  FailureOr<UniformQuantizedType> grid = getFrozenType(group.quantizer);
  if (failed(grid))
    return failure();
  SmallVector<Value> inputs;
  for (auto [index, operand] : llvm::enumerate(op.getInput1())) {
    FailureOr<Value> input = lookup(op, operand);
    if (failed(input))
      return failure();
    FailureOr<Value> moved =
        moveToGrid(op, *input, *grid, quantizer.getRounding(group),
                   getLayerName(op) + ".operand" + Twine(index));
    if (failed(moved))
      return failure();
    inputs.push_back(*moved);
  }
  defineGroup(group, qat::ConcatOp::create(
                         builder, op.getLoc(),
                         RankedTensorType::get(type.getShape(), *grid), inputs,
                         builder.getI64IntegerAttr(axis)));
  return success();
}

LogicalResult Freezer::visitPad(tosa::PadOp op) {
  FailureOr<Value> input = lookup(op, op.getInput1());
  if (failed(input))
    return failure();
  std::optional<float> value = getPadValue(op);
  DenseIntElementsAttr padding;
  if (!value || !matchPattern(op.getPadding(), m_Constant(&padding)))
    return op.emitError("expects a constant to pad with and constant sizes");
  auto type = cast<RankedTensorType>(op.getType());
  SmallVector<int64_t> low, high;
  for (auto [index, size] : llvm::enumerate(padding.getValues<APInt>()))
    (index % 2 == 0 ? low : high).push_back(size.getSExtValue());
  if (type.getRank() != 4 || low[0] != 0 || high[0] != 0 ||
      llvm::any_of(llvm::concat<int64_t>(low, high),
                   [](int64_t size) { return size < 0; }))
    return op.emitError("has an integer form for images (rank 4) alone, and "
                        "not along the batch");

  // Zero lies on every grid; another value comes with a grid that holds it.
  UniformQuantizedType grid = gridTypeOf(*input);
  int64_t stored = grid.getZeroPoint();
  LayerGroup group = LayerGroup::get(op);
  if (*value != 0) {
    if (!group.quantizer)
      return op.emitError("expects a quantizer behind it; run "
                          "qat-insert-quantizers before");
    FailureOr<UniformQuantizedType> frozenGrid = getFrozenType(group.quantizer);
    if (failed(frozenGrid))
      return failure();
    grid = *frozenGrid;
    Rounding rounding = quantizer.getRounding(group);
    input =
        moveToGrid(op, *input, grid, rounding, getLayerName(op) + ".operand");
    if (failed(input))
      return failure();
    stored = TwoBoundQuantizer(gridOf(grid), rounding).quantize(*value);
  }
  Value result = qat::PadOp::create(
      builder, op.getLoc(), RankedTensorType::get(type.getShape(), grid),
      *input, builder.getDenseI64ArrayAttr(low),
      builder.getDenseI64ArrayAttr(high), builder.getI32IntegerAttr(stored));
  if (*value != 0)
    defineGroup(group, result);
  else
    define(op.getResult(), result);
  return success();
}

//===----------------------------------------------------------------------===//
// Pools, results
//===----------------------------------------------------------------------===//

LogicalResult Freezer::visitPool(tosa::AvgPool2dOp op) {
  FailureOr<Value> input = lookup(op, op.getInput());
  if (failed(input))
    return failure();
  auto shape = cast<RankedTensorType>(op.getType()).getShape();
  define(op.getResult(),
         AvgPool2DOp::create(
             builder, op.getLoc(),
             RankedTensorType::get(shape, gridTypeOf(*input)), *input,
             op.getKernelAttr(), op.getStrideAttr(), op.getPadAttr(),
             RoundingModeAttr::get(builder.getContext(),
                                   quantizer.getModuleRounding())));
  return success();
}

LogicalResult Freezer::visitPool(tosa::MaxPool2dOp op) {
  FailureOr<Value> input = lookup(op, op.getInput());
  if (failed(input))
    return failure();
  auto shape = cast<RankedTensorType>(op.getType()).getShape();
  define(op.getResult(),
         MaxPool2DOp::create(builder, op.getLoc(),
                             RankedTensorType::get(shape, gridTypeOf(*input)),
                             *input, op.getKernelAttr(), op.getStrideAttr(),
                             op.getPadAttr()));
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
