//===- FreezeRanges.cpp - qat-freeze-ranges -----------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Freezer.h"

#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "mlir/Dialect/Tensor/Utils/Utils.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATFREEZERANGES
#include "qat/Dialect/Qat/Transforms/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;
using quant::UniformQuantizedType;

namespace {
struct FreezeRanges : qat::impl::QatFreezeRangesBase<FreezeRanges> {
  using QatFreezeRangesBase::QatFreezeRangesBase;
  void runOnOperation() override;
};
} // namespace

UniformQuantizedType mlir::qat::gridTypeOf(Value value) {
  return cast<UniformQuantizedType>(
      cast<RankedTensorType>(value.getType()).getElementType());
}

Freezer::Freezer(func::FuncOp function, unsigned biasBits)
    : function(function), quantizer(function, biasBits), builder(function) {}

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

void Freezer::defineGroup(const LayerGroup &group, Value integer) {
  for (Value value = group.layer->getResult(0); value != group.end;) {
    Operation *user = *value.user_begin();
    done.insert(user);
    value = user->getResult(0);
  }
  define(group.end, integer);
}

//===----------------------------------------------------------------------===//
// The walk over the graph
//===----------------------------------------------------------------------===//

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
    return visitPool(pool);
  if (auto pool = dyn_cast<tosa::MaxPool2dOp>(op))
    return visitPool(pool);
  if (auto concat = dyn_cast<tosa::ConcatOp>(op))
    return visitConcat(concat);
  if (auto pad = dyn_cast<tosa::PadOp>(op))
    return visitPad(pad);
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
  FailureOr<unsigned> bits = getBiasBits(module, biasBits);
  if (failed(bits))
    return signalPassFailure();
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
    if (failed(checkSizes(function)) || failed(Freezer(function, *bits).run()))
      return signalPassFailure();
  }
  removeFreezingAttributes(module);
}
