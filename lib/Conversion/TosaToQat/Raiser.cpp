//===- Raiser.cpp - raises one 8-bit TOSA function ------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Raiser.h"

#include "Constants.h"
#include "IntegerSoftmax.h"

#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/ScaleRounding.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>

using namespace mlir;
using namespace mlir::qat;
using quant::UniformQuantizedType;

RankedTensorType Raiser::tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

UniformQuantizedType Raiser::gridOf(Value value) {
  return cast<UniformQuantizedType>(tensorType(value).getElementType());
}

bool Raiser::isInteger(Value value, unsigned bits) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getElementType().isInteger(bits);
}

int64_t Raiser::getWindowedSize(int64_t input, int64_t before, int64_t after,
                                int64_t kernel, int64_t stride,
                                int64_t dilation) {
  return (input + before + after - (kernel - 1) * dilation - 1) / stride + 1;
}

/// The constants of a rescale on signed integers; nullopt where one is none.
static std::optional<Rescale> getRescale(tosa::RescaleOp op) {
  std::optional<std::vector<int64_t>> multipliers =
      getIntegers(op.getMultiplier());
  std::optional<std::vector<int64_t>> shifts = getIntegers(op.getShift());
  std::optional<int64_t> inputZero = getSplatInteger(op.getInputZp());
  std::optional<int64_t> outputZero = getSplatInteger(op.getOutputZp());
  if (!multipliers || !shifts || !inputZero || !outputZero ||
      !op.getScale32() || op.getInputUnsigned() || op.getOutputUnsigned() ||
      multipliers->size() != shifts->size() || multipliers->empty())
    return std::nullopt;
  Rescale rescale;
  rescale.multipliers.assign(multipliers->begin(), multipliers->end());
  rescale.shifts.assign(shifts->begin(), shifts->end());
  rescale.inputZero = *inputZero;
  rescale.outputZero = *outputZero;
  // INEXACT_ROUND leaves the choice to us.
  if (op.getRoundingMode() == tosa::RoundingMode::DOUBLE_ROUND)
    rescale.rounding = ScaleRoundingMode::DoubleRound;
  auto isScale = [](int32_t multiplier, int8_t shift) {
    return multiplier >= 0 && shift >= 2 && shift <= 62;
  };
  for (auto [multiplier, shift] :
       llvm::zip_equal(rescale.multipliers, rescale.shifts))
    if (!isScale(multiplier, shift))
      return std::nullopt;
  return rescale;
}

Raiser::Raiser(func::FuncOp main)
    : main(main), builder(main.getContext()),
      grids(main->getParentOfType<ModuleOp>()->getAttrOfType<DictionaryAttr>(
          kGridsAttrName)) {}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

template <typename ConvOp>
bool Raiser::raiseWeighted(tosa::RescaleOp op, ConvOp conv) {
  constexpr bool isDepthwise = std::is_same_v<ConvOp, tosa::DepthwiseConv2DOp>;
  Value input = lookup(conv.getInput(), /*mayBeCut=*/true);
  std::optional<Rescale> rescale = getRescale(op);
  std::optional<int64_t> inputZero = getSplatInteger(conv.getInputZp());
  std::optional<int64_t> weightZero = getSplatInteger(conv.getWeightZp());
  if (!input || !rescale || rescale->inputZero != 0 || !inputZero ||
      !weightZero || gridOf(input).getZeroPoint() != *inputZero ||
      !isInteger(conv.getOutput(), 32) || !conv.getOutput().hasOneUse())
    return false;
  ArrayRef<int64_t> weightShape = tensorType(conv.getWeight()).getShape();
  ArrayRef<int64_t> inputShape = tensorType(input).getShape();
  RankedTensorType resultType = tensorType(op.getOutput());
  int64_t channels = resultType.getShape().back();
  int64_t kernel[2] = {weightShape[isDepthwise ? 0 : 1],
                       weightShape[isDepthwise ? 1 : 2]};
  ArrayRef<int64_t> pad = conv.getPad(), stride = conv.getStride(),
                    dilation = conv.getDilation();
  for (int axis : {0, 1})
    if (getWindowedSize(inputShape[1 + axis], pad[2 * axis], pad[2 * axis + 1],
                        kernel[axis], stride[axis],
                        dilation[axis]) != resultType.getDimSize(1 + axis))
      return false;

  Location loc = op.getLoc();
  Value bias = makeBias(loc, conv.getBias(), channels);
  bool isDense = !isDepthwise && inputShape[1] == 1 && inputShape[2] == 1 &&
                 kernel[0] == 1 && kernel[1] == 1 &&
                 weightShape.back() == inputShape.back() &&
                 llvm::all_of(pad, [](int64_t size) { return size == 0; });
  SmallVector<int64_t> storedShape(weightShape);
  if (isDepthwise)
    storedShape = {kernel[0], kernel[1], channels};
  else if (isDense)
    storedShape = {channels, inputShape.back()};
  Value weights = makeWeights(loc, conv.getWeight(), storedShape,
                              getWeightGrid(conv.getWeight(), *weightZero,
                                            channels, isDepthwise ? 2 : 0));
  if (!bias || !weights ||
      (rescale->multipliers.size() != 1 &&
       static_cast<int64_t>(rescale->multipliers.size()) != channels))
    return false;

  UniformQuantizedType grid = getGrid(getLayerName(loc), rescale->outputZero);
  auto multiplier = builder.getDenseI32ArrayAttr(rescale->multipliers);
  auto shift = builder.getDenseI8ArrayAttr(rescale->shifts);
  auto accumulator = builder.getI32IntegerAttr(64);
  Value thresholds; // none: imported layers multiply
  DenseBoolArrayAttr falling;
  auto rounding =
      ScaleRoundingModeAttr::get(builder.getContext(), rescale->rounding);
  Type type = resultType.clone(grid);
  Value result;
  if constexpr (isDepthwise) {
    result = DepthwiseConv2DOp::create(
        builder, loc, type, input, weights, bias, conv.getPadAttr(),
        conv.getStrideAttr(), conv.getDilationAttr(), thresholds, multiplier,
        shift, falling, accumulator, rounding);
  } else if (isDense) {
    int64_t batch = inputShape[0];
    Value flat = reshape(loc, input, {batch, inputShape.back()});
    result = FullyConnectedOp::create(
        builder, loc, RankedTensorType::get({batch, channels}, grid), flat,
        weights, bias, thresholds, multiplier, shift, falling, accumulator,
        rounding);
    result = reshape(loc, result, resultType.getShape());
  } else {
    int64_t groups = inputShape.back() / weightShape.back();
    result = Conv2DOp::create(
        builder, loc, type, input, weights, bias, conv.getPadAttr(),
        conv.getStrideAttr(), conv.getDilationAttr(),
        builder.getI64IntegerAttr(groups), thresholds, multiplier, shift,
        falling, accumulator, rounding);
  }
  replace(op, result, {conv});
  return true;
}

bool Raiser::raiseAdd(tosa::RescaleOp op, tosa::AddOp add) {
  std::optional<Rescale> last = getRescale(op);
  if (!last || last->inputZero != 0 || last->multipliers.size() != 1 ||
      !add.getOutput().hasOneUse())
    return false;
  SmallVector<Operation *> group = {add};
  Value operands[2];
  SmallVector<int32_t> multipliers[2];
  SmallVector<int8_t> shifts[2];
  for (int side : {0, 1}) {
    Value value = add->getOperand(side);
    SmallVector<Rescale> scales;
    while (isInteger(value, 32)) {
      auto rescale = value.getDefiningOp<tosa::RescaleOp>();
      std::optional<Rescale> scale =
          rescale ? getRescale(rescale) : std::nullopt;
      if (!scale || scale->outputZero != 0 || scale->multipliers.size() != 1 ||
          scale->rounding != last->rounding || scales.size() == 2)
        return false;
      scales.push_back(*scale);
      group.push_back(rescale);
      value = rescale.getInput();
    }
    operands[side] = lookup(value);
    if (!operands[side] || scales.empty() ||
        scales.back().inputZero != gridOf(operands[side]).getZeroPoint() ||
        (scales.size() == 2 && scales.front().inputZero != 0) ||
        tensorType(operands[side]).getShape() !=
            tensorType(op.getOutput()).getShape())
      return false;
    for (const Rescale &scale : llvm::reverse(scales)) {
      multipliers[side].push_back(scale.multipliers.front());
      shifts[side].push_back(scale.shifts.front());
    }
  }
  Location loc = op.getLoc();
  Type type = tensorType(op.getOutput())
                  .clone(getGrid(getLayerName(loc), last->outputZero));
  replace(op,
          RescaledAddOp::create(
              builder, loc, type, operands[0], operands[1],
              builder.getDenseI32ArrayAttr(multipliers[0]),
              builder.getDenseI8ArrayAttr(shifts[0]),
              builder.getDenseI32ArrayAttr(multipliers[1]),
              builder.getDenseI8ArrayAttr(shifts[1]),
              builder.getI32IntegerAttr(last->multipliers.front()),
              builder.getI32IntegerAttr(last->shifts.front()),
              ScaleRoundingModeAttr::get(builder.getContext(), last->rounding)),
          group);
  return true;
}

bool Raiser::raiseSoftmax(tosa::RescaleOp op) {
  std::optional<IntegerSoftmax> softmax = matchIntegerSoftmax(op);
  std::optional<int64_t> zeroPoint = getSplatInteger(op.getOutputZp());
  Value input = softmax ? lookup(softmax->input) : Value();
  if (!input || !zeroPoint || gridOf(input).getStorageTypeMin() != INT8_MIN ||
      gridOf(input).getStorageTypeMax() != INT8_MAX)
    return false;
  Type type = tensorType(op.getOutput())
                  .clone(getGrid(getLayerName(op.getLoc()), *zeroPoint));
  replace(
      op,
      TableSoftmaxOp::create(builder, op.getLoc(), type, input, softmax->table),
      softmax->ops);
  return true;
}

bool Raiser::raiseRescale(tosa::RescaleOp op) {
  Operation *source = op.getInput().getDefiningOp();
  if (auto conv = dyn_cast_if_present<tosa::Conv2DOp>(source))
    return raiseWeighted(op, conv);
  if (auto conv = dyn_cast_if_present<tosa::DepthwiseConv2DOp>(source))
    return raiseWeighted(op, conv);
  if (auto add = dyn_cast_if_present<tosa::AddOp>(source))
    return raiseAdd(op, add);
  if (!isInteger(op.getInput(), 8))
    return raiseSoftmax(op);
  std::optional<Rescale> rescale = getRescale(op);
  if (!rescale || rescale->multipliers.size() != 1)
    return false;
  Multiplier scale = {rescale->multipliers.front(), rescale->shifts.front()};
  return makeTable(op, op.getInput(), rescale->outputZero, [&](int64_t x) {
    return applyMultiplier(x - rescale->inputZero, scale,
                           getScaleRounding(rescale->rounding)) +
           rescale->outputZero;
  });
}

bool Raiser::makeTable(Operation *op, Value input, int64_t zeroPoint,
                       function_ref<int64_t(int64_t)> function) {
  Value x = lookup(input);
  if (!x || zeroPoint < INT8_MIN || zeroPoint > INT8_MAX)
    return false;
  SmallVector<int32_t> values;
  for (int64_t stored = gridOf(x).getStorageTypeMin();
       stored <= gridOf(x).getStorageTypeMax(); ++stored)
    values.push_back(std::clamp<int64_t>(function(stored), INT8_MIN, INT8_MAX));
  Location loc = op->getLoc();
  Type type = tensorType(x).clone(getGrid(getLayerName(loc), zeroPoint));
  replace(op, TableOp::create(builder, loc, type, x, values));
  return true;
}

bool Raiser::raiseTable(tosa::TableOp op) {
  std::optional<std::vector<int64_t>> values = getIntegers(op.getTable());
  std::optional<int64_t> zeroPoint = getZeroPointOfUsers(op.getOutput());
  if (!values || values->size() != 256 || !isInteger(op.getInput1(), 8) ||
      !isInteger(op.getOutput(), 8) || !zeroPoint)
    return false;
  return makeTable(op, op.getInput1(), *zeroPoint,
                   [&](int64_t x) { return (*values)[x + 128]; });
}

bool Raiser::limit(Value value, int64_t low, int64_t high) {
  SmallVector<Value> chain;
  while (true) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return false;
    chain.push_back(value);
    if (!isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
      break;
    value = op->getOperand(0);
    if (!value.hasOneUse())
      return false;
  }
  if (!isa<Conv2DOp, DepthwiseConv2DOp, FullyConnectedOp, RescaledAddOp>(
          value.getDefiningOp()))
    return false;
  UniformQuantizedType grid = gridOf(value);
  low = std::max(low, grid.getStorageTypeMin());
  high = std::min(high, grid.getStorageTypeMax());
  if (low >= high || grid.getZeroPoint() < low || grid.getZeroPoint() > high)
    return false;
  auto limited = UniformQuantizedType::get(
      grid.getFlags(), grid.getStorageType(), grid.getExpressedType(),
      grid.getScale(), grid.getZeroPoint(), low, high);
  for (Value link : chain)
    link.setType(tensorType(link).clone(limited));
  return true;
}

bool Raiser::raiseClamp(tosa::ClampOp op) {
  Value input = lookup(op.getInput());
  auto low = dyn_cast<IntegerAttr>(op.getMinVal());
  auto high = dyn_cast<IntegerAttr>(op.getMaxVal());
  if (!input || !low || !high)
    return false;
  UniformQuantizedType grid = gridOf(input);
  bool changesNothing = low.getInt() <= grid.getStorageTypeMin() &&
                        high.getInt() >= grid.getStorageTypeMax();
  // The value before the clamp must have no other use, raised ones included.
  if (changesNothing || (op.getInput().hasOneUse() && input.use_empty() &&
                         limit(input, low.getInt(), high.getInt()))) {
    replace(op, input);
    return true;
  }
  return makeTable(op, op.getInput(), grid.getZeroPoint(), [&](int64_t x) {
    return std::clamp(x, low.getInt(), std::max(low.getInt(), high.getInt()));
  });
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

Value Raiser::lookup(Value value, bool mayBeCut) const {
  if (cut.contains(value) && !mayBeCut)
    return {};
  return raised.lookup(value);
}

void Raiser::replace(Operation *op, Value value, ArrayRef<Operation *> group) {
  raised[op->getResult(0)] = value;
  done.insert(op);
  done.insert(group.begin(), group.end());
}

bool Raiser::raise(Operation *op) {
  builder.setInsertionPoint(op);
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case<tosa::RescaleOp>([&](auto rescale) {
        // Wider results are parts of groups that end in 8 bits.
        return !isInteger(rescale.getOutput(), 8) || raiseRescale(rescale);
      })
      .Case<tosa::ClampOp>([&](auto clamp) { return raiseClamp(clamp); })
      .Case<tosa::ReshapeOp>([&](auto op) { return raiseReshape(op); })
      .Case<tosa::SliceOp>([&](auto slice) { return raiseSlice(slice); })
      .Case<tosa::AvgPool2dOp>([&](auto pool) { return raiseAvgPool(pool); })
      .Case<tosa::MaxPool2dOp>([&](auto pool) { return raiseMaxPool(pool); })
      .Case<tosa::ConcatOp>([&](auto concat) { return raiseConcat(concat); })
      .Case<tosa::PadOp>([&](auto pad) { return raisePad(pad); })
      .Case<tosa::TableOp>([&](auto table) {
        return !isInteger(table.getOutput(), 8) || raiseTable(table);
      })
      .Default([](auto) { return false; });
}

LogicalResult Raiser::reportRefused() {
  llvm::SetVector<std::pair<StringRef, StringRef>> refused;
  // Not to blame is what reads 8-bit values that another op should have given.
  DenseSet<Operation *> blameless;
  for (Operation &op : main.getBody().front()) {
    if (done.contains(&op) || matchPattern(&op, m_Constant()) ||
        isa<tosa::ConstShapeOp, func::ReturnOp>(op) ||
        op.getName().getDialectNamespace() != "tosa")
      continue;
    bool isBlameless = llvm::any_of(op.getOperands(), [&](Value operand) {
      return blameless.contains(operand.getDefiningOp()) ||
             (isInteger(operand, 8) && !raised.contains(operand) &&
              !matchPattern(operand, m_Constant()));
    });
    if (isBlameless)
      blameless.insert(&op);
    else
      refused.insert({op.getName().getStringRef(), getLayerName(op.getLoc())});
  }
  if (refused.empty())
    return success();
  InFlightDiagnostic error =
      main.emitError("ops without an integer layer of the same meaning: ");
  llvm::interleaveComma(refused, error, [&](const auto &op) {
    error << "'" << op.first << "'";
    if (!op.second.empty())
      error << " (" << op.second << ")";
  });
  return error;
}

LogicalResult Raiser::run() {
  Block &body = main.getBody().front();
  if (main.getNumArguments() != 1 || main.getNumResults() != 1)
    return main.emitError("expects a network with one input and one result, "
                          "but got ")
           << main.getNumArguments() << " and " << main.getNumResults();
  BlockArgument input = body.getArgument(0);
  std::optional<int64_t> zeroPoint = getZeroPointOfUsers(input);
  if (!isInteger(input, 8) || !zeroPoint)
    return main.emitError("expects an input of 8-bit integers with one zero "
                          "point, but got ")
           << input.getType();
  auto name = main.getArgAttrOfType<StringAttr>(0, "qat.name");
  UniformQuantizedType grid =
      getGrid(name ? name.getValue() : StringRef(), *zeroPoint);
  RankedTensorType inputType = tensorType(input).clone(grid);
  builder.setInsertionPointToStart(&body);
  auto standIn =
      quant::StorageCastOp::create(builder, input.getLoc(), inputType, input);
  raised[input] = standIn;

  SmallVector<Operation *> ops;
  for (Operation &op : body.without_terminator())
    if (!matchPattern(&op, m_Constant()) && !isa<tosa::ConstShapeOp>(op))
      ops.push_back(&op);
  for (Operation *op : ops)
    raise(op);
  auto exit = cast<func::ReturnOp>(body.getTerminator());
  Value result = lookup(exit.getOperand(0));
  if (!result) {
    if (failed(reportRefused()))
      return failure();
    return main.emitError("expects a result of 8-bit integers, but got ")
           << exit.getOperand(0).getType();
  }
  exit->setOperand(0, result);
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (op.use_empty() && op.getName().getDialectNamespace() == "tosa")
      op.erase();
  input.setType(inputType);
  standIn.replaceAllUsesWith(Value(input));
  standIn.erase();
  main.setFunctionType(
      FunctionType::get(main.getContext(), input.getType(),
                        body.getTerminator()->getOperand(0).getType()));
  return success();
}
