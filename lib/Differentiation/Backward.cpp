//===- Backward.cpp - gradients of a run of ops -----------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Backward.h"

#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Dialect/Qat/IR/TrainingBuilders.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"

using namespace mlir;
using namespace mlir::qat;

void Backward::add(Value value, Value gradient) {
  Value &sum = gradients[value];
  sum = sum ? tosa::AddOp::create(builder, gradient.getLoc(),
                                  gradient.getType(), sum, gradient)
                  .getResult()
            : gradient;
}

/// Whether training moves the bounds of `op`.
static bool hasLearnedBounds(Operation *op) {
  auto pact = dyn_cast<PactOp>(op);
  return !pact || pact.getActivationType() == ActivationType::Learned;
}

/// `elements` is the number of a sample's elements that share the bounds.
template <typename QuantizerOp>
void Backward::visitQuantizer(QuantizerOp op, Value upstream,
                              int64_t elements) {
  SmallVector<Value> operands = {op.getQuantizedInput()};
  llvm::append_range(operands, op.getBounds());
  bool learned = hasLearnedBounds(op);
  for (auto [index, gradient] :
       llvm::enumerate(op.buildGradient(builder, upstream))) {
    if (!gradient || !active.contains(operands[index]) ||
        (index > 0 && !learned))
      continue;
    if (index > 0 && boundScale == BoundScale::Lsq)
      gradient = ScaleOp::create(
          builder, op->getLoc(), gradient.getType(), gradient,
          builder.getF64FloatAttr(
              getBoundGradientScale(elements, op.getGridBits())));
    add(operands[index], gradient);
  }
}

LogicalResult Backward::visit(Operation *op) {
  SmallVector<Value> upstream;
  for (Value result : op->getResults())
    upstream.push_back(gradients.lookup(result));
  if (llvm::none_of(upstream, [](Value gradient) { return bool(gradient); }))
    return success();
  SmallVector<bool> wanted;
  for (OpOperand &operand : op->getOpOperands())
    wanted.push_back(active.contains(operand.get()) &&
                     !skipped.contains(&operand));
  if (!llvm::is_contained(wanted, true))
    return success();

  if (auto differentiable = dyn_cast<DifferentiableOpInterface>(op)) {
    SmallVector<Value> computed(op->getNumOperands());
    if (failed(differentiable.buildGradients(builder, upstream, wanted,
                                             computed)))
      return failure();
    for (auto [operand, gradient] : llvm::zip_equal(op->getOperands(), computed))
      if (gradient)
        add(operand, gradient);
    return success();
  }
  auto countElements = [](Value value) {
    return cast<ShapedType>(value.getType()).getNumElements();
  };
  if (auto quantizer = dyn_cast<ActivationQuantizerOpInterface>(op)) {
    visitQuantizer(quantizer, upstream[0],
                   countElements(quantizer.getQuantizedInput()) / batch);
    return success();
  }
  if (auto quantizer = dyn_cast<WeightQuantizerOpInterface>(op)) {
    visitQuantizer(quantizer, upstream[0],
                   countElements(quantizer.getQuantizedInput()));
    return success();
  }
  return op->emitError("cannot train layer '")
         << getLayerName(op) << "': '" << op->getName()
         << "' has no derivative";
}

LogicalResult Backward::run(ArrayRef<Operation *> forward) {
  for (Operation *op : forward)
    if (llvm::any_of(op->getOperands(),
                     [&](Value value) { return active.contains(value); }))
      active.insert(op->result_begin(), op->result_end());
  for (Operation *op : llvm::reverse(forward))
    if (failed(visit(op)))
      return failure();
  return success();
}
