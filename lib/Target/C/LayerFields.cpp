//===- LayerFields.cpp - what a layer tells its kernel --------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LayerFields.h"

#include "TensorLayout.h"

#include "qat/Dialect/Qat/IR/StoredWeights.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::qat;
using quant::UniformQuantizedPerAxisType;
using quant::UniformQuantizedType;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static UniformQuantizedType gridOf(Value value) {
  return cast<UniformQuantizedType>(tensorType(value).getElementType());
}

void mlir::qat::setPartFields(const ConcatPart &part, KernelFields &fields) {
  fields.set("width", part.width);
  fields.set("channels", part.channels);
  fields.set("output_channels", part.outputChannels);
  fields.set("output_first_channel", part.firstChannel);
  fields.set("output_first_row", part.firstRow);
}

namespace {
/// Fills the fields of one call.
class FieldSetter {
public:
  FieldSetter(StringRef layer, const StorageChoice &choice,
              func::FuncOp function, KernelFields &fields)
      : layer(layer), choice(choice), function(function), fields(fields),
        builder(function) {}

  /// Fills `fields`; returns the elements of one window of one group.
  FailureOr<int64_t> setFields(Operation *op) {
    return llvm::TypeSwitch<Operation *, FailureOr<int64_t>>(op)
        .Case<Conv2DOp>([&](Conv2DOp conv) { return setConv2D(conv); })
        .Case<DepthwiseConv2DOp>(
            [&](DepthwiseConv2DOp conv) { return setDepthwiseConv2D(conv); })
        .Case<FullyConnectedOp>(
            [&](FullyConnectedOp dense) { return setFullyConnected(dense); })
        .Case<AddOp>([&](AddOp add) {
          fields.set("row_elements", layoutOf(add.getResult()).rowElements);
          fields.set("input1_zero_point", gridOf(add.getLhs()).getZeroPoint());
          fields.set("input2_zero_point", gridOf(add.getRhs()).getZeroPoint());
          fields.set("input1_multiplier", add.getLhsMultiplierAttr().getInt());
          fields.set("input2_multiplier", add.getRhsMultiplierAttr().getInt());
          fields.set("rounding", add.getOffsetAttr().getInt());
          fields.set("shift", add.getShiftAttr().getInt());
          setOutputGrid(add.getResult());
          return int64_t(0);
        })
        .Case<RequantizeOp>([&](RequantizeOp requantize) {
          OpOperand *use = getConcatOperand(requantize);
          setPartFields(use ? getConcatPart(cast<ConcatOp>(use->getOwner()),
                                            use->getOperandNumber())
                            : getWholePart(tensorType(requantize.getResult())),
                        fields);
          fields.set("input_zero_point",
                     gridOf(requantize.getInput()).getZeroPoint());
          fields.set("multiplier", requantize.getMultiplierAttr().getInt());
          fields.set("rounding", requantize.getOffsetAttr().getInt());
          fields.set("shift", requantize.getShiftAttr().getInt());
          setOutputGrid(requantize.getResult());
          return int64_t(0);
        })
        .Case<AvgPool2DOp>([&](AvgPool2DOp pool) -> FailureOr<int64_t> {
          ArrayRef<int64_t> window = pool.getKernel();
          constexpr int64_t kLargest = 1 << 22; // avg_pool2d.h
          if (window[0] > kLargest || window[0] * window[1] > kLargest)
            return pool.emitError("expects a window of at most ")
                   << kLargest << " elements";
          fields.set("round_to_nearest",
                     static_cast<int64_t>(pool.getRounding()));
          setPool(pool);
          return int64_t(0);
        })
        .Case<RescaledAddOp>([&](RescaledAddOp add) {
          fields.set("row_elements", layoutOf(add.getResult()).rowElements);
          setRescaledAdd(add);
          setOutputGrid(add.getResult());
          return int64_t(0);
        })
        .Case<TableOp>([&](TableOp table) {
          fields.set("row_elements", layoutOf(table.getResult()).rowElements);
          fields.set("input_min", gridOf(table.getInput()).getStorageTypeMin());
          SmallVector<int8_t> values(table.getValues());
          addGlobal("values", makeBytes(values), table.getLoc());
          return int64_t(0);
        })
        .Case<TableSoftmaxOp>([&](TableSoftmaxOp softmax) {
          int64_t channels = tensorType(softmax.getInput()).getShape().back();
          fields.set("width",
                     layoutOf(softmax.getResult()).rowElements / channels);
          fields.set("channels", channels);
          setOutputGrid(softmax.getResult());
          addGlobal("table", builder.getI32TensorAttr(softmax.getTable()),
                    softmax.getLoc());
          return int64_t(0);
        })
        .Case<MaxPool2DOp>([&](MaxPool2DOp pool) {
          setPool(pool);
          return int64_t(0);
        })
        .Case<PadOp>([&](PadOp pad) {
          ArrayRef<int64_t> input = tensorType(pad.getInput()).getShape();
          ArrayRef<int64_t> result = tensorType(pad.getResult()).getShape();
          fields.set("in_h", input[1]);
          fields.set("in_w", input[2]);
          fields.set("in_c", input[3]);
          fields.set("out_h", result[1]);
          fields.set("out_w", result[2]);
          fields.set("out_c", result[3]);
          fields.set("top", pad.getLow()[1]);
          fields.set("left", pad.getLow()[2]);
          fields.set("front", pad.getLow()[3]);
          fields.set("value", pad.getValueAttr().getInt());
          return int64_t(0);
        })
        .Default([](Operation *) { return failure(); });
  }

private:
  TensorLayout layoutOf(Value value) const {
    return TensorLayout(tensorType(value), choice.storages.lookup(value));
  }

  void setOutputGrid(Value result) {
    UniformQuantizedType grid = gridOf(result);
    fields.set("output_zero_point", grid.getZeroPoint());
    fields.set("output_min", grid.getStorageTypeMin());
    fields.set("output_max", grid.getStorageTypeMax());
  }

  template <typename LayerOp> void setWindow(LayerOp op) {
    ArrayRef<int64_t> input = tensorType(op.getInput()).getShape();
    ArrayRef<int64_t> result = tensorType(op.getResult()).getShape();
    fields.set("in_h", input[1]);
    fields.set("in_w", input[2]);
    fields.set("out_h", result[1]);
    fields.set("out_w", result[2]);
    fields.set("stride_h", op.getStride()[0]);
    fields.set("stride_w", op.getStride()[1]);
    fields.set("pad_top", op.getPad()[0]);
    fields.set("pad_left", op.getPad()[2]);
  }

  template <typename PoolOp> void setPool(PoolOp op) {
    setWindow(op);
    fields.set("kernel_h", op.getKernel()[0]);
    fields.set("kernel_w", op.getKernel()[1]);
    fields.set("channels", tensorType(op.getInput()).getDimSize(3));
  }

  /// What the kernels of conv2d.h and fully_connected.h can sum up.
  static LogicalResult checkWindow(Operation *op, ArrayRef<int64_t> sizes) {
    constexpr int64_t kMostInputs = INT32_MAX / 255;
    int64_t inputs = 1;
    for (int64_t size : sizes)
      if (llvm::MulOverflow(inputs, size, inputs))
        inputs = INT64_MAX;
    if (inputs <= kMostInputs)
      return success();
    return op->emitError("expects at most ")
           << kMostInputs << " inputs an output, but got " << inputs;
  }

  FailureOr<int64_t> setConv2D(Conv2DOp op) {
    ArrayRef<int64_t> weights = tensorType(op.getWeights()).getShape();
    if (failed(checkWindow(op, weights.drop_front())))
      return failure();
    setWindow(op);
    fields.set("in_c", tensorType(op.getInput()).getDimSize(3));
    fields.set("out_c", weights[0]);
    fields.set("kernel_h", weights[1]);
    fields.set("kernel_w", weights[2]);
    fields.set("dilation_h", op.getDilation()[0]);
    fields.set("dilation_w", op.getDilation()[1]);
    fields.set("groups", op.getGroups());
    if (failed(setWeighted(op)))
      return failure();
    return weights[1] * weights[2] * weights[3];
  }

  FailureOr<int64_t> setDepthwiseConv2D(DepthwiseConv2DOp op) {
    ArrayRef<int64_t> weights = tensorType(op.getWeights()).getShape();
    int64_t channels = tensorType(op.getInput()).getDimSize(3);
    constexpr int64_t kMostTaps = 32768; // depthwise_conv2d.h
    if (weights[0] > kMostTaps || weights[0] * weights[1] > kMostTaps)
      return op.emitError("expects a window of at most ")
             << kMostTaps << " taps";
    setWindow(op);
    fields.set("channels", channels);
    fields.set("multiplicity", weights[2] / channels);
    fields.set("kernel_h", weights[0]);
    fields.set("kernel_w", weights[1]);
    fields.set("dilation_h", op.getDilation()[0]);
    fields.set("dilation_w", op.getDilation()[1]);
    if (failed(setWeighted(op)))
      return failure();
    return weights[0] * weights[1];
  }

  FailureOr<int64_t> setFullyConnected(FullyConnectedOp op) {
    ArrayRef<int64_t> weights = tensorType(op.getWeights()).getShape();
    if (failed(checkWindow(op, weights.drop_front())))
      return failure();
    fields.set("inputs", weights[1]);
    fields.set("outputs", weights[0]);
    if (failed(setWeighted(op)))
      return failure();
    return weights[1];
  }

  /// What layers with weights have in common.
  template <typename LayerOp> LogicalResult setWeighted(LayerOp op) {
    fields.set("input_zero_point", gridOf(op.getInput()).getZeroPoint());
    setOutputGrid(op.getResult());

    // The weights as they are stored; qat-pack-weights gives them their order.
    ElementsAttr weights = getStoredWeights(op.getWeights());
    if (!weights)
      return op.emitError("expects constant weights");
    if (failed(verifyStoredWeights(op)))
      return failure();
    addGlobal("weights", weights, op.getLoc());

    ElementsAttr bias;
    if (!matchPattern(op.getBias(), m_Constant(&bias)))
      return op.emitError("expects a constant bias");
    if (!op.getThresholds()) // which hold it
      addGlobal("bias", bias, op.getLoc());

    SmallVector<int32_t> zeroPoints;
    Type element = tensorType(op.getWeights()).getElementType();
    if (auto perAxis = dyn_cast<UniformQuantizedPerAxisType>(element))
      llvm::append_range(zeroPoints, perAxis.getZeroPoints());
    else
      zeroPoints.push_back(
          llvm::cast<UniformQuantizedType>(element).getZeroPoint());
    if (llvm::all_equal(zeroPoints))
      zeroPoints.resize(1);
    fields.set("per_channel_weight_zero_point", zeroPoints.size() > 1);
    if (zeroPoints.size() > 1 || zeroPoints.front() != 0)
      addGlobal("weight_zero_points", builder.getI32TensorAttr(zeroPoints),
                op.getLoc());

    if (op.getThresholds()) {
      setThresholds(op);
      return success();
    }
    std::optional<ArrayRef<int32_t>> multiplier = op.getMultiplier();
    std::optional<ArrayRef<int8_t>> shift = op.getShift();
    fields.set("per_channel_multiplier", multiplier && multiplier->size() > 1);
    if (!multiplier)
      return success();
    addGlobal("multiplier", builder.getI32TensorAttr(*multiplier), op.getLoc());
    addGlobal("shift", makeBytes(*shift), op.getLoc());
    return success();
  }

  /// Of a layer that compares: neither bias nor multiplier.
  template <typename LayerOp> void setThresholds(LayerOp op) {
    ElementsAttr thresholds;
    matchPattern(op.getThresholds(), m_Constant(&thresholds)); // verified
    fields.set("per_channel_multiplier", 0);
    addGlobal("thresholds", thresholds, op.getLoc());
    std::optional<ArrayRef<bool>> falling = op.getFalling();
    if (!falling || !llvm::is_contained(*falling, true))
      return;
    SmallVector<int8_t> bytes(falling->begin(), falling->end());
    addGlobal("falling", makeBytes(bytes), op.getLoc());
  }

  ElementsAttr makeBytes(ArrayRef<int8_t> values) {
    auto type = RankedTensorType::get(values.size(), builder.getI8Type());
    return DenseElementsAttr::get(type, values);
  }

  /// A kernel scales each operand twice; one that is scaled once is multiplied
  /// by 1 before.
  void setRescaledAdd(RescaledAddOp op) {
    auto set = [&](StringRef input, Value value, ArrayRef<int32_t> multipliers,
                   ArrayRef<int8_t> shifts) {
      bool twice = multipliers.size() == 2;
      auto field = [&](StringRef name) { return (input + name).str(); };
      fields.set(field("_zero_point"), gridOf(value).getZeroPoint());
      fields.set(field("_first_multiplier"), twice ? multipliers[0] : 1 << 30);
      fields.set(field("_first_shift"), twice ? shifts[0] : 30);
      fields.set(field("_second_multiplier"), multipliers.back());
      fields.set(field("_second_shift"), shifts.back());
    };
    set("input1", op.getLhs(), op.getLhsMultiplier(), op.getLhsShift());
    set("input2", op.getRhs(), op.getRhsMultiplier(), op.getRhsShift());
    fields.set("multiplier", op.getMultiplierAttr().getInt());
    fields.set("shift", op.getShiftAttr().getInt());
    fields.set("double_round",
               op.getRounding() == ScaleRoundingMode::DoubleRound);
  }

  void addGlobal(StringRef role, ElementsAttr value, Location loc) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(function);
    auto shaped = cast<ShapedType>(value.getType());
    auto global = memref::GlobalOp::create(
        builder, loc, (layer + "_" + role).str(),
        builder.getStringAttr("private"),
        MemRefType::get(shaped.getShape(), shaped.getElementType()), value,
        /*constant=*/true, /*alignment=*/nullptr);
    fields.set(role, FlatSymbolRefAttr::get(global.getSymNameAttr()));
  }

  StringRef layer;
  const StorageChoice &choice;
  func::FuncOp function;
  KernelFields &fields;
  OpBuilder builder;
};
} // namespace

FailureOr<int64_t> mlir::qat::setLayerFields(Operation *op, StringRef layer,
                                             const StorageChoice &choice,
                                             func::FuncOp function,
                                             KernelFields &fields) {
  return FieldSetter(layer, choice, function, fields).setFields(op);
}
