//===- StepOps.cpp - what form T adds to a network, as loops ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sums over the batch add to zeros, with the batch as the outermost loop and
// the channel as the innermost, which is free of dependences: whoever cuts the
// batch can sum the parts.
//
//===----------------------------------------------------------------------===//

#include "LinalgBuilders.h"
#include "Sums.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::qat;

using arith::CmpFPredicate;
using utils::IteratorType;

static Value add(ImplicitLocOpBuilder &b, Value lhs, Value rhs) {
  return arith::AddFOp::create(b, lhs, rhs);
}
static Value subtract(ImplicitLocOpBuilder &b, Value lhs, Value rhs) {
  return arith::SubFOp::create(b, lhs, rhs);
}
static Value multiply(ImplicitLocOpBuilder &b, Value lhs, Value rhs) {
  return arith::MulFOp::create(b, lhs, rhs);
}
static Value divide(ImplicitLocOpBuilder &b, Value lhs, Value rhs) {
  return arith::DivFOp::create(b, lhs, rhs);
}

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Several tensors of `type` at once, elementwise; the element builder gives
/// one value each.
using ElementsBuilder =
    function_ref<SmallVector<Value>(ImplicitLocOpBuilder &, ValueRange)>;

/// A loop nest with several results, which start as `inits`.
static SmallVector<Value> buildManyLoops(ImplicitLocOpBuilder &b,
                                         ValueRange inputs, ValueRange inits,
                                         ArrayRef<AffineMap> maps,
                                         ArrayRef<IteratorType> iterators,
                                         ElementsBuilder body) {
  auto loops = linalg::GenericOp::create(
      b, inits.getTypes(), inputs, inits, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        ImplicitLocOpBuilder inner(loc, nested);
        linalg::YieldOp::create(inner, body(inner, arguments));
      });
  return SmallVector<Value>(loops.getResults());
}

/// f64 sums of the terms that `body` gives, a channel; `vectors` have one
/// element a channel.
static SmallVector<Value> buildChannelSums(ImplicitLocOpBuilder &b,
                                           ValueRange tensors,
                                           ValueRange vectors, unsigned count,
                                           ElementsBuilder body) {
  RankedTensorType type = typeOf(tensors[0]);
  int64_t rank = type.getRank();
  AffineMap all = b.getMultiDimIdentityMap(rank);
  AffineMap channel = getAxesMap(b.getContext(), rank, rank - 1);
  SmallVector<AffineMap> maps(tensors.size(), all);
  maps.append(vectors.size() + count, channel);
  SmallVector<IteratorType> iterators(rank, IteratorType::reduction);
  iterators.back() = IteratorType::parallel;
  SmallVector<Value> inputs(tensors), inits;
  llvm::append_range(inputs, vectors);
  auto sums = RankedTensorType::get(type.getShape().back(), b.getF64Type());
  for (unsigned index = 0; index < count; ++index)
    inits.push_back(buildFilled(b, sums, buildFloat(b, b.getF64Type(), 0.0)));
  return buildManyLoops(
      b, inputs, inits, maps, iterators,
      [&](ImplicitLocOpBuilder &e, ValueRange v) {
        SmallVector<Value> results;
        for (auto [term, sum] :
             llvm::zip_equal(body(e, v.drop_back(count)), v.take_back(count)))
          results.push_back(add(e, sum, term));
        return results;
      });
}

/// Vectors with the types of `results`, elementwise from `inputs`: f64 in
/// between, rounded once.
static SmallVector<Value> mapVectors(ImplicitLocOpBuilder &b, ValueRange inputs,
                                     TypeRange results, ElementsBuilder body) {
  AffineMap map = b.getMultiDimIdentityMap(1);
  SmallVector<AffineMap> maps(inputs.size() + results.size(), map);
  SmallVector<Value> inits;
  for (Type type : results) {
    auto tensor = cast<RankedTensorType>(type);
    inits.push_back(tensor::EmptyOp::create(b, tensor.getShape(),
                                            tensor.getElementType()));
  }
  return buildManyLoops(
      b, inputs, inits, maps, IteratorType::parallel,
      [&](ImplicitLocOpBuilder &e, ValueRange v) {
        SmallVector<Value> wide;
        for (Value value : v.drop_back(results.size()))
          wide.push_back(widen(e, value));
        SmallVector<Value> values = body(e, wide);
        for (auto [value, type] : llvm::zip_equal(values, results))
          value = narrow(e, value,
                         cast<RankedTensorType>(type).getElementType());
        return values;
      });
}

namespace {
/// channel_moments(x) -> sum x, sum x * x.
struct LowerChannelMoments : OpRewritePattern<ChannelMomentsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ChannelMomentsOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    rewriter.replaceOp(
        op, buildChannelSums(b, op.getInput(), {}, /*count=*/2,
                             [](ImplicitLocOpBuilder &e, ValueRange v) {
                               Value wide = widen(e, v[0]);
                               return SmallVector<Value>{
                                   wide, multiply(e, wide, wide)};
                             }));
    return success();
  }
};

/// channel_products(g, x, mean) -> sum g, sum g * (x - mean).
struct LowerChannelProducts : OpRewritePattern<ChannelProductsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ChannelProductsOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    rewriter.replaceOp(
        op, buildChannelSums(
                b, {op.getUpstream(), op.getInput()}, op.getMean(), /*count=*/2,
                [](ImplicitLocOpBuilder &e, ValueRange v) {
                  Value g = widen(e, v[0]);
                  Value centered = widen(e, subtract(e, v[1], v[2]));
                  return SmallVector<Value>{g, multiply(e, g, centered)};
                }));
    return success();
  }
};

/// sum_to(x) -> f64 sums, then rounded.
struct LowerSumTo : OpRewritePattern<SumToOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SumToOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    RankedTensorType from = typeOf(op.getInput()), to = typeOf(op.getResult());
    int64_t rank = from.getRank(), lead = rank - to.getRank();
    SmallVector<IteratorType> iterators(rank, IteratorType::reduction);
    SmallVector<AffineExpr> results;
    for (int64_t dim = 0; dim < to.getRank(); ++dim) {
      if (to.getDimSize(dim) == from.getDimSize(lead + dim)) {
        iterators[lead + dim] = IteratorType::parallel;
        results.push_back(b.getAffineDimExpr(lead + dim));
      } else {
        results.push_back(b.getAffineConstantExpr(0));
      }
    }
    auto wide = to.clone(b.getF64Type());
    Value sum = buildLoops(
        b, op.getInput(),
        buildFilled(b, wide, buildFloat(b, b.getF64Type(), 0.0)),
        {b.getMultiDimIdentityMap(rank),
         AffineMap::get(rank, 0, results, b.getContext())},
        iterators, [](ImplicitLocOpBuilder &e, ValueRange v) {
          return add(e, v[1], widen(e, v[0]));
        });
    rewriter.replaceOp(
        op, mapElements(b, sum, to, [&](ImplicitLocOpBuilder &e, ValueRange v) {
          return narrow(e, v[0], to.getElementType());
        }));
    return success();
  }
};

/// batch_statistics(s, q) -> s / n, max(q / n - (s / n)^2, 0).
struct LowerBatchStatistics : OpRewritePattern<BatchStatisticsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BatchStatisticsOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    double count = op.getCount();
    rewriter.replaceOp(
        op, mapVectors(
                b, {op.getSum(), op.getSquares()}, op.getResultTypes(),
                [&](ImplicitLocOpBuilder &e, ValueRange v) {
                  Value n = buildFloat(e, e.getF64Type(), count);
                  Value mean = divide(e, v[0], n);
                  Value variance = subtract(e, divide(e, v[1], n),
                                            multiply(e, mean, mean));
                  // A NaN stays one: it tells that the step went wrong.
                  Value zero = buildFloat(e, e.getF64Type(), 0.0);
                  Value negative = arith::CmpFOp::create(
                      e, CmpFPredicate::OLT, variance, zero);
                  variance =
                      arith::SelectOp::create(e, negative, zero, variance);
                  return SmallVector<Value>{mean, variance};
                }));
    return success();
  }
};

/// update_statistics(rm, rv, m, v) by momentum, the variance made unbiased.
struct LowerUpdateStatistics : OpRewritePattern<UpdateStatisticsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(UpdateStatisticsOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type element = typeOf(op.getMean()).getElementType();
    Value m = tensor::ExtractOp::create(b, op.getMomentum(), ValueRange{});
    Value rest = subtract(b, buildFloat(b, element, 1.0), m);
    double count = op.getCount();
    Value unbiased =
        buildFloat(b, element, count > 1 ? count / (count - 1) : 1.0);
    auto blend = [&](ImplicitLocOpBuilder &e, Value old, Value now) {
      return add(e, multiply(e, rest, old), multiply(e, m, now));
    };
    Value mean = mapElements(b, {op.getRunningMean(), op.getMean()},
                             typeOf(op.getMean()),
                             [&](ImplicitLocOpBuilder &e, ValueRange v) {
                               return blend(e, v[0], v[1]);
                             });
    Value variance = mapElements(
        b, {op.getRunningVariance(), op.getVariance()},
        typeOf(op.getVariance()), [&](ImplicitLocOpBuilder &e, ValueRange v) {
          return blend(e, v[0], multiply(e, v[1], unbiased));
        });
    rewriter.replaceOp(op, {mean, variance});
    return success();
  }
};

/// batch_norm_gradient: five vectors by the formulas of QatStepOps.td.
struct LowerBatchNormGradient : OpRewritePattern<BatchNormGradientOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BatchNormGradientOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    double epsilon = op.getEpsilon().convertToFloat();
    double count = op.getCount();
    rewriter.replaceOp(
        op,
        mapVectors(
            b,
            {op.getSum(), op.getProduct(), op.getGamma(), op.getMean(),
             op.getVariance()},
            op.getResultTypes(), [&](ImplicitLocOpBuilder &e, ValueRange v) {
              Type f64 = e.getF64Type();
              Value sum = v[0], product = v[1], gamma = v[2], mean = v[3];
              Value root = math::SqrtOp::create(
                  e, add(e, v[4], buildFloat(e, f64, epsilon)));
              Value r = divide(e, buildFloat(e, f64, 1.0), root);
              Value n = buildFloat(e, f64, count);
              Value scale = multiply(e, gamma, r);
              Value share = multiply(e, scale, multiply(e, r, r));
              Value zero = buildFloat(e, f64, 0.0);
              Value slope = subtract(
                  e, zero, divide(e, multiply(e, share, product), n));
              Value offset = subtract(
                  e,
                  subtract(e, zero, divide(e, multiply(e, scale, sum), n)),
                  multiply(e, slope, mean));
              return SmallVector<Value>{multiply(e, product, r), sum, scale,
                                        slope, offset};
            }));
    return success();
  }
};

/// channel_affine(g, x) -> (g * k1 + x * k2) + k3.
struct LowerChannelAffine : OpRewritePattern<ChannelAffineOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ChannelAffineOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    RankedTensorType type = typeOf(op.getResult());
    int64_t rank = type.getRank();
    AffineMap all = b.getMultiDimIdentityMap(rank);
    AffineMap channel = getAxesMap(getContext(), rank, rank - 1);
    rewriter.replaceOp(
        op, mapElements(b,
                        {op.getUpstream(), op.getInput(),
                         op.getUpstreamFactor(), op.getInputFactor(),
                         op.getOffset()},
                        {all, all, channel, channel, channel}, type,
                        [](ImplicitLocOpBuilder &e, ValueRange v) {
                          return add(e,
                                     add(e, multiply(e, v[0], v[2]),
                                         multiply(e, v[1], v[3])),
                                     v[4]);
                        }));
    return success();
  }
};

/// clamp_gradient(x, g) -> g where minimum < x < maximum, else 0.
struct LowerClampGradient : OpRewritePattern<ClampGradientOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ClampGradientOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    RankedTensorType type = op.getType();
    Type element = type.getElementType();
    Value lo = buildFloat(b, element, op.getMinimum().convertToFloat());
    Value hi = buildFloat(b, element, op.getMaximum().convertToFloat());
    rewriter.replaceOp(
        op,
        mapElements(
            b, {op.getInput(), op.getUpstream()}, type,
            [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
              Value above =
                  arith::CmpFOp::create(e, CmpFPredicate::OGT, v[0], lo);
              Value below =
                  arith::CmpFOp::create(e, CmpFPredicate::OLT, v[0], hi);
              return arith::SelectOp::create(
                  e, arith::AndIOp::create(e, above, below), v[1],
                  buildFloat(e, element, 0.0));
            }));
    return success();
  }
};

/// softmax_gradient(y, g) -> y * (g - sum(y * g)).
struct LowerSoftmaxGradient : OpRewritePattern<SoftmaxGradientOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SoftmaxGradientOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getInputGradient().getType());
    Type element = type.getElementType();
    int64_t rank = type.getRank();
    AffineMap all = b.getMultiDimIdentityMap(rank);
    AffineMap row = all.dropResult(rank - 1);
    SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
    iterators.back() = IteratorType::reduction;
    auto rowType = RankedTensorType::get(type.getShape().drop_back(), element);
    Value init = buildFilled(b, rowType, buildFloat(b, element, 0.0));
    Value sum =
        buildLoops(b, {op.getResult(), op.getUpstream()}, init, {all, all, row},
                   iterators, [](ImplicitLocOpBuilder &e, ValueRange v) {
                     return add(e, v[2], multiply(e, v[0], v[1]));
                   });
    rewriter.replaceOp(
        op, mapElements(b, {op.getResult(), op.getUpstream(), sum},
                        {all, all, row}, type,
                        [](ImplicitLocOpBuilder &e, ValueRange v) {
                          return multiply(e, v[0], subtract(e, v[1], v[2]));
                        }));
    return success();
  }
};
} // namespace

void mlir::qat::populateQatStepToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerBatchNormGradient, LowerBatchStatistics, LowerChannelAffine,
               LowerChannelMoments, LowerChannelProducts, LowerClampGradient,
               LowerSoftmaxGradient, LowerSumTo, LowerUpdateStatistics>(
      patterns.getContext());
}
