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

#include "LinalgBuilders.h"

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
using utils::IteratorType;

static Value select(ImplicitLocOpBuilder &b, CmpFPredicate predicate, Value lhs,
                    Value rhs, Value ifTrue, Value ifFalse) {
  Value condition = arith::CmpFOp::create(b, predicate, lhs, rhs);
  return arith::SelectOp::create(b, condition, ifTrue, ifFalse);
}

/// std::clamp: a NaN stays a NaN. Comparisons instead of maximumf, because
/// these are one instruction on every target.
static Value clamp(ImplicitLocOpBuilder &b, Value x, Value lo, Value hi) {
  Value raised = select(b, CmpFPredicate::OLT, x, lo, lo, x);
  return select(b, CmpFPredicate::OGT, raised, hi, hi, raised);
}

/// An integral value clamped to [lo, hi], with 0 for a NaN (lo <= 0 <= hi).
static Value clampLevel(ImplicitLocOpBuilder &b, Value level, Value lo,
                        Value hi) {
  Value zero = buildFloat(b, level.getType(), 0.0);
  Value number = select(b, CmpFPredicate::ORD, level, level, level, zero);
  return clamp(b, number, lo, hi);
}

static Value roundHalfEven(ImplicitLocOpBuilder &b, Value x) {
  return math::RoundEvenOp::create(b, x);
}

static Value toDouble(ImplicitLocOpBuilder &b, Value scalar) {
  return arith::ExtFOp::create(b, b.getF64Type(), scalar);
}
static Value toSingle(ImplicitLocOpBuilder &b, Value scalar) {
  return arith::TruncFOp::create(b, b.getF32Type(), scalar);
}

static Value loadBound(ImplicitLocOpBuilder &b, Value bound) {
  return tensor::ExtractOp::create(b, bound, ValueRange{});
}

/// min(bound, 0) or max(bound, 0).
static Value towardsZero(ImplicitLocOpBuilder &b, Value bound,
                         CmpFPredicate sign) {
  Value zero = buildFloat(b, bound.getType(), 0.0);
  return select(b, sign, bound, zero, bound, zero);
}

static double maxLevel(uint32_t bits) { return (1 << bits) - 1; }

/// floor(scaled + r): r is a rounding of its own.
static Value roundByMode(ImplicitLocOpBuilder &b, Value scaled,
                         RoundingMode mode) {
  if (mode == RoundingMode::Nearest)
    scaled =
        arith::AddFOp::create(b, scaled, buildFloat(b, scaled.getType(), 0.5));
  return math::FloorOp::create(b, scaled);
}

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
    double n = maxLevel(op.getBits());
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
        op, mapElements(
                b, op.getInput(), cast<RankedTensorType>(op.getType()),
                [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                  Value zero = buildFloat(e, f32, 0.0);
                  Value top = buildFloat(e, f32, n);
                  Value scaled = arith::MulFOp::create(e, reciprocal, v[0]);
                  Value level = clampLevel(
                      e, roundByMode(e, scaled, op.getRounding()), zero, top);
                  level =
                      select(e, CmpFPredicate::OGE, v[0], alpha, top, level);
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
    Value levels = buildFloat(b, f64, maxLevel(op.getBits()));
    Value zero = buildFloat(b, f64, 0.0);
    Value range = arith::SubFOp::create(b, hi, lo);
    Value step = arith::DivFOp::create(b, range, levels);
    step = select(b, CmpFPredicate::OGT, step, zero, step,
                  buildFloat(b, f64, 1.0));
    Value lowest = arith::DivFOp::create(b, lo, step);
    // round(-lo / step) is even in its sign.
    Value negativeZeroPoint =
        clampLevel(b, roundHalfEven(b, lowest),
                   buildFloat(b, f64, -maxLevel(op.getBits())), zero);
    Value min = toSingle(b, negativeZeroPoint);
    Value max =
        toSingle(b, arith::AddFOp::create(b, levels, negativeZeroPoint));
    Value stepSingle = toSingle(b, step);
    rewriter.replaceOp(
        op, mapElements(b, op.getInput(), cast<RankedTensorType>(op.getType()),
                        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                          Value scaled =
                              arith::DivFOp::create(e, v[0], stepSingle);
                          Value level = clampLevel(
                              e, roundByMode(e, scaled, op.getRounding()), min,
                              max);
                          return arith::MulFOp::create(e, level, stepSingle);
                        }));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

/// What the weight schemes differ in.
struct WeightRule {
  uint32_t bits = 8;
  bool symmetric = false;
  /// The clamp of the weights; null for min-max schemes.
  Value lo = {}, hi = {};
  /// The dimensions with a step of their own.
  ArrayRef<int64_t> axes = {};
};
} // namespace

static Value clampWeight(ImplicitLocOpBuilder &b, const WeightRule &rule,
                         Value weight) {
  return rule.lo ? clamp(b, weight, rule.lo, rule.hi) : weight;
}

/// The smallest (OLT) or largest (OGT) clamped weight and 0, of each channel.
static Value reduceExtreme(ImplicitLocOpBuilder &b, const WeightRule &rule,
                           Value weight, CmpFPredicate predicate) {
  auto type = cast<RankedTensorType>(weight.getType());
  SmallVector<IteratorType> iterators(type.getRank(), IteratorType::reduction);
  SmallVector<int64_t> shape;
  for (int64_t axis : rule.axes) {
    iterators[axis] = IteratorType::parallel;
    shape.push_back(type.getDimSize(axis));
  }
  Value init =
      buildFilled(b, RankedTensorType::get(shape, type.getElementType()),
                  buildFloat(b, type.getElementType(), 0.0));
  return buildLoops(b, weight, init,
                    {b.getMultiDimIdentityMap(type.getRank()),
                     getAxesMap(b.getContext(), type.getRank(), rule.axes)},
                    iterators, [&](ImplicitLocOpBuilder &e, ValueRange v) {
                      Value t = clampWeight(e, rule, v[0]);
                      return select(e, predicate, t, v[1], t, v[1]);
                    });
}

/// level * step by docs/Spec.md, section 3.
static Value buildFakeWeights(ImplicitLocOpBuilder &b, Value weight,
                              const WeightRule &rule) {
  Type f32 = b.getF32Type();
  double n = maxLevel(rule.bits);
  Value mins = reduceExtreme(b, rule, weight, CmpFPredicate::OLT);
  Value maxs = reduceExtreme(b, rule, weight, CmpFPredicate::OGT);
  auto gridType = cast<RankedTensorType>(mins.getType());
  Value steps = mapElements(
      b, {mins, maxs}, gridType,
      [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
        Value range;
        if (rule.symmetric) {
          Value magnitude = arith::NegFOp::create(e, v[0]);
          magnitude =
              select(e, CmpFPredicate::OLT, magnitude, v[1], v[1], magnitude);
          range = arith::MulFOp::create(e, buildFloat(e, f32, 2.0), magnitude);
        } else {
          range = arith::SubFOp::create(e, v[1], v[0]);
        }
        Value step = arith::DivFOp::create(e, range, buildFloat(e, f32, n));
        return select(e, CmpFPredicate::OGT, step, buildFloat(e, f32, 0.0),
                      step, buildFloat(e, f32, 1.0));
      });
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
    rule.lo = towardsZero(b, loadBound(b, op.getLo()), CmpFPredicate::OLT);
    rule.hi = towardsZero(b, loadBound(b, op.getHi()), CmpFPredicate::OGT);
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
    rule.hi = towardsZero(b, loadBound(b, op.getHi()), CmpFPredicate::OGT);
    rule.lo = arith::NegFOp::create(b, rule.hi);
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
