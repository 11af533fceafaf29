//===- SetBatch.cpp - how many samples a network takes at once --*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Differentiation/SetBatch.h"

#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Differentiation/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

#include <limits>

namespace mlir::qat {
#define GEN_PASS_DEF_QATSETBATCH
#include "qat/Differentiation/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
/// Walks `@main` in order; the tensors with samples along their first dimension
/// are those that depend on the input.
class BatchSetter {
public:
  BatchSetter(func::FuncOp main, int64_t batch) : main(main), batch(batch) {}
  LogicalResult run();

private:
  bool isBatched(Value value) const { return batched.contains(value); }
  InFlightDiagnostic refuse(Operation *op) const {
    InFlightDiagnostic diagnostic = op->emitError("cannot set the batch of '")
                                    << op->getName() << "'";
    if (std::string layer = getLayerName(op); !layer.empty())
      diagnostic << " of layer '" << layer << "'";
    diagnostic << ": ";
    return diagnostic;
  }

  LogicalResult setType(Value value, Operation *op);
  LogicalResult setShapeOperand(Operation *op, OpOperand &shape,
                                int64_t expected, int64_t value);
  LogicalResult visit(Operation *op);
  LogicalResult visitOperands(Operation *op);

  func::FuncOp main;
  int64_t batch;
  int64_t previous = 1;
  DenseSet<Value> batched;
};
} // namespace

/// Makes the first dimension of `value` the batch.
LogicalResult BatchSetter::setType(Value value, Operation *op) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() == 0 || type.getDimSize(0) != previous)
    return refuse(op) << "the samples do not lie along the first dimension of "
                      << value.getType();
  SmallVector<int64_t> shape(type.getShape());
  shape[0] = batch;
  int64_t count = 1;
  for (int64_t size : shape)
    if (ShapedType::isDynamic(size) || llvm::MulOverflow(count, size, count) ||
        count > std::numeric_limits<int32_t>::max())
      return refuse(op) << "a tensor of shape [" << shape
                        << "] is not static or has 2^31 elements or more";
  value.setType(type.clone(shape));
  batched.insert(value);
  return success();
}

/// Replaces the first of the constants `shape`, which must be `expected`, by
/// `value`.
LogicalResult BatchSetter::setShapeOperand(Operation *op, OpOperand &shape,
                                           int64_t expected, int64_t value) {
  DenseIntElementsAttr constant;
  if (!matchPattern(shape.get(), m_Constant(&constant)))
    return refuse(op) << "its shape is not a constant";
  SmallVector<int64_t> values = llvm::map_to_vector(
      constant, [](const APInt &size) { return size.getSExtValue(); });
  if (values.empty() || values[0] != expected)
    return refuse(op) << "it does not keep the first dimension";
  if (values[0] == value)
    return success();
  values[0] = value;
  OpBuilder builder(op);
  shape.set(tosa::ConstShapeOp::create(builder, shape.get().getLoc(),
                                       shape.get().getType(),
                                       builder.getIndexTensorAttr(values)));
  return success();
}

/// What `op` must be like for its samples to stay apart.
LogicalResult BatchSetter::visitOperands(Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](tosa::ReshapeOp reshape) -> LogicalResult {
        return setShapeOperand(op, reshape.getShapeMutable(),
                               ShapedType::isDynamic(previous) ? -1 : previous,
                               batch);
      })
      .Case([&](tosa::SliceOp slice) -> LogicalResult {
        if (failed(setShapeOperand(op, slice.getStartMutable(), 0, 0)))
          return failure();
        return setShapeOperand(op, slice.getSizeMutable(),
                               ShapedType::isDynamic(previous) ? -1 : previous,
                               batch);
      })
      .Case([&](tosa::PadOp pad) -> LogicalResult {
        DenseIntElementsAttr pads;
        if (!matchPattern(pad.getPadding(), m_Constant(&pads)))
          return refuse(op) << "its shape is not a constant";
        auto values = pads.getValues<APInt>();
        if (!values[0].isZero() || !values[1].isZero())
          return refuse(op) << "it does not keep the first dimension";
        return success();
      })
      .Case([&](tosa::TransposeOp transpose) -> LogicalResult {
        if (transpose.getPerms()[0] != 0)
          return refuse(op) << "it does not keep the first dimension";
        return success();
      })
      .Case([&](tosa::ConcatOp concat) -> LogicalResult {
        if (concat.getAxis() == 0 ||
            !llvm::all_of(concat.getInput1(),
                          [&](Value value) { return isBatched(value); }))
          return refuse(op) << "it does not keep the first dimension";
        return success();
      })
      .Case([&](SoftmaxOp softmax) -> LogicalResult {
        if (cast<RankedTensorType>(softmax.getType()).getRank() < 2)
          return refuse(op) << "it does not keep the first dimension";
        return success();
      })
      .Default([&](Operation *) -> LogicalResult {
        // All others that can be trained compute each sample by itself.
        if (isa<DifferentiableOpInterface, ActivationQuantizerOpInterface>(op))
          return success();
        return refuse(op) << "it is not known to keep samples apart";
      });
}

LogicalResult BatchSetter::visit(Operation *op) {
  if (llvm::none_of(op->getOperands(),
                    [&](Value value) { return isBatched(value); }))
    return success();
  if (isa<func::ReturnOp>(op))
    return success();
  if (failed(visitOperands(op)))
    return failure();
  for (OpResult result : op->getResults())
    if (failed(setType(result, op)))
      return failure();
  return success();
}

LogicalResult BatchSetter::run() {
  Block &body = main.getBody().front();
  for (BlockArgument argument : body.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || type.getRank() == 0)
      return refuse(main) << "its input has type " << argument.getType();
    previous = type.getDimSize(0);
    if (failed(setType(argument, main)))
      return failure();
  }
  for (Operation &op : llvm::make_early_inc_range(body))
    if (failed(visit(&op)))
      return failure();
  main.setFunctionType(
      FunctionType::get(main.getContext(), body.getArgumentTypes(),
                        body.getTerminator()->getOperandTypes()));
  return success();
}

LogicalResult mlir::qat::setBatch(ModuleOp module, int64_t batch) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || !llvm::hasSingleElement(main.getBody()))
    return module.emitError("expects a function '@main' of one block");
  if (batch < 1)
    return module.emitError("expects a batch of at least 1, but got ") << batch;
  return BatchSetter(main, batch).run();
}

namespace {
struct SetBatchPass : qat::impl::QatSetBatchBase<SetBatchPass> {
  using QatSetBatchBase::QatSetBatchBase;

  void runOnOperation() override {
    if (failed(setBatch(getOperation(), batch)))
      signalPassFailure();
  }
};
} // namespace
