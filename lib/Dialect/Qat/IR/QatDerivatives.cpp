//===- QatDerivatives.cpp - derivatives of the float qat ops ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DerivativeBuilders.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"

using namespace mlir;
using namespace mlir::qat;

static RankedTensorType getTensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

Value qat::buildReshape(OpBuilder &builder, Location loc, Value value,
                        ArrayRef<int64_t> shape) {
  RankedTensorType type = getTensorType(value);
  if (type.getShape() == shape)
    return value;
  Value sizes = tosa::ConstShapeOp::create(
      builder, loc, tosa::shapeType::get(builder.getContext(), shape.size()),
      builder.getIndexTensorAttr(shape));
  return tosa::ReshapeOp::create(builder, loc, type.clone(shape), value, sizes);
}

Value qat::buildSumTo(OpBuilder &builder, Location loc, Value gradient,
                      Value operand) {
  if (gradient.getType() == operand.getType())
    return gradient;
  return SumToOp::create(builder, loc, operand.getType(), gradient);
}

void qat::buildConvolutionGradients(OpBuilder &builder, Location loc,
                                    const Convolution &conv, Value upstream,
                                    ArrayRef<bool> wanted,
                                    MutableArrayRef<Value> gradients) {
  auto contract = [&](ContractionKind kind, Value a, Value b, Value like) {
    RankedTensorType type = getTensorType(like);
    Value init = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                         type.getElementType());
    return ContractionOp::create(builder, loc, kind, a, b, init, conv.pad,
                                 conv.stride, conv.dilation, conv.groups,
                                 conv.depthwise)
        .getResult();
  };
  if (wanted[0])
    gradients[0] = contract(ContractionKind::InputGradient, upstream,
                            conv.weight, conv.input);
  if (wanted[1])
    gradients[1] = contract(ContractionKind::WeightGradient, conv.input,
                            upstream, conv.weight);
  if (wanted[2])
    gradients[2] = buildSumTo(builder, loc, upstream, conv.bias);
}

Value qat::buildFrozenScale(OpBuilder &builder, Location loc, Value value,
                            Value gamma, Value variance, FloatAttr epsilon) {
  int64_t channel = getTensorType(value).getRank() - 1;
  return FoldWeightOp::create(builder, loc, value.getType(), value, gamma,
                              variance, builder.getDenseI64ArrayAttr(channel),
                              epsilon);
}

/// A batch norm by the statistics of its own batch has the derivative of the
/// whole; one by running statistics is frozen and scales.
LogicalResult BatchNormOp::buildGradients(OpBuilder &builder,
                                          ValueRange upstream,
                                          ArrayRef<bool> wanted,
                                          MutableArrayRef<Value> gradients) {
  auto statistics = getMean().getDefiningOp<BatchStatisticsOp>();
  auto moments = statistics
                     ? statistics.getSum().getDefiningOp<ChannelMomentsOp>()
                     : ChannelMomentsOp();
  if (!moments || moments.getInput() != getInput()) {
    if (wanted[0])
      gradients[0] =
          buildFrozenScale(builder, getLoc(), upstream[0], getGamma(),
                           getVariance(), getEpsilonAttr());
    return success();
  }
  auto products = ChannelProductsOp::create(builder, getLoc(), upstream[0],
                                            getInput(), getMean());
  Type vector = getGamma().getType();
  auto vectors = BatchNormGradientOp::create(
      builder, getLoc(), TypeRange{vector, vector, vector, vector, vector},
      products.getSum(), products.getProduct(), getGamma(), getMean(),
      getVariance(), statistics.getCountAttr(), getEpsilonAttr());
  if (wanted[0])
    gradients[0] =
        ChannelAffineOp::create(builder, getLoc(), getType(), upstream[0],
                                getInput(), vectors.getUpstreamFactor(),
                                vectors.getInputFactor(), vectors.getOffset());
  if (wanted[1])
    gradients[1] = vectors.getGammaGradient();
  if (wanted[2])
    gradients[2] = vectors.getBetaGradient();
  return success();
}

LogicalResult
GroupedConv2DOp::buildGradients(OpBuilder &builder, ValueRange upstream,
                                ArrayRef<bool> wanted,
                                MutableArrayRef<Value> gradients) {
  Convolution conv{getInput(),
                   getWeight(),
                   getBias(),
                   getPad(),
                   getStride(),
                   getDilation(),
                   static_cast<int64_t>(getGroups())};
  buildConvolutionGradients(builder, getLoc(), conv, upstream[0], wanted,
                            gradients);
  return success();
}

/// Rounding passes the gradient straight through; the step has none, as it
/// divides and multiplies.
LogicalResult
RoundedAvgPool2DOp::buildGradients(OpBuilder &builder, ValueRange upstream,
                                   ArrayRef<bool> wanted,
                                   MutableArrayRef<Value> gradients) {
  if (wanted[0])
    gradients[0] = AvgPool2DGradientOp::create(
        builder, getLoc(), getInput().getType(), upstream[0], getKernelAttr(),
        getStrideAttr(), getPadAttr());
  return success();
}

LogicalResult SoftmaxOp::buildGradients(OpBuilder &builder, ValueRange upstream,
                                        ArrayRef<bool> wanted,
                                        MutableArrayRef<Value> gradients) {
  if (wanted[0])
    gradients[0] = SoftmaxGradientOp::create(builder, getLoc(), getType(),
                                             getResult(), upstream[0]);
  return success();
}

/// The batch norm is frozen: its vectors have no gradient.
LogicalResult FoldWeightOp::buildGradients(OpBuilder &builder,
                                           ValueRange upstream,
                                           ArrayRef<bool> wanted,
                                           MutableArrayRef<Value> gradients) {
  if (wanted[0])
    gradients[0] = buildWeightGradient(builder, upstream[0]);
  return success();
}

LogicalResult FoldBiasOp::buildGradients(OpBuilder &builder,
                                         ValueRange upstream,
                                         ArrayRef<bool> wanted,
                                         MutableArrayRef<Value> gradients) {
  if (wanted[0])
    gradients[0] = buildFrozenScale(builder, getLoc(), upstream[0], getGamma(),
                                    getVariance(), getEpsilonAttr());
  return success();
}
