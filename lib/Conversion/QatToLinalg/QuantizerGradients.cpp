//===- QuantizerGradients.cpp - what quantizers pass back, as loops -------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// docs/Spec.md, sections 2 and 3. A NaN element is clipped nowhere and inside
// nowhere: it receives 0 and gives nothing to the bounds.
//
//===----------------------------------------------------------------------===//

#include "Sums.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::qat;

using arith::CmpFPredicate;
using utils::IteratorType;

static Value compare(ImplicitLocOpBuilder &b, CmpFPredicate predicate,
                     Value lhs, Value rhs) {
  return arith::CmpFOp::create(b, predicate, lhs, rhs);
}

/// `value` where `condition` holds, else 0.
static Value where(ImplicitLocOpBuilder &b, Value condition, Value value) {
  return arith::SelectOp::create(b, condition, value,
                                 buildFloat(b, value.getType(), 0.0));
}

static Value loadBound(ImplicitLocOpBuilder &b, Value bound) {
  return tensor::ExtractOp::create(b, bound, ValueRange{});
}

/// min(bound, 0) for OLT, max(bound, 0) for OGT.
static Value loadTowardsZero(ImplicitLocOpBuilder &b, Value bound,
                             CmpFPredicate sign) {
  Value value = loadBound(b, bound);
  return where(b, compare(b, sign, value, buildFloat(b, value.getType(), 0.0)),
               value);
}

/// g where lo < x < hi, else 0.
static Value passBetween(ImplicitLocOpBuilder &b, Value x, Value g, Value lo,
                         Value hi) {
  return mapElements(b, {x, g}, cast<RankedTensorType>(x.getType()),
                     [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                       Value inside = arith::AndIOp::create(
                           e, compare(e, CmpFPredicate::OGT, v[0], lo),
                           compare(e, CmpFPredicate::OLT, v[0], hi));
                       return where(e, inside, v[1]);
                     });
}

/// The sum of g where `predicate`(x, bound).
static Value sumClipped(ImplicitLocOpBuilder &b, Value x, Value g,
                        CmpFPredicate predicate, Value bound) {
  return sumTerms(b, {x, g}, b.getF32Type(),
                  [&](ImplicitLocOpBuilder &e, ValueRange v) {
                    return where(e, compare(e, predicate, v[0], bound), v[1]);
                  });
}

namespace {
/// A gradient op without the results that nothing uses: the loops of a sum
/// would stay, since they read the input of a loop that is needed.
template <typename OpTy> struct LowerGradient : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<Value> results(op->getNumResults());
    lower(b, op, results);
    rewriter.replaceOp(op, results);
    return success();
  }

  /// Fills in the results that are used.
  static void lower(ImplicitLocOpBuilder &b, OpTy op,
                    MutableArrayRef<Value> results);
};
} // namespace

template <>
void LowerGradient<PactGradientOp>::lower(ImplicitLocOpBuilder &b,
                                          PactGradientOp op,
                                          MutableArrayRef<Value> results) {
  Value x = op.getInput(), g = op.getUpstream();
  Value alpha = loadBound(b, op.getAlpha());
  if (!op.getInputGradient().use_empty())
    results[0] =
        passBetween(b, x, g, buildFloat(b, b.getF32Type(), 0.0), alpha);
  if (!op.getAlphaGradient().use_empty())
    results[1] = sumClipped(b, x, g, CmpFPredicate::OGE, alpha);
}

template <>
void LowerGradient<BoundedGradientOp>::lower(ImplicitLocOpBuilder &b,
                                             BoundedGradientOp op,
                                             MutableArrayRef<Value> results) {
  Value x = op.getInput(), g = op.getUpstream();
  Value lo = loadTowardsZero(b, op.getLo(), CmpFPredicate::OLT);
  Value hi = loadTowardsZero(b, op.getHi(), CmpFPredicate::OGT);
  if (!op.getInputGradient().use_empty())
    results[0] = passBetween(b, x, g, lo, hi);
  if (!op.getLoGradient().use_empty())
    results[1] = sumClipped(b, x, g, CmpFPredicate::OLE, lo);
  if (!op.getHiGradient().use_empty())
    results[2] = sumClipped(b, x, g, CmpFPredicate::OGE, hi);
}

template <>
void LowerGradient<SymmetricGradientOp>::lower(ImplicitLocOpBuilder &b,
                                               SymmetricGradientOp op,
                                               MutableArrayRef<Value> results) {
  Value t = op.getInput(), g = op.getUpstream();
  Value hi = loadTowardsZero(b, op.getHi(), CmpFPredicate::OGT);
  Value lo = arith::NegFOp::create(b, hi);
  if (!op.getInputGradient().use_empty())
    results[0] = passBetween(b, t, g, lo, hi);
  if (op.getHiGradient().use_empty())
    return;
  Value zero = buildFloat(b, b.getF32Type(), 0.0);
  results[1] = sumTerms(
      b, {t, g}, b.getF32Type(),
      [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
        Value above = where(e, compare(e, CmpFPredicate::OGE, v[0], hi), v[1]);
        Value below = where(e, compare(e, CmpFPredicate::OLE, v[0], lo),
                            arith::NegFOp::create(e, v[1]));
        // The sign decides where both bounds are 0, and 0 has none.
        Value positive = compare(e, CmpFPredicate::OGT, v[0], zero);
        Value negative = compare(e, CmpFPredicate::OLT, v[0], zero);
        return arith::SelectOp::create(e, positive, above,
                                       where(e, negative, below));
      });
}

void mlir::qat::populateQatGradientsToLinalgPatterns(
    RewritePatternSet &patterns) {
  patterns.add<LowerGradient<PactGradientOp>, LowerGradient<BoundedGradientOp>,
               LowerGradient<SymmetricGradientOp>>(patterns.getContext());
}
