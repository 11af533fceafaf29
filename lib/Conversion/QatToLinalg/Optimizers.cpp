//===- Optimizers.cpp - steps of the optimizers as loops --------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is updated is the init of its loop, so that it bufferizes in place.
//
//===----------------------------------------------------------------------===//

#include "Sums.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

#include <limits>

using namespace mlir;
using namespace mlir::qat;

using arith::CmpFPredicate;
using utils::IteratorType;

static Value load(ImplicitLocOpBuilder &b, Value number) {
  return tensor::ExtractOp::create(b, number, ValueRange{});
}

/// New values of the elements of `updated`, tensors of one shape, from those
/// of `inputs` and their own, in this order.
static SmallVector<Value> updateElements(
    ImplicitLocOpBuilder &b, ValueRange inputs, ValueRange updated,
    llvm::function_ref<SmallVector<Value>(ImplicitLocOpBuilder &, ValueRange)>
        body) {
  unsigned rank = cast<RankedTensorType>(updated[0].getType()).getRank();
  SmallVector<AffineMap> maps(inputs.size() + updated.size(),
                              b.getMultiDimIdentityMap(rank));
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  auto loops = linalg::GenericOp::create(
      b, updated.getTypes(), inputs, updated, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        ImplicitLocOpBuilder inner(loc, nested);
        linalg::YieldOp::create(inner, body(inner, arguments));
      });
  return SmallVector<Value>(loops.getResults());
}

/// gradient * scale + decay * parameter.
static Value buildDecayed(ImplicitLocOpBuilder &e, Value gradient, Value scale,
                          Value decay, Value parameter) {
  return arith::AddFOp::create(e, arith::MulFOp::create(e, gradient, scale),
                               arith::MulFOp::create(e, decay, parameter));
}

namespace {
struct LowerAdam : OpRewritePattern<AdamOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AdamOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type element =
        cast<RankedTensorType>(op.getParameter().getType()).getElementType();
    Value one = buildFloat(b, element, 1.0);
    Value apply = load(b, op.getApply()), scale = load(b, op.getScale());
    Value decay = load(b, op.getDecay()), epsilon = load(b, op.getEpsilon());
    Value beta1 = load(b, op.getBeta1()), beta2 = load(b, op.getBeta2());
    Value rest1 = arith::SubFOp::create(b, one, beta1);
    Value rest2 = arith::SubFOp::create(b, one, beta2);
    Value rate = arith::DivFOp::create(b, load(b, op.getRate()),
                                       load(b, op.getCorrection1()));
    Value root = math::SqrtOp::create(b, load(b, op.getCorrection2()));
    rewriter.replaceOp(
        op,
        updateElements(
            b, op.getGradient(),
            {op.getParameter(), op.getMoment1(), op.getMoment2()},
            [&](ImplicitLocOpBuilder &e, ValueRange v) -> SmallVector<Value> {
              Value w = v[1], m = v[2], s = v[3];
              Value g = buildDecayed(e, v[0], scale, decay, w);
              Value m1 = arith::AddFOp::create(
                  e, m,
                  arith::MulFOp::create(e, rest1,
                                        arith::SubFOp::create(e, g, m)));
              Value square = arith::MulFOp::create(
                  e, arith::MulFOp::create(e, rest2, g), g);
              Value s1 = arith::AddFOp::create(
                  e, arith::MulFOp::create(e, beta2, s), square);
              Value spread = arith::AddFOp::create(
                  e,
                  arith::DivFOp::create(e, math::SqrtOp::create(e, s1), root),
                  epsilon);
              Value change = arith::DivFOp::create(
                  e, arith::MulFOp::create(e, rate, m1), spread);
              Value w1 = arith::SubFOp::create(e, w, change);
              auto choose = [&](Value after, Value before) -> Value {
                return arith::SelectOp::create(e, apply, after, before);
              };
              return {choose(w1, w), choose(m1, m), choose(s1, s)};
            }));
    return success();
  }
};

struct LowerSgd : OpRewritePattern<SgdOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SgdOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value apply = load(b, op.getApply()), scale = load(b, op.getScale());
    Value decay = load(b, op.getDecay()), rate = load(b, op.getRate());
    Value momentum = load(b, op.getMomentum());
    rewriter.replaceOp(
        op,
        updateElements(
            b, op.getGradient(), {op.getParameter(), op.getMoment()},
            [&](ImplicitLocOpBuilder &e, ValueRange v) -> SmallVector<Value> {
              Value w = v[1], m = v[2];
              Value m1 = arith::AddFOp::create(
                  e, arith::MulFOp::create(e, momentum, m),
                  buildDecayed(e, v[0], scale, decay, w));
              Value w1 = arith::SubFOp::create(
                  e, w, arith::MulFOp::create(e, rate, m1));
              return {arith::SelectOp::create(e, apply, w1, w),
                      arith::SelectOp::create(e, apply, m1, m)};
            }));
    return success();
  }
};

struct LowerSquaredNorm : OpRewritePattern<SquaredNormOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SquaredNormOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    SmallVector<Value> sums;
    for (Value tensor : op.getTensors())
      sums.push_back(sumTermsWide(
          b, tensor, [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
            Value wide = widen(e, v[0]);
            return arith::MulFOp::create(e, wide, wide);
          }));
    if (sums.empty())
      sums.push_back(buildFilled(b, type, buildFloat(b, b.getF64Type(), 0.0)));
    rewriter.replaceOp(
        op, mapElements(b, sums, type,
                        [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                          Value sum = v[0];
                          for (Value next : v.drop_front().drop_back())
                            sum = arith::AddFOp::create(e, sum, next);
                          return sum;
                        }));
    return success();
  }
};

struct LowerClipFactor : OpRewritePattern<ClipFactorOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ClipFactorOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getNorm().getType());
    Type element = type.getElementType(), f64 = b.getF64Type();
    auto buildNorm = [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
      return arith::MulFOp::create(e, math::SqrtOp::create(e, v[0]),
                                   widen(e, v[2]));
    };
    ValueRange inputs = op->getOperands();
    Value norm = mapElements(b, inputs, type,
                             [&](ImplicitLocOpBuilder &e, ValueRange v) {
                               return narrow(e, buildNorm(e, v), element);
                             });
    Value scale = mapElements(
        b, inputs, type, [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          Value zero = buildFloat(e, f64, 0.0), one = buildFloat(e, f64, 1.0);
          Value limit = widen(e, v[1]), factor = widen(e, v[2]);
          Value ratio = arith::DivFOp::create(
              e, limit,
              arith::AddFOp::create(e, buildNorm(e, v),
                                    buildFloat(e, f64, 1e-6)));
          Value least = arith::MinimumFOp::create(e, ratio, one);
          Value clips =
              arith::CmpFOp::create(e, CmpFPredicate::OGT, limit, zero);
          Value clipped = arith::MulFOp::create(e, factor, least);
          return narrow(e, arith::SelectOp::create(e, clips, clipped, factor),
                        element);
        });
    rewriter.replaceOp(op, {norm, scale});
    return success();
  }
};

struct LowerAreFinite : OpRewritePattern<AreFiniteOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AreFiniteOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    rewriter.replaceOp(
        op,
        mapElements(b, op.getNumbers(), cast<RankedTensorType>(op.getType()),
                    [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                      Value all = buildScalar(e, e.getI1Type(), 1);
                      for (Value number : v.drop_back()) {
                        Value size = math::AbsFOp::create(e, number);
                        Value infinity =
                            buildFloat(e, size.getType(),
                                       std::numeric_limits<double>::infinity());
                        all = arith::AndIOp::create(
                            e, all,
                            arith::CmpFOp::create(e, CmpFPredicate::OLT, size,
                                                  infinity));
                      }
                      return all;
                    }));
    return success();
  }
};

struct LowerSelect : OpRewritePattern<qat::SelectOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(qat::SelectOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value condition = load(b, op.getCondition());
    rewriter.replaceOp(
        op,
        updateElements(
            b, op.getNewValue(), op.getOldValue(),
            [&](ImplicitLocOpBuilder &e, ValueRange v) -> SmallVector<Value> {
              return {arith::SelectOp::create(e, condition, v[0], v[1])};
            }));
    return success();
  }
};

struct LowerAccumulate : OpRewritePattern<AccumulateOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AccumulateOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value apply = load(b, op.getApply());
    rewriter.replaceOp(
        op,
        updateElements(
            b, op.getGradient(), op.getSum(),
            [&](ImplicitLocOpBuilder &e, ValueRange v) -> SmallVector<Value> {
              Value sum = arith::AddFOp::create(e, v[1], v[0]);
              return {arith::SelectOp::create(e, apply, sum, v[1])};
            }));
    return success();
  }
};

struct LowerScale : OpRewritePattern<ScaleOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScaleOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    rewriter.replaceOp(
        op, mapElements(b, op.getInput(), type,
                        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                          Value factor =
                              buildFloat(e, type.getElementType(),
                                         op.getFactor().convertToDouble());
                          return arith::MulFOp::create(e, v[0], factor);
                        }));
    return success();
  }
};
} // namespace

void mlir::qat::populateQatOptimizersToLinalgPatterns(
    RewritePatternSet &patterns) {
  patterns.add<LowerAdam, LowerSgd, LowerSquaredNorm, LowerClipFactor,
               LowerAreFinite, LowerSelect, LowerAccumulate, LowerScale>(
      patterns.getContext());
}
