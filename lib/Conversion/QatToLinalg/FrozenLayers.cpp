//===- FrozenLayers.cpp - steps and biases of a frozen network ------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The numbers are those of qat/Support/IntegerBias.h to the bit: float32, one
// rounding an operation. Integers are f32 numbers here; the reference rounds
// them to f32 where it uses them.
//
//===----------------------------------------------------------------------===//

#include "QuantizerElements.h"

#include "qat/Conversion/Passes.h"
#include "qat/Support/IntegerBias.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qat;

using arith::CmpFPredicate;
using utils::IteratorType;

namespace {
/// Arithmetic on f32 elements, briefly.
struct Elements {
  ImplicitLocOpBuilder &b;

  Value constant(double value) const {
    return buildFloat(b, b.getF32Type(), value);
  }
  Value add(Value lhs, Value rhs) const {
    return arith::AddFOp::create(b, lhs, rhs);
  }
  Value sub(Value lhs, Value rhs) const {
    return arith::SubFOp::create(b, lhs, rhs);
  }
  Value mul(Value lhs, Value rhs) const {
    return arith::MulFOp::create(b, lhs, rhs);
  }
  Value div(Value lhs, Value rhs) const {
    return arith::DivFOp::create(b, lhs, rhs);
  }

  /// h: half an output step in accumulator units.
  Value halfStep(Value multiplier, RoundingMode rounding) const {
    if (rounding != RoundingMode::Nearest)
      return constant(0.0);
    return div(constant(0.5), multiplier);
  }

  /// h less by a hair, as getFakeHalfStep of IntegerBias.cpp has it.
  Value fakeHalfStep(Value multiplier, RoundingMode rounding) const {
    float offset = rounding == RoundingMode::Nearest ? 0.5f : 0.0f;
    return div(constant(offset - kFakeStepMargin), multiplier);
  }

  /// An integral value saturated to `bits` bits, as f32.
  Value saturate(Value value, unsigned bits) const {
    double end = std::ldexp(1.0, static_cast<int>(bits) - 1);
    return clampLevel(b, value, constant(-end),
                      constant(static_cast<float>(end - 1)));
  }

  /// (integer - h) * e, or `real` where that is not finite.
  Value fakeBias(Value integer, Value h, Value e, Value real) const {
    Value fake = mul(sub(integer, h), e);
    return qat::select(b, CmpFPredicate::OLT, math::AbsFOp::create(b, fake),
                       constant(INFINITY), fake, real);
  }
};

/// Vectors of one element a channel that are computed together: a loop for each
/// result that is used.
class ChannelLoops {
public:
  ChannelLoops(ImplicitLocOpBuilder &b, RankedTensorType type)
      : b(b), type(type) {}

  /// An input of one element a channel, or one for all.
  void addInput(Value value) {
    inputs.push_back(value);
    bool isVector = cast<RankedTensorType>(value.getType()).getRank() == 1;
    maps.push_back(isVector ? b.getMultiDimIdentityMap(1)
                            : AffineMap::get(1, 0, {}, b.getContext()));
  }

  /// Result `index` of those that `compute` gives for the elements of the
  /// inputs.
  Value
  build(unsigned index,
        llvm::function_ref<SmallVector<Value>(Elements, ValueRange)> compute) {
    return mapElements(b, inputs, maps, type,
                       [&](ImplicitLocOpBuilder &e, ValueRange v) {
                         return compute(Elements{e}, v)[index];
                       });
  }

private:
  ImplicitLocOpBuilder &b;
  RankedTensorType type;
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
};
} // namespace

/// A step of f64 as the elements of `type` are.
static Value roundTo(ImplicitLocOpBuilder &b, RankedTensorType type,
                     Value step) {
  return type.getElementType().isF64() ? step : toSingle(b, step);
}

/// 1 for channels of `weight` with an element that is not 0, else 0: one
/// element a channel.
static Value findNonZeroChannels(ImplicitLocOpBuilder &b, Value weight,
                                 ArrayRef<int64_t> axes, int64_t channels) {
  auto type = cast<RankedTensorType>(weight.getType());
  Type f32 = b.getF32Type();
  SmallVector<IteratorType> iterators(type.getRank(), IteratorType::reduction);
  SmallVector<int64_t> shape;
  for (int64_t axis : axes) {
    iterators[axis] = IteratorType::parallel;
    shape.push_back(type.getDimSize(axis));
  }
  Value found = buildLoops(
      b, weight,
      buildFilled(b, RankedTensorType::get(shape, f32),
                  buildFloat(b, f32, 0.0)),
      {b.getMultiDimIdentityMap(type.getRank()),
       getAxesMap(b.getContext(), type.getRank(), axes)},
      iterators, [&](ImplicitLocOpBuilder &e, ValueRange v) {
        return qat::select(e, CmpFPredicate::UNE, v[0], buildFloat(e, f32, 0.0),
                           buildFloat(e, f32, 1.0), v[1]);
      });
  if (shape.size() == 1)
    return found;
  ReassociationIndices all;
  for (size_t index = 0; index < shape.size(); ++index)
    all.push_back(index);
  if (shape.empty())
    return tensor::ExpandShapeOp::create(
        b, RankedTensorType::get(channels, f32), found,
        ArrayRef<ReassociationIndices>());
  return tensor::CollapseShapeOp::create(b, found, all);
}

namespace {
//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

struct LowerPactStep : OpRewritePattern<PactStepOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PactStepOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getStep().getType());
    double n = getMaxLevel(op.getBits());
    rewriter.replaceOp(
        op, mapElements(b, op.getAlpha(), type,
                        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                          Value levels = buildFloat(e, e.getF64Type(), n);
                          Value step = arith::DivFOp::create(
                              e, toDouble(e, v[0]), levels);
                          return roundTo(e, type, step);
                        }));
    return success();
  }
};

struct LowerBoundedStep : OpRewritePattern<BoundedStepOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(BoundedStepOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getStep().getType());
    rewriter.replaceOp(
        op,
        mapElements(b, {op.getLo(), op.getHi()}, type,
                    [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                      Value lo =
                          towardsZero(e, toDouble(e, v[0]), CmpFPredicate::OLT);
                      Value hi =
                          towardsZero(e, toDouble(e, v[1]), CmpFPredicate::OGT);
                      Value step = buildBoundedStep(e, lo, hi, op.getBits());
                      return roundTo(e, type, step);
                    }));
    return success();
  }
};

struct LowerWeightStep : OpRewritePattern<WeightStepOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(WeightStepOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    ValueRange bounds = op.getBounds();
    WeightRule rule{op.getBits(), /*symmetric=*/bounds.size() == 1};
    if (bounds.size() == 1)
      rule.setBound(b, bounds[0]);
    if (bounds.size() == 2)
      rule.setBounds(b, bounds[0], bounds[1]);
    if (std::optional<ArrayRef<int64_t>> axes = op.getChannelAxes())
      rule.axes = *axes;
    Value steps = buildWeightSteps(b, op.getWeight(), rule).second;
    auto type = cast<RankedTensorType>(op.getStep().getType());
    if (steps.getType() != type) {
      ReassociationIndices all;
      for (size_t index = 0; index < rule.axes.size(); ++index)
        all.push_back(index);
      if (all.empty())
        steps = tensor::ExpandShapeOp::create(b, type, steps,
                                              ArrayRef<ReassociationIndices>());
      else
        steps = tensor::CollapseShapeOp::create(b, type, steps, all);
    }
    rewriter.replaceOp(op, steps);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Biases
//===----------------------------------------------------------------------===//

struct LowerQuantizeFoldedBias : OpRewritePattern<QuantizeFoldedBiasOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeFoldedBiasOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    ChannelLoops loops(b, cast<RankedTensorType>(op.getBias().getType()));
    for (Value input : op->getOperands())
      loops.addInput(input);
    auto compute = [&](Elements f, ValueRange v) -> SmallVector<Value> {
      Value bias = v[0], outputStep = v[3];
      Value e = f.mul(v[1], v[2]);
      Value multiplier = f.div(e, outputStep);
      Value h = f.halfStep(multiplier, op.getRounding());
      Value integer = f.saturate(roundHalfEven(f.b, f.add(f.div(bias, e), h)),
                                 op.getBiasBits());
      Value fakeH = f.fakeHalfStep(multiplier, op.getRounding());
      return {f.fakeBias(integer, fakeH, e, bias), integer, multiplier};
    };
    rewriter.replaceOp(op, {loops.build(0, compute), loops.build(1, compute),
                            loops.build(2, compute)});
    return success();
  }
};

struct LowerQuantizeLogitBias : OpRewritePattern<QuantizeLogitBiasOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeLogitBiasOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getBias().getType());
    ChannelLoops loops(b, type);
    loops.addInput(op.getBias());
    loops.addInput(op.getWeightStep());
    loops.addInput(op.getInputStep());
    RankedTensorType scalar = op.getLogitStep().getType();
    if (cast<RankedTensorType>(op.getWeightStep().getType()).getRank() == 0) {
      auto compute = [&](Elements f, ValueRange v) -> SmallVector<Value> {
        Value e = f.mul(v[1], v[2]), h = f.constant(0.0);
        Value integer = f.saturate(roundHalfEven(f.b, f.add(f.div(v[0], e), h)),
                                   op.getBiasBits());
        return {f.fakeBias(integer, h, e, v[0]), integer, f.constant(1.0)};
      };
      Value step =
          mapElements(b, {op.getWeightStep(), op.getInputStep()}, scalar,
                      [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                        return arith::MulFOp::create(e, v[0], v[1]);
                      });
      rewriter.replaceOp(op, {loops.build(0, compute), loops.build(1, compute),
                              loops.build(2, compute), step});
      return success();
    }

    Value used = findNonZeroChannels(b, op.getWeight(), op.getChannelAxes(),
                                     type.getDimSize(0));
    Value largest = buildLargest(b, op.getWeightStep(), used);
    loops.addInput(used);
    loops.addInput(largest);
    auto compute = [&](Elements f, ValueRange v) -> SmallVector<Value> {
      Value zero = f.constant(0.0);
      Value step = qat::select(f.b, CmpFPredicate::OEQ, v[3], zero, v[4], v[1]);
      Value multiplier = f.div(f.mul(f.constant(256.0), step), v[4]);
      Value e = f.mul(step, v[2]);
      Value h = f.halfStep(multiplier, op.getRounding());
      Value integer = f.saturate(roundHalfEven(f.b, f.add(f.div(v[0], e), h)),
                                 op.getBiasBits());
      return {f.fakeBias(integer, h, e, v[0]), integer, multiplier};
    };
    Value step =
        mapElements(b, {largest, op.getInputStep()}, scalar,
                    [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                      Elements f{e};
                      return f.div(f.mul(v[0], v[1]), f.constant(256.0));
                    });
    rewriter.replaceOp(op, {loops.build(0, compute), loops.build(1, compute),
                            loops.build(2, compute), step});
    return success();
  }

private:
  /// The largest step of a channel that is `used`, 1 where none is.
  static Value buildLargest(ImplicitLocOpBuilder &b, Value steps, Value used) {
    auto scalar = RankedTensorType::get({}, b.getF32Type());
    Value zero = buildFloat(b, b.getF32Type(), 0.0);
    AffineMap identity = b.getMultiDimIdentityMap(1);
    Value largest = buildLoops(
        b, {steps, used}, buildFilled(b, scalar, zero),
        {identity, identity, getAxesMap(b.getContext(), 1, {})},
        IteratorType::reduction,
        [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          Value none = buildFloat(e, e.getF32Type(), 0.0);
          Value step =
              qat::select(e, CmpFPredicate::OEQ, v[1], none, none, v[0]);
          return qat::select(e, CmpFPredicate::OGT, step, v[2], step, v[2]);
        });
    return mapElements(
        b, largest, scalar, [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          Elements f{e};
          return qat::select(e, CmpFPredicate::OEQ, v[0], f.constant(0.0),
                             f.constant(1.0), v[0]);
        });
  }
};

//===----------------------------------------------------------------------===//
// Channels
//===----------------------------------------------------------------------===//

struct LowerQuantizeChannels : OpRewritePattern<QuantizeChannelsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizeChannelsOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getBias().getType());
    Value used = findNonZeroChannels(b, op.getWeight(), op.getChannelAxes(),
                                     type.getDimSize(0));
    ChannelLoops loops(b, type);
    for (Value input :
         {Value(op.getBias()), Value(op.getWeightStep()),
          Value(op.getInputStep()), Value(op.getOutputStep()), used})
      loops.addInput(input);
    for (Value input : op.getNorm())
      loops.addInput(input);
    auto compute = [&](Elements f, ValueRange v) {
      return computeChannel(f, op, v);
    };
    SmallVector<Value> results(1);
    for (unsigned index = 0; index < 5; ++index)
      results.push_back(loops.build(index, compute));
    // 0 in constant channels.
    Value kept = shapeAsChannels(
        b, loops.build(5, compute),
        cast<RankedTensorType>(op.getWeight().getType()), op.getChannelAxes());
    auto weightType = cast<RankedTensorType>(op.getWeight().getType());
    int64_t rank = weightType.getRank();
    results[0] = mapElements(
        b, {op.getWeight(), kept},
        {b.getMultiDimIdentityMap(rank),
         getAxesMap(b.getContext(), rank, op.getChannelAxes())},
        weightType, [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          Value zero = buildFloat(e, e.getF32Type(), 0.0);
          return qat::select(e, CmpFPredicate::OEQ, v[1], zero, zero, v[0]);
        });
    rewriter.replaceOp(op, results);
    return success();
  }

private:
  /// Bias, scale, integer bias, multiplier, gain of a constant channel, and 0
  /// where it is one, else 1.
  static SmallVector<Value> computeChannel(Elements f, QuantizeChannelsOp op,
                                           ValueRange v) {
    ImplicitLocOpBuilder &b = f.b;
    Value zero = f.constant(0.0), one = f.constant(1.0);
    Value bias = v[0], outputStep = v[3], used = v[4];
    Value gain = one, beta = zero, mean = zero;
    if (!op.getNorm().empty()) {
      Value epsilon = f.constant(op.getEpsilon()->convertToFloat());
      gain = f.div(v[5], math::SqrtOp::create(b, f.add(v[8], epsilon)));
      beta = v[6];
      mean = v[7];
    }
    Value e = f.mul(v[1], v[2]);
    Value multiplier = f.mul(gain, f.div(e, outputStep));
    Value h = f.halfStep(multiplier, op.getRounding());
    Value shifted =
        f.add(f.add(arith::NegFOp::create(b, mean), bias), f.div(beta, gain));
    Value rounded = roundHalfEven(b, f.add(f.div(shifted, e), h));

    // A NaN, as from 0/0, does not fit either.
    Value fits = arith::AndIOp::create(
        b,
        arith::CmpFOp::create(b, CmpFPredicate::OGE, rounded,
                              f.constant(-0x1p31)),
        arith::CmpFOp::create(b, CmpFPredicate::OLT, rounded,
                              f.constant(0x1p31)));
    Value hasGain = arith::CmpFOp::create(b, CmpFPredicate::UNE, gain, zero);
    Value isUsed = arith::CmpFOp::create(b, CmpFPredicate::UNE, used, zero);
    Value varies = arith::AndIOp::create(
        b, fits, arith::AndIOp::create(b, hasGain, isUsed));
    auto choose = [&](Value ifVaries, Value ifConstant) -> Value {
      return arith::SelectOp::create(b, varies, ifVaries, ifConstant);
    };

    Value folded = f.add(f.mul(f.sub(bias, mean), gain), beta);
    Value level = f.div(folded, outputStep);
    if (op.getRounding() == RoundingMode::Nearest)
      level = f.add(level, f.constant(0.5));
    Value constantLevel =
        f.saturate(math::FloorOp::create(b, level).getResult(), 32);
    Value integer = f.saturate(rounded, op.getBiasBits());
    Value fakeH = f.fakeHalfStep(multiplier, op.getRounding());
    return {choose(f.fakeBias(integer, fakeH, e, bias), folded),
            choose(gain, one),
            choose(integer, constantLevel),
            choose(multiplier, one),
            choose(one, gain),
            choose(one, zero)};
  }
};

struct LowerScaleChannels : OpRewritePattern<ScaleChannelsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ScaleChannelsOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    if (!type.hasStaticShape())
      return rewriter.notifyMatchFailure(op, "the shape is not static");
    SmallVector<int64_t> axes = op.getAxes();
    Value scale = shapeAsChannels(b, op.getScale(), type, axes);
    rewriter.replaceOp(
        op,
        mapElements(b, {op.getInput(), scale},
                    {b.getMultiDimIdentityMap(type.getRank()),
                     getAxesMap(b.getContext(), type.getRank(), axes)},
                    type, [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                      return arith::MulFOp::create(e, v[0], v[1]);
                    }));
    return success();
  }
};
} // namespace

void mlir::qat::populateQatFrozenToLinalgPatterns(RewritePatternSet &patterns) {
  patterns.add<LowerPactStep, LowerBoundedStep, LowerWeightStep,
               LowerQuantizeFoldedBias, LowerQuantizeLogitBias,
               LowerQuantizeChannels, LowerScaleChannels>(
      patterns.getContext());
}
