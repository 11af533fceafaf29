//===- Quantizers.cpp - the fake quantizers of form Q as loops --*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// The numbers are those of qat/Support/ActivationQuantizers.h and
// WeightQuantizers.h to the bit (the sign of a zero aside): grids of
// activations are computed in double and rounded to float32 where they meet a
// tensor, grids of weights in float32. A NaN becomes the level of 0.
//
//===----------------------------------------------------------------------===//

#include "QuantizerElements.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Support/ActivationQuantizers.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::qat;

using arith::CmpFPredicate;

namespace {
//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

/// quantize_input(x) -> (level - zero) * step by docs/Spec.md, section 1.
struct LowerQuantizeInput : OpRewritePattern<QuantizeInputOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeInputOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type f32 = b.getF32Type();
    double minimum = op.getMinimum();
    double maximum = op.getMaximum();
    llvm::Expected<InputQuantizer> quantizer =
        InputQuantizer::get(minimum, maximum);
    if (!quantizer) {
      llvm::consumeError(quantizer.takeError());
      return rewriter.notifyMatchFailure(op, "the input range has no grid");
    }
    const Grid grid = quantizer->getGrid();
    bool isSigned = grid.storageMin < 0;
    rewriter.replaceOp(
        op, mapElements(
                b, op.getInput(), cast<RankedTensorType>(op.getType()),
                [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                  Value x = clamp(e, v[0], buildFloat(e, f32, minimum),
                                  buildFloat(e, f32, maximum));
                  Value stepValue = buildFloat(e, f32, grid.getStep());
                  // 127.5 is exact where 1 / step is not.
                  Value scaled =
                      isSigned
                          ? arith::MulFOp::create(e, x,
                                                  buildFloat(e, f32, 127.5))
                                .getResult()
                          : arith::DivFOp::create(e, x, stepValue).getResult();
                  Value level = clampLevel(
                      e, roundHalfEven(e, scaled),
                      buildFloat(e, f32, grid.storageMin - grid.zeroPoint),
                      buildFloat(e, f32, grid.storageMax - grid.zeroPoint));
                  return arith::MulFOp::create(e, level, stepValue);
                }));
    return success();
  }
};

/// pact(x) -> level * float32(alpha / n), level = n where x >= alpha, else
/// clamp(floor(float32(n / alpha) * x + r), 0, n). A relu6 is only clamped.
struct LowerPact : OpRewritePattern<PactOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PactOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type f32 = b.getF32Type();
    double n = getMaxLevel(op.getBits());
    Value alpha = loadBound(b, op.getAlpha());
    if (op.getActivationType() == ActivationType::ReLU6) {
      rewriter.replaceOp(
          op,
          mapElements(b, op.getInput(), cast<RankedTensorType>(op.getType()),
                      [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                        return clamp(e, v[0], buildFloat(e, f32, 0.0), alpha);
                      }));
      return success();
    }
    Value wide = toDouble(b, alpha);
    Value levels = buildFloat(b, b.getF64Type(), n);
    Value reciprocal = toSingle(b, arith::DivFOp::create(b, levels, wide));
    Value step = toSingle(b, arith::DivFOp::create(b, wide, levels));
    rewriter.replaceOp(
        op,
        mapElements(
            b, op.getInput(), cast<RankedTensorType>(op.getType()),
            [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
              Value zero = buildFloat(e, f32, 0.0);
              Value top = buildFloat(e, f32, n);
              Value scaled = arith::MulFOp::create(e, reciprocal, v[0]);
              Value level = clampLevel(
                  e, roundByMode(e, scaled, op.getRounding(), op.getRaised()),
                  zero, top);
              level = select(e, CmpFPredicate::OGE, v[0], alpha, top, level);
              return arith::MulFOp::create(e, level, step);
            }));
    return success();
  }
};

/// bounded(x) -> clamp(floor(x / float32(step) + r), -zero, n - zero) *
/// float32(step).
struct LowerBounded : OpRewritePattern<BoundedOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BoundedOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type f64 = b.getF64Type();
    Value lo = toDouble(b, loadBound(b, op.getLo()));
    Value hi = toDouble(b, loadBound(b, op.getHi()));
    lo = towardsZero(b, lo, CmpFPredicate::OLT);
    hi = towardsZero(b, hi, CmpFPredicate::OGT);
    Value levels = buildFloat(b, f64, getMaxLevel(op.getBits()));
    Value step = buildBoundedStep(b, lo, hi, op.getBits());
    Value negativeZeroPoint = buildLowestLevel(b, lo, step, op.getBits());
    Value min = toSingle(b, negativeZeroPoint);
    Value max =
        toSingle(b, arith::AddFOp::create(b, levels, negativeZeroPoint));
    Value stepSingle = toSingle(b, step);
    rewriter.replaceOp(
        op, mapElements(
                b, op.getInput(), cast<RankedTensorType>(op.getType()),
                [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                  Value scaled = arith::DivFOp::create(e, v[0], stepSingle);
                  Value level = clampLevel(
                      e,
                      roundByMode(e, scaled, op.getRounding(), op.getRaised()),
                      min, max);
                  return arith::MulFOp::create(e, level, stepSingle);
                }));
    return success();
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

/// level * step by docs/Spec.md, section 3.
static Value buildFakeWeights(ImplicitLocOpBuilder &b, Value weight,
                              const WeightRule &rule) {
  Type f32 = b.getF32Type();
  double n = getMaxLevel(rule.bits);
  auto [mins, steps] = buildWeightSteps(b, weight, rule);
  auto gridType = cast<RankedTensorType>(mins.getType());
  // The smallest level, -zero: round(-mn / step) is even in its sign.
  Value lowest =
      mapElements(b, {mins, steps}, gridType,
                  [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                    if (rule.symmetric)
                      return buildFloat(e, f32, -(1 << (rule.bits - 1)));
                    Value level =
                        roundHalfEven(e, arith::DivFOp::create(e, v[0], v[1]));
                    return clampLevel(e, level, buildFloat(e, f32, -n),
                                      buildFloat(e, f32, 0.0));
                  });
  auto type = cast<RankedTensorType>(weight.getType());
  AffineMap channel = getAxesMap(b.getContext(), type.getRank(), rule.axes);
  return mapElements(
      b, {weight, steps, lowest},
      {b.getMultiDimIdentityMap(type.getRank()), channel, channel}, type,
      [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
        Value t = clampWeight(e, rule, v[0]);
        Value level = roundHalfEven(e, arith::DivFOp::create(e, t, v[1]));
        Value top = arith::AddFOp::create(e, v[2], buildFloat(e, f32, n));
        level = clampLevel(e, level, v[2], top);
        return arith::MulFOp::create(e, level, v[1]);
      });
}

namespace {
struct LowerWeightAsymmetricPact : OpRewritePattern<WeightAsymmetricPactOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(WeightAsymmetricPactOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    WeightRule rule{op.getBits()};
    if (op.isClamped())
      rule.setBounds(b, op.getLo(), op.getHi());
    rewriter.replaceOp(op, buildFakeWeights(b, op.getWeight(), rule));
    return success();
  }
};

struct LowerWeightSymmetricPact : OpRewritePattern<WeightSymmetricPactOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(WeightSymmetricPactOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    WeightRule rule{op.getBits(), /*symmetric=*/true};
    if (op.isClamped())
      rule.setBound(b, op.getHi());
    rewriter.replaceOp(op, buildFakeWeights(b, op.getWeight(), rule));
    return success();
  }
};

struct LowerWeightMinMax : OpRewritePattern<WeightMinMaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(WeightMinMaxOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    WeightRule rule{op.getBits()};
    if (std::optional<ArrayRef<int64_t>> axes = op.getChannelAxes())
      rule.axes = *axes;
    rewriter.replaceOp(op, buildFakeWeights(b, op.getWeight(), rule));
    return success();
  }
};
} // namespace

void mlir::qat::populateQatQuantizersToLinalgPatterns(
    RewritePatternSet &patterns) {
  patterns.add<LowerQuantizeInput, LowerPact, LowerBounded,
               LowerWeightAsymmetricPact, LowerWeightSymmetricPact,
               LowerWeightMinMax>(patterns.getContext());
}
