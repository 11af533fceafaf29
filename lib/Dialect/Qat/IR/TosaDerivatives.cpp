//===- TosaDerivatives.cpp - derivatives of TOSA ops ------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/TosaDerivatives.h"

#include "DerivativeBuilders.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::qat;

static RankedTensorType getTensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static Value buildShape(OpBuilder &builder, Location loc,
                        ArrayRef<int64_t> values) {
  return tosa::ConstShapeOp::create(
      builder, loc, tosa::shapeType::get(builder.getContext(), values.size()),
      builder.getIndexTensorAttr(values));
}

/// The values of a constant tosa.const_shape; emits an error on `op` where it
/// is something else.
static FailureOr<SmallVector<int64_t>> getShapeValues(Operation *op,
                                                      Value shape) {
  DenseIntElementsAttr values;
  if (!matchPattern(shape, m_Constant(&values)))
    return op->emitOpError("has no derivative where its shape operands are "
                           "not constants");
  return llvm::map_to_vector(
      values, [](const APInt &value) { return value.getSExtValue(); });
}

static Value buildSlice(OpBuilder &builder, Location loc, Value value,
                        ArrayRef<int64_t> start, ArrayRef<int64_t> size) {
  RankedTensorType type = getTensorType(value);
  if (type.getShape() == size)
    return value;
  return tosa::SliceOp::create(builder, loc, type.clone(size), value,
                               buildShape(builder, loc, start),
                               buildShape(builder, loc, size));
}

static Value buildConstant(OpBuilder &builder, Location loc, Type element,
                           Attribute value) {
  auto type = RankedTensorType::get({1}, element);
  return tosa::ConstOp::create(builder, loc, type,
                               DenseElementsAttr::get(type, value));
}

static Value buildProduct(OpBuilder &builder, Location loc, Type type,
                          Value lhs, Value rhs) {
  Value shift = buildConstant(builder, loc, builder.getI8Type(),
                              builder.getI8IntegerAttr(0));
  return tosa::MulOp::create(builder, loc, type, lhs, rhs, shift);
}

/// The gradients of `op`, whose result has one upstream gradient; `wanted` is
/// true for at least one operand.
using Upstream = Value;
using Wanted = ArrayRef<bool>;
using Gradients = MutableArrayRef<Value>;

template <typename OpTy>
static LogicalResult differentiateConvolution(OpTy op, OpBuilder &builder,
                                              Upstream upstream, Wanted wanted,
                                              Gradients gradients) {
  Convolution conv{op.getInput(), op.getWeight(), op.getBias(),
                   op.getPad(),   op.getStride(), op.getDilation()};
  conv.depthwise = std::is_same_v<OpTy, tosa::DepthwiseConv2DOp>;
  buildConvolutionGradients(builder, op.getLoc(), conv, upstream, wanted,
                            gradients);
  return success();
}

static LogicalResult differentiate(tosa::Conv2DOp op, OpBuilder &builder,
                                   Upstream upstream, Wanted wanted,
                                   Gradients gradients) {
  return differentiateConvolution(op, builder, upstream, wanted, gradients);
}

static LogicalResult differentiate(tosa::DepthwiseConv2DOp op,
                                   OpBuilder &builder, Upstream upstream,
                                   Wanted wanted, Gradients gradients) {
  return differentiateConvolution(op, builder, upstream, wanted, gradients);
}

static LogicalResult differentiate(tosa::AddOp op, OpBuilder &builder,
                                   Upstream upstream, Wanted wanted,
                                   Gradients gradients) {
  for (OpOperand &operand : op->getOpOperands())
    if (wanted[operand.getOperandNumber()])
      gradients[operand.getOperandNumber()] =
          buildSumTo(builder, op.getLoc(), upstream, operand.get());
  return success();
}

static LogicalResult differentiate(tosa::SubOp op, OpBuilder &builder,
                                   Upstream upstream, Wanted wanted,
                                   Gradients gradients) {
  if (wanted[0])
    gradients[0] = buildSumTo(builder, op.getLoc(), upstream, op.getInput1());
  if (wanted[1]) {
    Value zero = buildConstant(builder, op.getLoc(), builder.getF32Type(),
                               builder.getF32FloatAttr(0.0f));
    Value negative = tosa::NegateOp::create(
        builder, op.getLoc(), upstream.getType(), upstream, zero, zero);
    gradients[1] = buildSumTo(builder, op.getLoc(), negative, op.getInput2());
  }
  return success();
}

static LogicalResult differentiate(tosa::MulOp op, OpBuilder &builder,
                                   Upstream upstream, Wanted wanted,
                                   Gradients gradients) {
  for (unsigned index : {0, 1})
    if (wanted[index]) {
      Value product = buildProduct(builder, op.getLoc(), op.getType(), upstream,
                                   op->getOperand(1 - index));
      gradients[index] =
          buildSumTo(builder, op.getLoc(), product, op->getOperand(index));
    }
  return success();
}

static LogicalResult differentiate(tosa::ClampOp op, OpBuilder &builder,
                                   Upstream upstream, Wanted wanted,
                                   Gradients gradients) {
  auto minimum = dyn_cast<FloatAttr>(op.getMinValAttr());
  auto maximum = dyn_cast<FloatAttr>(op.getMaxValAttr());
  if (!minimum || !maximum || !minimum.getType().isF32())
    return op.emitOpError("has a derivative for bounds of f32 alone");
  gradients[0] =
      ClampGradientOp::create(builder, op.getLoc(), op.getInput().getType(),
                              op.getInput(), upstream, minimum, maximum);
  return success();
}

static LogicalResult differentiate(tosa::AvgPool2dOp op, OpBuilder &builder,
                                   Upstream upstream, Wanted wanted,
                                   Gradients gradients) {
  if (wanted[0])
    gradients[0] = AvgPool2DGradientOp::create(
        builder, op.getLoc(), op.getInput().getType(), upstream,
        op.getKernelAttr(), op.getStrideAttr(), op.getPadAttr());
  return success();
}

static LogicalResult differentiate(tosa::MaxPool2dOp op, OpBuilder &builder,
                                   Upstream upstream, Wanted wanted,
                                   Gradients gradients) {
  gradients[0] = MaxPool2DGradientOp::create(
      builder, op.getLoc(), op.getInput().getType(), op.getInput(), upstream,
      op.getKernelAttr(), op.getStrideAttr(), op.getPadAttr());
  return success();
}

static LogicalResult differentiate(tosa::ReshapeOp op, OpBuilder &builder,
                                   Upstream upstream, Wanted wanted,
                                   Gradients gradients) {
  if (wanted[0])
    gradients[0] = buildReshape(builder, op.getLoc(), upstream,
                                getTensorType(op.getInput1()).getShape());
  return success();
}

static LogicalResult differentiate(tosa::TransposeOp op, OpBuilder &builder,
                                   Upstream upstream, Wanted wanted,
                                   Gradients gradients) {
  SmallVector<int32_t> inverse(op.getPerms().size());
  for (auto [to, from] : llvm::enumerate(op.getPerms()))
    inverse[from] = to;
  gradients[0] = tosa::TransposeOp::create(
      builder, op.getLoc(), op.getInput1().getType(), upstream, inverse);
  return success();
}

static LogicalResult differentiate(tosa::ConcatOp op, OpBuilder &builder,
                                   Upstream upstream, Wanted wanted,
                                   Gradients gradients) {
  int64_t axis = op.getAxis();
  SmallVector<int64_t> start(getTensorType(upstream).getRank(), 0);
  for (auto [index, input] : llvm::enumerate(op.getInput1())) {
    ArrayRef<int64_t> shape = getTensorType(input).getShape();
    if (wanted[index])
      gradients[index] =
          buildSlice(builder, op.getLoc(), upstream, start, shape);
    start[axis] += shape[axis];
  }
  return success();
}

static LogicalResult differentiate(tosa::PadOp op, OpBuilder &builder,
                                   Upstream upstream, Wanted wanted,
                                   Gradients gradients) {
  FailureOr<SmallVector<int64_t>> pads = getShapeValues(op, op.getPadding());
  if (failed(pads))
    return failure();
  if (wanted[2])
    return op.emitOpError("has no derivative by what it pads with");
  SmallVector<int64_t> start;
  for (size_t index = 0; index < pads->size(); index += 2)
    start.push_back((*pads)[index]);
  gradients[0] = buildSlice(builder, op.getLoc(), upstream, start,
                            getTensorType(op.getInput1()).getShape());
  return success();
}

static LogicalResult differentiate(tosa::SliceOp op, OpBuilder &builder,
                                   Upstream upstream, Wanted wanted,
                                   Gradients gradients) {
  FailureOr<SmallVector<int64_t>> start = getShapeValues(op, op.getStart());
  if (failed(start))
    return failure();
  ArrayRef<int64_t> from = getTensorType(op.getInput1()).getShape();
  ArrayRef<int64_t> to = getTensorType(upstream).getShape();
  SmallVector<int64_t> pads;
  for (auto [dim, before] : llvm::enumerate(*start))
    pads.append({before, from[dim] - before - to[dim]});
  if (llvm::all_of(pads, [](int64_t size) { return size == 0; })) {
    gradients[0] = upstream;
    return success();
  }
  Value zero = buildConstant(builder, op.getLoc(), builder.getF32Type(),
                             builder.getF32FloatAttr(0.0f));
  gradients[0] = tosa::PadOp::create(
      builder, op.getLoc(), op.getInput1().getType(), upstream,
      buildShape(builder, op.getLoc(), pads), zero);
  return success();
}

namespace {
/// `differentiate` of an op as the interface has it.
template <typename OpTy>
struct Derivative
    : DifferentiableOpInterface::ExternalModel<Derivative<OpTy>, OpTy> {
  LogicalResult buildGradients(Operation *op, OpBuilder &builder,
                               ValueRange upstream, ArrayRef<bool> wanted,
                               MutableArrayRef<Value> gradients) const {
    return differentiate(cast<OpTy>(op), builder, upstream[0], wanted,
                         gradients);
  }
};
} // namespace

template <typename... Ops> static void attach(MLIRContext *context) {
  (Ops::template attachInterface<Derivative<Ops>>(*context), ...);
}

void mlir::qat::registerTosaDerivatives(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, tosa::TosaDialect *) {
    attach<tosa::AddOp, tosa::AvgPool2dOp, tosa::ClampOp, tosa::ConcatOp,
           tosa::Conv2DOp, tosa::DepthwiseConv2DOp, tosa::MaxPool2dOp,
           tosa::MulOp, tosa::PadOp, tosa::ReshapeOp, tosa::SliceOp,
           tosa::SubOp, tosa::TransposeOp>(context);
  });
}
