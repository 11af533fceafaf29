//===- FloatOps.cpp - the float ops of form F as loops ----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LinalgBuilders.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

#include <limits>

using namespace mlir;
using namespace mlir::qat;

using utils::IteratorType;

/// g = gamma / sqrt(variance + epsilon), one a channel: a true square root and
/// a true division, so that every target computes the same bits.
static Value buildBatchNormFactor(ImplicitLocOpBuilder &b, Value gamma,
                                  Value variance, APFloat epsilon) {
  auto type = cast<RankedTensorType>(gamma.getType());
  return mapElements(b, {gamma, variance}, type,
                     [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                       Value eps = buildFloat(e, type.getElementType(),
                                              epsilon.convertToDouble());
                       Value sum = arith::AddFOp::create(e, v[1], eps);
                       Value root = math::SqrtOp::create(e, sum);
                       return arith::DivFOp::create(e, v[0], root);
                     });
}

/// (x - mean) * g + beta on elements.
static Value buildNormalized(ImplicitLocOpBuilder &b, Value x, Value mean,
                             Value factor, Value beta) {
  Value centered = arith::SubFOp::create(b, x, mean);
  Value scaled = arith::MulFOp::create(b, centered, factor);
  return arith::AddFOp::create(b, scaled, beta);
}

namespace {
/// batch_norm(x) -> (x - mean) * g + beta, g computed once a channel.
struct LowerBatchNorm : OpRewritePattern<BatchNormOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BatchNormOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    int64_t rank = type.getRank();
    Value factor = buildBatchNormFactor(b, op.getGamma(), op.getVariance(),
                                        op.getEpsilon());
    AffineMap channel = getAxesMap(getContext(), rank, rank - 1);
    rewriter.replaceOp(
        op,
        mapElements(b, {op.getInput(), op.getMean(), factor, op.getBeta()},
                    {b.getMultiDimIdentityMap(rank), channel, channel, channel},
                    type, [](ImplicitLocOpBuilder &e, ValueRange v) {
                      return buildNormalized(e, v[0], v[1], v[2], v[3]);
                    }));
    return success();
  }
};

/// fold_bias(b) -> (b - mean) * g + beta.
struct LowerFoldBias : OpRewritePattern<FoldBiasOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(FoldBiasOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value factor = buildBatchNormFactor(b, op.getGamma(), op.getVariance(),
                                        op.getEpsilon());
    rewriter.replaceOp(
        op, mapElements(b, {op.getBias(), op.getMean(), factor, op.getBeta()},
                        cast<RankedTensorType>(op.getType()),
                        [](ImplicitLocOpBuilder &e, ValueRange v) {
                          return buildNormalized(e, v[0], v[1], v[2], v[3]);
                        }));
    return success();
  }
};

/// fold_weight(w) -> w * g along the channel axes.
struct LowerFoldWeight : OpRewritePattern<FoldWeightOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(FoldWeightOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    Value factor = buildBatchNormFactor(b, op.getGamma(), op.getVariance(),
                                        op.getEpsilon());
    ArrayRef<int64_t> axes = op.getChannelAxes();
    factor = shapeAsChannels(b, factor, type, axes);
    int64_t rank = type.getRank();
    rewriter.replaceOp(
        op,
        mapElements(b, {op.getWeight(), factor},
                    {b.getMultiDimIdentityMap(rank),
                     getAxesMap(getContext(), rank, axes)},
                    type, [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                      return arith::MulFOp::create(e, v[0], v[1]);
                    }));
    return success();
  }
};

/// grouped_conv2d: loops n, oh, ow, kh, kw, g, ic, oc over the padded input and
/// the weights with their channels split into (g, channel), from the bias on.
struct LowerGroupedConv2D : OpRewritePattern<GroupedConv2DOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GroupedConv2DOp op,
                                PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getType());
    if (!type.hasStaticShape())
      return rewriter.notifyMatchFailure(op, "batch is not static");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto groups = static_cast<int64_t>(op.getGroups());
    Value input = split(b, pad(b, op.getInput(), op.getPad()), 3, groups);
    Value weight = split(b, op.getWeight(), 0, groups);
    Value bias = split(b, op.getBias(), 0, groups);

    AffineExpr n, oh, ow, kh, kw, g, ic, oc;
    bindDims(getContext(), n, oh, ow, kh, kw, g, ic, oc);
    ArrayRef<int64_t> stride = op.getStride(), dilation = op.getDilation();
    AffineExpr ih = oh * stride[0] + kh * dilation[0];
    AffineExpr iw = ow * stride[1] + kw * dilation[1];
    SmallVector<IteratorType> iterators(8, IteratorType::parallel);
    iterators[3] = iterators[4] = iterators[6] = IteratorType::reduction;
    auto maps =
        AffineMap::inferFromExprList({ArrayRef<AffineExpr>{n, ih, iw, g, ic},
                                      {g, oc, kh, kw, ic},
                                      {n, oh, ow, g, oc}},
                                     getContext());
    SmallVector<int64_t> shape(type.getShape());
    shape.back() = groups;
    shape.push_back(type.getDimSize(3) / groups);
    auto splitType = RankedTensorType::get(shape, type.getElementType());
    Value init =
        mapElements(b, bias, {getAxesMap(getContext(), 5, {3, 4})}, splitType,
                    [](ImplicitLocOpBuilder &, ValueRange v) { return v[0]; });
    Value result =
        buildLoops(b, {input, weight}, init, maps, iterators,
                   [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                     return arith::AddFOp::create(
                         e, v[2], arith::MulFOp::create(e, v[0], v[1]));
                   });
    rewriter.replaceOp(
        op, tensor::CollapseShapeOp::create(b, result, getSplit(4, 3)));
    return success();
  }

private:
  /// Dimension `axis` of `rank` as two.
  static SmallVector<ReassociationIndices> getSplit(int64_t rank,
                                                    int64_t axis) {
    SmallVector<ReassociationIndices> indices;
    int64_t next = 0;
    for (int64_t dim = 0; dim < rank; ++dim) {
      indices.push_back({next++});
      if (dim == axis)
        indices.back().push_back(next++);
    }
    return indices;
  }

  /// Dimension `axis` as (groups, channel).
  static Value split(ImplicitLocOpBuilder &b, Value value, int64_t axis,
                     int64_t groups) {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[axis] /= groups;
    shape.insert(shape.begin() + axis, groups);
    return tensor::ExpandShapeOp::create(
        b, RankedTensorType::get(shape, type.getElementType()), value,
        getSplit(type.getRank(), axis));
  }

  static Value pad(ImplicitLocOpBuilder &b, Value input,
                   ArrayRef<int64_t> pads) {
    if (llvm::all_of(pads, [](int64_t size) { return size == 0; }))
      return input;
    auto type = cast<RankedTensorType>(input.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[1] += pads[0] + pads[1];
    shape[2] += pads[2] + pads[3];
    auto amounts = [&](int64_t rows, int64_t columns) {
      return SmallVector<OpFoldResult>{b.getIndexAttr(0), b.getIndexAttr(rows),
                                       b.getIndexAttr(columns),
                                       b.getIndexAttr(0)};
    };
    return tensor::PadOp::create(
        b, RankedTensorType::get(shape, type.getElementType()), input,
        amounts(pads[0], pads[2]), amounts(pads[1], pads[3]),
        buildFloat(b, type.getElementType(), 0.0));
  }
};

/// softmax(x) -> e / sum(e) with e = exp(x - max(x)), over the last dimension.
struct LowerSoftmax : OpRewritePattern<SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SoftmaxOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    Type element = type.getElementType();
    int64_t rank = type.getRank();
    auto rowType = RankedTensorType::get(type.getShape().drop_back(), element);
    AffineMap identity = b.getMultiDimIdentityMap(rank);
    AffineMap row = identity.dropResult(rank - 1);
    SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
    iterators.back() = IteratorType::reduction;

    auto reduce = [&](Value input, double start, ElementBuilder combine) {
      Value init = buildFilled(b, rowType, buildFloat(b, element, start));
      return buildLoops(b, input, init, {identity, row}, iterators, combine);
    };
    Value maximum =
        reduce(op.getInput(), -std::numeric_limits<double>::infinity(),
               [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                 return arith::MaximumFOp::create(e, v[0], v[1]);
               });
    Value exponential = mapElements(
        b, {op.getInput(), maximum}, {identity, row}, type,
        [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          return math::ExpOp::create(e, arith::SubFOp::create(e, v[0], v[1]));
        });
    Value sum = reduce(exponential, 0.0,
                       [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                         return arith::AddFOp::create(e, v[1], v[0]);
                       });
    rewriter.replaceOp(
        op, mapElements(b, {exponential, sum}, {identity, row}, type,
                        [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                          return arith::DivFOp::create(e, v[0], v[1]);
                        }));
    return success();
  }
};
} // namespace

void mlir::qat::populateQatFloatToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerBatchNorm, LowerFoldBias, LowerFoldWeight,
               LowerGroupedConv2D, LowerSoftmax>(patterns.getContext());
}
