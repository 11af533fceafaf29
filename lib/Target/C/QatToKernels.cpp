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
#include "KernelFields.h"
#include "LayerFields.h"
#include "TensorLayout.h"

#include "qat/Target/C/CTargets.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::qat {
#define GEN_PASS_DEF_CONVERTQATTOKERNELS
#include "qat/Target/C/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;
using quant::UniformQuantizedType;

static RankedTensorType tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
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
    FailureOr<int64_t> window =
        setLayerFields(op, layer, choice, newMain, fields);
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
      setPartFields(getConcatPart(op, index), fields);
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
