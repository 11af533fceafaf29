//===- QatToKernels.cpp - form I to form C --------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Target/C/Passes.h"

#include "ChooseStorage.h"
#include "ConcatParts.h"
#include "IntegerConstants.h"
#include "KernelFields.h"
#include "TensorLayout.h"

#include "qat/Dialect/Qat/IR/StoredWeights.h"
#include "qat/Target/C/CTargets.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::qat {
#define GEN_PASS_DEF_CONVERTQATTOKERNELS
#include "qat/Target/C/Passes.h.inc"
} // namespace mlir::qat

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

namespace {
/// Writes one function of form C beside the one of form I.
class Converter {
public:
  Converter(func::FuncOp oldMain, const StorageChoice &choice)
      : oldMain(oldMain), choice(choice), builder(oldMain.getContext()) {}

  LogicalResult run() {
    Value oldInput = oldMain.getArgument(0);
    Value oldOutput = oldMain.getBody().front().getTerminator()->getOperand(0);
    builder.setInsertionPoint(oldMain);
    Type types[] = {bufferType(oldInput), bufferType(oldOutput)};
    newMain = func::FuncOp::create(builder, oldMain.getLoc(), oldMain.getName(),
                                   builder.getFunctionType(types, {}));
    Block *body = newMain.addEntryBlock();
    describeArgument(0, oldInput, oldMain.getArgAttr(0, "qat.name"), "input");
    describeArgument(1, oldOutput, oldMain.getResultAttr(0, "qat.name"),
                     "output");
    buffers[oldInput] = body->getArgument(0);
    // Reshapes are free: the value that a layer computes may be the result
    // under another shape.
    Value root = getRoot(oldOutput);
    if (isa<BlockArgument>(root))
      return oldMain.emitError("the network's result is its input; there is "
                               "nothing to compute");
    buffers[root] = body->getArgument(1);

    for (auto op : oldMain.getBody().front().getOps<IntegerLayerOpInterface>())
      layerIndices.insert({op, layerIndices.size()});
    builder.setInsertionPointToEnd(body);
    for (Operation &op : oldMain.getBody().front())
      if (failed(convert(&op)))
        return failure();
    func::ReturnOp::create(builder, oldMain.getLoc());
    oldMain.erase();
    return success();
  }

private:
  static Value getRoot(Value value) {
    while (Operation *op = value.getDefiningOp()) {
      if (!isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
        break;
      value = op->getOperand(0);
    }
    return value;
  }

  TensorLayout layoutOf(Value value) const {
    return TensorLayout(tensorType(value), choice.storages.lookup(value));
  }

  MemRefType bytes(int64_t count) {
    return MemRefType::get({count}, builder.getI8Type());
  }
  MemRefType bufferType(Value value) {
    return bytes(layoutOf(value).getBytes());
  }

  void describeArgument(unsigned index, Value value, Attribute name,
                        StringRef otherwise) {
    newMain.setArgAttr(index, "qat.name",
                       name ? name : builder.getStringAttr(otherwise));
    newMain.setArgAttr(index, "qat.tensor", TypeAttr::get(value.getType()));
    newMain.setArgAttr(
        index, "qat.storage",
        builder.getStringAttr(getName(choice.storages.lookup(value))));
  }

  LogicalResult convert(Operation *op) {
    if (isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op)) {
      if (Value buffer = buffers.lookup(op->getOperand(0)))
        buffers[op->getResult(0)] = buffer;
      return success();
    }
    if (!isa<IntegerLayerOpInterface>(op)) {
      if (isa<func::ReturnOp, quant::StorageCastOp>(op) ||
          op->hasTrait<OpTrait::ConstantLike>())
        return success();
      return op->emitError("expects form I, integer layers only, but got '")
             << op->getName() << "'";
    }
    if (!choice.kernels.count(op))
      return op->emitError("has no C kernel: '") << op->getName() << "'";
    const KernelInfo &kernel = *choice.kernels.lookup(op);
    if (auto concat = dyn_cast<ConcatOp>(op))
      return convertConcat(concat, kernel);
    return convertLayer(op, kernel);
  }

  FailureOr<StringRef> getCName(Operation *op) {
    if (auto name = op->getAttrOfType<StringAttr>("qat.c_name"))
      return name.getValue();
    return op->emitError("expects a name from 'qat-name-buffers'");
  }

  LogicalResult convertLayer(Operation *op, const KernelInfo &kernel) {
    FailureOr<StringRef> name = getCName(op);
    if (failed(name))
      return failure();
    layer = name->str();
    Call call{op, &kernel, {}, op->getResult(0), getIndex(op)};
    llvm::append_range(call.inputs,
                       op->getOperands().take_front(kernel.family->inputs));
    KernelFields fields(op, *kernel.family);
    FailureOr<int64_t> window = setFields(op, kernel, fields);
    if (failed(window))
      return failure();
    if (auto requantize = dyn_cast<RequantizeOp>(op))
      if (OpOperand *use = getConcatOperand(requantize)) {
        auto concat = cast<ConcatOp>(use->getOwner());
        call.output = concat.getResult();
        if (failed(finishPart(concat, call)))
          return failure();
      }
    return emitCall(call, *window, fields);
  }

  /// Operands that are not computed in their place are copied there.
  LogicalResult convertConcat(ConcatOp op, const KernelInfo &kernel) {
    FailureOr<StringRef> name = getCName(op);
    if (failed(name))
      return failure();
    for (auto [index, input] : llvm::enumerate(op.getInputs())) {
      if (isComputedInPlace(op, index))
        continue;
      layer = (*name + "_operand" + Twine(index)).str();
      Call call{op, &kernel, {input}, op.getResult(), 0};
      KernelFields fields(op, *kernel.family);
      setPart(getConcatPart(op, index), fields);
      if (failed(finishPart(op, call)) || failed(emitCall(call, 0, fields)))
        return failure();
    }
    return success();
  }

  /// What becomes one call.
  struct Call {
    Operation *op; ///< whose layer's name it bears
    const KernelInfo *kernel;
    SmallVector<Value> inputs;
    Value output;
    /// The place among the layers of form I of the one whose result is complete
    /// after the call; -1 for none.
    int64_t completes;
  };

  /// Decides what a call that writes a part of a concat's result completes: the
  /// last of them the concat, whose name it gets.
  LogicalResult finishPart(ConcatOp op, Call &call) {
    call.completes = -1;
    if (++partsWritten[op] < op.getInputs().size())
      return success();
    FailureOr<StringRef> name = getCName(op);
    if (failed(name))
      return failure();
    call.op = op;
    call.completes = getIndex(op);
    layer = name->str();
    return success();
  }

  int64_t getIndex(Operation *op) const { return layerIndices.lookup(op); }

  LogicalResult emitCall(const Call &call, int64_t window,
                         const KernelFields &fields) {
    Operation *op = call.op;
    const KernelInfo &kernel = *call.kernel;
    SmallVector<Value> inputs;
    SmallVector<Type> tensors;
    SmallVector<int32_t> pitches;
    auto note = [&](Value value) {
      tensors.push_back(value.getType());
      pitches.push_back(layoutOf(value).getPitch());
    };
    for (Value operand : call.inputs) {
      Value buffer = buffers.lookup(operand);
      if (!buffer)
        return op->emitError("expects activations that depend on the network's "
                             "input, but got a constant");
      inputs.push_back(buffer);
      note(operand);
    }
    note(call.output);
    for (Type tensor : tensors) {
      auto type = cast<RankedTensorType>(tensor);
      if (type.getRank() == 4 && type.getDimSize(0) != 1)
        return op->emitError("expects one image, but got ") << type;
    }
    FailureOr<DictionaryAttr> members = fields.get();
    if (failed(members))
      return failure();

    Value &output = buffers[call.output];
    if (!output)
      output = memref::AllocOp::create(builder, op->getLoc(),
                                       bufferType(call.output));
    Value scratch;
    if (int64_t count = kernel.getScratchBytes(window))
      scratch = memref::AllocOp::create(builder, op->getLoc(), bytes(count),
                                        /*alignment=*/
                                        builder.getI64IntegerAttr(8));
    // A part has the rows of its input.
    Value rows = isa<ConcatOp>(call.output.getDefiningOp()) ? call.inputs[0]
                                                            : call.output;
    auto created = KernelCallOp::create(
        builder, op->getLoc(), kernel.function, layer, inputs, output, scratch,
        *members, kernel.family->name,
        cast<IntegerLayerOpInterface>(op).getMacs(),
        builder.getTypeArrayAttr(tensors),
        builder.getDenseI32ArrayAttr(pitches), layoutOf(rows).rows);
    created->setAttr("qat.completes",
                     builder.getI64IntegerAttr(call.completes));
    return success();
  }

  void setPart(const ConcatPart &part, KernelFields &fields) {
    fields.set("width", part.width);
    fields.set("channels", part.channels);
    fields.set("output_channels", part.outputChannels);
    fields.set("output_first_channel", part.firstChannel);
    fields.set("output_first_row", part.firstRow);
  }

  /// Fills `fields`; returns the elements of one window of one group.
  FailureOr<int64_t> setFields(Operation *op, const KernelInfo &kernel,
                               KernelFields &fields) {
    return llvm::TypeSwitch<Operation *, FailureOr<int64_t>>(op)
        .Case<Conv2DOp>(
            [&](Conv2DOp conv) { return setConv2D(conv, kernel, fields); })
        .Case<DepthwiseConv2DOp>([&](DepthwiseConv2DOp conv) {
          return setDepthwiseConv2D(conv, kernel, fields);
        })
        .Case<FullyConnectedOp>([&](FullyConnectedOp dense) {
          return setFullyConnected(dense, kernel, fields);
        })
        .Case<AddOp>([&](AddOp add) {
          fields.set("row_elements", layoutOf(add.getResult()).rowElements);
          fields.set("input1_zero_point", gridOf(add.getLhs()).getZeroPoint());
          fields.set("input2_zero_point", gridOf(add.getRhs()).getZeroPoint());
          fields.set("input1_multiplier", add.getLhsMultiplierAttr().getInt());
          fields.set("input2_multiplier", add.getRhsMultiplierAttr().getInt());
          fields.set("rounding", add.getOffsetAttr().getInt());
          fields.set("shift", add.getShiftAttr().getInt());
          setOutputGrid(add.getResult(), fields);
          return int64_t(0);
        })
        .Case<RequantizeOp>([&](RequantizeOp requantize) {
          OpOperand *use = getConcatOperand(requantize);
          setPart(use ? getConcatPart(cast<ConcatOp>(use->getOwner()),
                                      use->getOperandNumber())
                      : getWholePart(tensorType(requantize.getResult())),
                  fields);
          fields.set("input_zero_point",
                     gridOf(requantize.getInput()).getZeroPoint());
          fields.set("multiplier", requantize.getMultiplierAttr().getInt());
          fields.set("rounding", requantize.getOffsetAttr().getInt());
          fields.set("shift", requantize.getShiftAttr().getInt());
          setOutputGrid(requantize.getResult(), fields);
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
          setPool(pool, fields);
          return int64_t(0);
        })
        .Case<RescaledAddOp>([&](RescaledAddOp add) {
          fields.set("row_elements", layoutOf(add.getResult()).rowElements);
          setRescaledAdd(add, fields);
          setOutputGrid(add.getResult(), fields);
          return int64_t(0);
        })
        .Case<TableOp>([&](TableOp table) {
          fields.set("row_elements", layoutOf(table.getResult()).rowElements);
          fields.set("input_min", gridOf(table.getInput()).getStorageTypeMin());
          SmallVector<int8_t> values(table.getValues());
          addGlobal("values", makeBytes(values), fields, table.getLoc());
          return int64_t(0);
        })
        .Case<TableSoftmaxOp>([&](TableSoftmaxOp softmax) {
          int64_t channels = tensorType(softmax.getInput()).getShape().back();
          fields.set("width",
                     layoutOf(softmax.getResult()).rowElements / channels);
          fields.set("channels", channels);
          setOutputGrid(softmax.getResult(), fields);
          addGlobal("table", builder.getI32TensorAttr(softmax.getTable()),
                    fields, softmax.getLoc());
          return int64_t(0);
        })
        .Case<MaxPool2DOp>([&](MaxPool2DOp pool) {
          setPool(pool, fields);
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

  void setOutputGrid(Value result, KernelFields &fields) {
    UniformQuantizedType grid = gridOf(result);
    fields.set("output_zero_point", grid.getZeroPoint());
    fields.set("output_min", grid.getStorageTypeMin());
    fields.set("output_max", grid.getStorageTypeMax());
  }

  template <typename LayerOp> void setWindow(LayerOp op, KernelFields &fields) {
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

  template <typename PoolOp> void setPool(PoolOp op, KernelFields &fields) {
    setWindow(op, fields);
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

  FailureOr<int64_t> setConv2D(Conv2DOp op, const KernelInfo &kernel,
                               KernelFields &fields) {
    ArrayRef<int64_t> weights = tensorType(op.getWeights()).getShape();
    if (failed(checkWindow(op, weights.drop_front())))
      return failure();
    setWindow(op, fields);
    fields.set("in_c", tensorType(op.getInput()).getDimSize(3));
    fields.set("out_c", weights[0]);
    fields.set("kernel_h", weights[1]);
    fields.set("kernel_w", weights[2]);
    fields.set("dilation_h", op.getDilation()[0]);
    fields.set("dilation_w", op.getDilation()[1]);
    fields.set("groups", op.getGroups());
    if (failed(setWeighted(op, kernel, fields)))
      return failure();
    return weights[1] * weights[2] * weights[3];
  }

  FailureOr<int64_t> setDepthwiseConv2D(DepthwiseConv2DOp op,
                                        const KernelInfo &kernel,
                                        KernelFields &fields) {
    ArrayRef<int64_t> weights = tensorType(op.getWeights()).getShape();
    int64_t channels = tensorType(op.getInput()).getDimSize(3);
    constexpr int64_t kMostTaps = 32768; // depthwise_conv2d.h
    if (weights[0] > kMostTaps || weights[0] * weights[1] > kMostTaps)
      return op.emitError("expects a window of at most ")
             << kMostTaps << " taps";
    setWindow(op, fields);
    fields.set("channels", channels);
    fields.set("multiplicity", weights[2] / channels);
    fields.set("kernel_h", weights[0]);
    fields.set("kernel_w", weights[1]);
    fields.set("dilation_h", op.getDilation()[0]);
    fields.set("dilation_w", op.getDilation()[1]);
    if (failed(setWeighted(op, kernel, fields)))
      return failure();
    return weights[0] * weights[1];
  }

  FailureOr<int64_t> setFullyConnected(FullyConnectedOp op,
                                       const KernelInfo &kernel,
                                       KernelFields &fields) {
    ArrayRef<int64_t> weights = tensorType(op.getWeights()).getShape();
    if (failed(checkWindow(op, weights.drop_front())))
      return failure();
    fields.set("inputs", weights[1]);
    fields.set("outputs", weights[0]);
    if (failed(setWeighted(op, kernel, fields)))
      return failure();
    return weights[1];
  }

  /// What layers with weights have in common.
  template <typename LayerOp>
  LogicalResult setWeighted(LayerOp op, const KernelInfo &kernel,
                            KernelFields &fields) {
    fields.set("input_zero_point", gridOf(op.getInput()).getZeroPoint());
    setOutputGrid(op.getResult(), fields);

    // The weights as they are stored; qat-pack-weights gives them their order.
    ElementsAttr weights = getStoredWeights(op.getWeights());
    if (!weights)
      return op.emitError("expects constant weights");
    if (failed(verifyStoredWeights(op)))
      return failure();
    addGlobal("weights", weights, fields, op.getLoc());

    ElementsAttr bias;
    if (!matchPattern(op.getBias(), m_Constant(&bias)))
      return op.emitError("expects a constant bias");
    addGlobal("bias", bias, fields, op.getLoc());

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
                fields, op.getLoc());

    std::optional<ArrayRef<int32_t>> multiplier = op.getMultiplier();
    std::optional<ArrayRef<int8_t>> shift = op.getShift();
    fields.set("per_channel_multiplier", multiplier && multiplier->size() > 1);
    if (!multiplier)
      return success();
    addGlobal("multiplier", builder.getI32TensorAttr(*multiplier), fields,
              op.getLoc());
    addGlobal("shift", makeBytes(*shift), fields, op.getLoc());
    return success();
  }

  ElementsAttr makeBytes(ArrayRef<int8_t> values) {
    auto type = RankedTensorType::get(values.size(), builder.getI8Type());
    return DenseElementsAttr::get(type, values);
  }

  /// A kernel scales each operand twice; one that is scaled once is multiplied
  /// by 1 before.
  void setRescaledAdd(RescaledAddOp op, KernelFields &fields) {
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

  void addGlobal(StringRef role, ElementsAttr value, KernelFields &fields,
                 Location loc) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(newMain);
    auto shaped = cast<ShapedType>(value.getType());
    auto global = memref::GlobalOp::create(
        builder, loc, layer + "_" + role.str(),
        builder.getStringAttr("private"),
        MemRefType::get(shaped.getShape(), shaped.getElementType()), value,
        /*constant=*/true, /*alignment=*/nullptr);
    fields.set(role, FlatSymbolRefAttr::get(global.getSymNameAttr()));
  }

  func::FuncOp oldMain, newMain;
  const StorageChoice &choice;
  OpBuilder builder;
  DenseMap<Value, Value> buffers;
  DenseMap<Operation *, int64_t> layerIndices;
  DenseMap<Operation *, size_t> partsWritten;
  /// The C name of the call that is being made.
  std::string layer;
};

class ConvertQatToKernelsPass
    : public qat::impl::ConvertQatToKernelsBase<ConvertQatToKernelsPass> {
public:
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(checkTarget(module)))
      return signalPassFailure();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (failed(checkSignature(module, main)))
      return signalPassFailure();

    // Layers whose result nobody reads would cost time and memory.
    for (Operation &op :
         llvm::make_early_inc_range(llvm::reverse(main.getBody().front())))
      if (isOpTriviallyDead(&op))
        op.erase();

    FailureOr<StorageChoice> choice = chooseStorage(main, target);
    if (failed(choice) || failed(Converter(main, *choice).run()))
      return signalPassFailure();
    module->setAttr("qat.target", StringAttr::get(&getContext(), target));
  }

private:
  LogicalResult checkTarget(ModuleOp module) {
    if (isCTarget(target))
      return success();
    return module.emitError("unknown target '")
           << target << "'; there are " << listCTargets();
  }

  static LogicalResult checkSignature(ModuleOp module, func::FuncOp main) {
    if (!main || main.isExternal())
      return module.emitError("expects a function '@main' with a body");
    if (main.getNumArguments() != 1 || main.getNumResults() != 1)
      return main.emitError("expects a network with one input and one result, "
                            "but got ")
             << main.getNumArguments() << " and " << main.getNumResults();
    for (Type type : {main.getArgumentTypes()[0], main.getResultTypes()[0]}) {
      auto tensor = dyn_cast<RankedTensorType>(type);
      if (!tensor || !isa<UniformQuantizedType>(tensor.getElementType()) ||
          !tensor.hasStaticShape())
        return main.emitError("expects form I, quantized tensors of static "
                              "shape, but got ")
               << type;
      if (tensor.getRank() == 0 || tensor.getDimSize(0) != 1)
        return main.emitError("expects a network for one image, but got ")
               << type;
      if (tensor.getNumElements() == 0)
        return main.emitError("expects tensors with elements, but got ")
               << type;
    }
    return success();
  }
};
} // namespace
