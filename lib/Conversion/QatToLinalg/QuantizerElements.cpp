//===- QuantizerElements.cpp - pieces of the fake quantizers --------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "QuantizerElements.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::qat;

using arith::CmpFPredicate;
using utils::IteratorType;

Value mlir::qat::select(ImplicitLocOpBuilder &b, CmpFPredicate predicate,
                        Value lhs, Value rhs, Value ifTrue, Value ifFalse) {
  Value condition = arith::CmpFOp::create(b, predicate, lhs, rhs);
  return arith::SelectOp::create(b, condition, ifTrue, ifFalse);
}

Value mlir::qat::clamp(ImplicitLocOpBuilder &b, Value x, Value lo, Value hi) {
  Value raised = select(b, CmpFPredicate::OLT, x, lo, lo, x);
  return select(b, CmpFPredicate::OGT, raised, hi, hi, raised);
}

Value mlir::qat::clampLevel(ImplicitLocOpBuilder &b, Value level, Value lo,
                            Value hi) {
  Value zero = buildFloat(b, level.getType(), 0.0);
  Value number = select(b, CmpFPredicate::ORD, level, level, level, zero);
  return clamp(b, number, lo, hi);
}

Value mlir::qat::roundHalfEven(ImplicitLocOpBuilder &b, Value x) {
  return math::RoundEvenOp::create(b, x);
}

Value mlir::qat::toDouble(ImplicitLocOpBuilder &b, Value scalar) {
  return arith::ExtFOp::create(b, b.getF64Type(), scalar);
}
Value mlir::qat::toSingle(ImplicitLocOpBuilder &b, Value scalar) {
  return arith::TruncFOp::create(b, b.getF32Type(), scalar);
}

Value mlir::qat::loadBound(ImplicitLocOpBuilder &b, Value bound) {
  return tensor::ExtractOp::create(b, bound, ValueRange{});
}

Value mlir::qat::towardsZero(ImplicitLocOpBuilder &b, Value bound,
                             CmpFPredicate sign) {
  Value zero = buildFloat(b, bound.getType(), 0.0);
  return select(b, sign, bound, zero, bound, zero);
}

Value mlir::qat::roundByMode(ImplicitLocOpBuilder &b, Value scaled,
                             RoundingMode mode, bool raised) {
  double offset = (mode == RoundingMode::Nearest ? 0.5 : 0.0) +
                  (raised ? kRaisedOffset : 0.0);
  if (offset != 0)
    scaled = arith::AddFOp::create(b, scaled,
                                   buildFloat(b, scaled.getType(), offset));
  return math::FloorOp::create(b, scaled);
}

Value mlir::qat::buildBoundedStep(ImplicitLocOpBuilder &b, Value lo, Value hi,
                                  uint32_t bits) {
  Type f64 = b.getF64Type();
  Value step = arith::DivFOp::create(b, arith::SubFOp::create(b, hi, lo),
                                     buildFloat(b, f64, getMaxLevel(bits)));
  return select(b, CmpFPredicate::OGT, step, buildFloat(b, f64, 0.0), step,
                buildFloat(b, f64, 1.0));
}

Value mlir::qat::buildLowestLevel(ImplicitLocOpBuilder &b, Value lo, Value step,
                                  uint32_t bits) {
  // round(-lo / step) is even in its sign.
  return clampLevel(b, roundHalfEven(b, arith::DivFOp::create(b, lo, step)),
                    buildFloat(b, b.getF64Type(), -getMaxLevel(bits)),
                    buildFloat(b, b.getF64Type(), 0.0));
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

void WeightRule::setBounds(ImplicitLocOpBuilder &b, Value loBound,
                           Value hiBound) {
  lo = towardsZero(b, loadBound(b, loBound), CmpFPredicate::OLT);
  hi = towardsZero(b, loadBound(b, hiBound), CmpFPredicate::OGT);
}

void WeightRule::setBound(ImplicitLocOpBuilder &b, Value hiBound) {
  hi = towardsZero(b, loadBound(b, hiBound), CmpFPredicate::OGT);
  lo = arith::NegFOp::create(b, hi);
}

Value mlir::qat::clampWeight(ImplicitLocOpBuilder &b, const WeightRule &rule,
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

std::pair<Value, Value> mlir::qat::buildWeightSteps(ImplicitLocOpBuilder &b,
                                                    Value weight,
                                                    const WeightRule &rule) {
  Type f32 = b.getF32Type();
  double n = getMaxLevel(rule.bits);
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
  return {mins, steps};
}
