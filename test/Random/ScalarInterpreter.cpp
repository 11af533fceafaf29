//===- ScalarInterpreter.cpp - form I by the scalar reference -------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScalarInterpreter.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Dialect/Qat/IR/StoredWeights.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::qat;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static quant::QuantizedType elementOf(Value value) {
  return cast<quant::QuantizedType>(
      cast<RankedTensorType>(value.getType()).getElementType());
}

static Grid gridOf(Value value) {
  auto type = cast<quant::UniformQuantizedType>(elementOf(value));
  return {type.getScale(), static_cast<int32_t>(type.getZeroPoint()),
          static_cast<int32_t>(type.getStorageTypeMin()),
          static_cast<int32_t>(type.getStorageTypeMax())};
}

static IntegerTensor makeTensor(ArrayRef<int64_t> shape, int32_t fill = 0) {
  IntegerTensor tensor{{shape.begin(), shape.end()}, {}};
  tensor.values.assign(tensor.getNumElements(), fill);
  return tensor;
}

static SmallVector<int32_t> zeroPointsOf(Value weights) {
  if (auto perAxis =
          dyn_cast<quant::UniformQuantizedPerAxisType>(elementOf(weights)))
    return llvm::to_vector(llvm::map_range(
        perAxis.getZeroPoints(), [](int64_t z) { return int32_t(z); }));
  return {gridOf(weights).zeroPoint};
}

/// Calls `f` with the scalar form of what a layer with weights has.
template <typename Op>
static Expected<IntegerTensor>
withWeights(Op op, ArrayRef<int64_t> shape,
            llvm::function_ref<Expected<IntegerTensor>(const LayerWeights &,
                                                       const Requantization &)>
                f) {
  ElementsAttr stored = getStoredWeights(op.getWeights());
  auto biasAttr =
      dyn_cast_if_present<DenseElementsAttr>(getConstant(op.getBias()));
  if (!stored || !biasAttr)
    return createStringError("weights or bias are not constant");
  IntegerTensor weights = makeTensor(shape);
  forEachStored(
      stored, elementOf(op.getWeights()).isSigned(),
      [&](int64_t index, int64_t value) { weights.values[index] = value; });
  SmallVector<int32_t> zeroPoints = zeroPointsOf(op.getWeights());
  SmallVector<int32_t> biases(biasAttr.template getValues<int32_t>());
  SmallVector<Multiplier> multipliers;
  if (op.getMultiplier())
    for (auto [value, shift] :
         llvm::zip_equal(*op.getMultiplier(), *op.getShift()))
      multipliers.push_back({value, shift});
  SmallVector<int32_t> thresholds;
  if (op.getThresholds()) {
    auto constant =
        dyn_cast_if_present<DenseElementsAttr>(getConstant(op.getThresholds()));
    if (!constant)
      return createStringError("thresholds are not constant");
    llvm::append_range(thresholds, constant.template getValues<int32_t>());
  }
  Grid grid = gridOf(op.getResult());
  Requantization requantization;
  requantization.thresholds = thresholds;
  requantization.falling = op.getFalling().value_or(ArrayRef<bool>());
  requantization.biases = biases;
  requantization.multipliers = multipliers;
  requantization.zeroPoint = grid.zeroPoint;
  requantization.storageMin = grid.storageMin;
  requantization.storageMax = grid.storageMax;
  return f({weights, zeroPoints}, requantization);
}

template <typename Op> static Window windowOf(Op op) {
  Window window;
  llvm::copy(op.getStride(), window.stride);
  llvm::copy(op.getPad(), window.pads);
  if constexpr (std::is_same_v<Op, AvgPool2DOp> ||
                std::is_same_v<Op, MaxPool2DOp>)
    llvm::copy(op.getKernel(), window.kernel);
  else
    llvm::copy(op.getDilation(), window.dilation);
  return window;
}

/// Writes `source` into `target` with its first element at `offset`.
static void copyInto(IntegerTensor &target, const IntegerTensor &source,
                     ArrayRef<int64_t> offset) {
  SmallVector<int64_t> place(source.shape.size(), 0);
  for (int32_t value : source.values) {
    int64_t index = 0;
    for (auto [i, size] : llvm::enumerate(target.shape))
      index = index * size + place[i] + offset[i];
    target.values[index] = value;
    for (size_t i = place.size(); i-- > 0;) {
      if (++place[i] < source.shape[i])
        break;
      place[i] = 0;
    }
  }
}

using Operands = ArrayRef<const IntegerTensor *>;

static Expected<IntegerTensor> interpret(Operation *op, Operands operands) {
  using Result = Expected<IntegerTensor>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](Conv2DOp conv) {
        return withWeights(
            conv, shapeOf(conv.getWeights()), [&](auto &w, auto &r) {
              return referenceConv2d(*operands[0],
                                     gridOf(conv.getInput()).zeroPoint, w,
                                     windowOf(conv), conv.getGroups(), r);
            });
      })
      .Case([&](DepthwiseConv2DOp conv) {
        SmallVector<int64_t> shape(shapeOf(conv.getWeights()));
        int64_t channels = shapeOf(conv.getInput())[3];
        shape.push_back(shape[2] / channels);
        shape[2] = channels;
        return withWeights(conv, shape, [&](auto &w, auto &r) {
          return referenceDepthwiseConv2d(*operands[0],
                                          gridOf(conv.getInput()).zeroPoint, w,
                                          windowOf(conv), r);
        });
      })
      .Case([&](FullyConnectedOp dense) {
        return withWeights(
            dense, shapeOf(dense.getWeights()), [&](auto &w, auto &r) {
              return referenceFullyConnected(
                  *operands[0], gridOf(dense.getInput()).zeroPoint, w, r);
            });
      })
      .Case([&](AddOp add) {
        AddRule rule{static_cast<int32_t>(add.getLhsMultiplier()),
                     static_cast<int32_t>(add.getRhsMultiplier()),
                     static_cast<int32_t>(add.getShift()),
                     static_cast<int32_t>(add.getOffset())};
        return referenceAdd(*operands[0], gridOf(add.getLhs()), *operands[1],
                            gridOf(add.getRhs()), gridOf(add.getResult()),
                            rule);
      })
      .Case([&](RequantizeOp move) -> Result {
        AddRule rule{static_cast<int32_t>(move.getMultiplier()), 0,
                     static_cast<int32_t>(move.getShift()),
                     static_cast<int32_t>(move.getOffset())};
        return referenceRescale(*operands[0], gridOf(move.getInput()),
                                gridOf(move.getResult()), rule);
      })
      .Case([&](AvgPool2DOp pool) {
        return referenceAvgPool2d(
            *operands[0], gridOf(pool.getInput()).zeroPoint, windowOf(pool),
            pool.getRounding() == RoundingMode::Floor ? Rounding::Floor
                                                      : Rounding::Nearest);
      })
      .Case([&](MaxPool2DOp pool) {
        return referenceMaxPool2d(*operands[0], windowOf(pool));
      })
      .Case([&](ConcatOp concat) -> Result {
        IntegerTensor result = makeTensor(shapeOf(concat.getResult()));
        SmallVector<int64_t> offset(result.shape.size(), 0);
        for (const IntegerTensor *operand : operands) {
          copyInto(result, *operand, offset);
          offset[concat.getAxis()] += operand->shape[concat.getAxis()];
        }
        return result;
      })
      .Case([&](PadOp pad) -> Result {
        IntegerTensor result = makeTensor(shapeOf(pad.getResult()),
                                          static_cast<int32_t>(pad.getValue()));
        copyInto(result, *operands[0], pad.getLow());
        return result;
      })
      .Default([](Operation *op) -> Result {
        return createStringError("no scalar form of " +
                                 op->getName().getStringRef());
      });
}

Expected<std::vector<IntegerTensor>>
mlir::qat::interpretLayers(ModuleOp formI, const IntegerTensor &input) {
  auto main = formI.lookupSymbol<func::FuncOp>("main");
  llvm::DenseMap<Value, IntegerTensor> tensors;
  tensors[main.getArgument(0)] = input;
  std::vector<IntegerTensor> layers;
  for (Operation &op : main.getBody().front()) {
    if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op)) {
      IntegerTensor moved = tensors.at(op.getOperand(0));
      moved.shape.assign(shapeOf(op.getResult(0)).begin(),
                         shapeOf(op.getResult(0)).end());
      tensors[op.getResult(0)] = std::move(moved);
      continue;
    }
    if (!isa<IntegerLayerOpInterface>(op))
      continue;
    SmallVector<const IntegerTensor *> operands;
    for (Value operand : op.getOperands())
      if (auto found = tensors.find(operand); found != tensors.end())
        operands.push_back(&found->second);
    Expected<IntegerTensor> result = interpret(&op, operands);
    if (!result)
      return result.takeError();
    layers.push_back(*result);
    tensors[op.getResult(0)] = std::move(*result);
  }
  return layers;
}

std::vector<uint8_t> mlir::qat::toBytes(const IntegerTensor &tensor,
                                        bool isWide) {
  std::vector<uint8_t> bytes;
  for (int32_t value : tensor.values)
    for (int byte = 0; byte < (isWide ? 4 : 1); ++byte)
      bytes.push_back(static_cast<uint8_t>(value >> (8 * byte)));
  return bytes;
}
