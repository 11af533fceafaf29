//===- IntegerForward.cpp - fake-quantized layers on exact integers -------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// docs/Spec.md, section 5 (integer evaluation) and section 7. A product of two
// f32 numbers is exact in f64, and so are the sums of an add, so that floor
// sees what the shift of the integer layer sees.
//
//===----------------------------------------------------------------------===//

#include "QuantizerElements.h"

#include "qat/Conversion/Passes.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::qat;

using arith::CmpFPredicate;

/// The map from an element of a tensor of `rank` to `vector`, which has one
/// element a channel of the last dimension, or one for all.
static AffineMap getChannelMap(ImplicitLocOpBuilder &b, unsigned rank,
                               Value vector) {
  bool isVector = cast<RankedTensorType>(vector.getType()).getRank() == 1;
  return getAxesMap(b.getContext(), rank,
                    isVector ? ArrayRef<int64_t>{rank - 1}
                             : ArrayRef<int64_t>());
}

namespace {
/// The levels, less the zero point, of the grid that `bounds` give: f64.
struct LevelRange {
  Value lowest, highest;

  static LevelRange get(ImplicitLocOpBuilder &b, ValueRange bounds,
                        uint32_t bits) {
    auto number = [&](double value) {
      return buildFloat(b, b.getF64Type(), value);
    };
    if (bounds.empty())
      return {number(-0x1p31), number(0x1p31 - 1)};
    if (bounds.size() == 1)
      return {number(0.0), number(getMaxLevel(bits))};
    Value lo = towardsZero(b, toDouble(b, loadBound(b, bounds[0])),
                           CmpFPredicate::OLT);
    Value hi = towardsZero(b, toDouble(b, loadBound(b, bounds[1])),
                           CmpFPredicate::OGT);
    Value lowest =
        buildLowestLevel(b, lo, buildBoundedStep(b, lo, hi, bits), bits);
    return {lowest,
            arith::AddFOp::create(b, lowest, number(getMaxLevel(bits)))};
  }
};

struct LowerLevels : OpRewritePattern<LevelsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LevelsOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    Value step = op.getStep();
    ArrayRef<int64_t> axes;
    if (std::optional<ArrayRef<int64_t>> given = op.getChannelAxes()) {
      axes = *given;
      step = shapeAsChannels(b, step, type, axes);
    }
    rewriter.replaceOp(
        op, mapElements(b, {op.getInput(), step},
                        {b.getMultiDimIdentityMap(type.getRank()),
                         getAxesMap(b.getContext(), type.getRank(), axes)},
                        type, [](ImplicitLocOpBuilder &e, ValueRange v) {
                          return roundHalfEven(
                              e, arith::DivFOp::create(e, v[0], v[1]));
                        }));
    return success();
  }
};

struct LowerDequantizeSums : OpRewritePattern<DequantizeSumsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DequantizeSumsOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    SmallVector<AffineMap> maps{b.getMultiDimIdentityMap(type.getRank())};
    for (Value vector : op->getOperands().drop_front())
      maps.push_back(getChannelMap(b, type.getRank(), vector));
    rewriter.replaceOp(
        op, mapElements(b, op->getOperands(), maps, type,
                        [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                          Value unit = arith::MulFOp::create(e, v[1], v[2]);
                          Value real = arith::MulFOp::create(e, v[0], unit);
                          return arith::AddFOp::create(e, real, v[3]);
                        }));
    return success();
  }
};

struct LowerRequantizeSums : OpRewritePattern<RequantizeSumsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RequantizeSumsOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    LevelRange range = LevelRange::get(b, op.getBounds(), op.getBits());
    SmallVector<Value> inputs{op.getSums(), op.getIntegerBias(),
                              op.getMultiplier(), op.getStep()};
    SmallVector<AffineMap> maps{b.getMultiDimIdentityMap(type.getRank())};
    for (Value vector : ArrayRef(inputs).drop_front())
      maps.push_back(getChannelMap(b, type.getRank(), vector));
    rewriter.replaceOp(
        op,
        mapElements(b, inputs, maps, type,
                    [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                      Value sum = arith::AddFOp::create(e, v[0], v[1]);
                      Value scaled = arith::MulFOp::create(e, toDouble(e, sum),
                                                           toDouble(e, v[2]));
                      Value level =
                          clampLevel(e, math::FloorOp::create(e, scaled),
                                     range.lowest, range.highest);
                      return arith::MulFOp::create(e, toSingle(e, level), v[3]);
                    }));
    return success();
  }
};

/// The numbers of an add that do not depend on its elements: f64.
struct AddNumbers {
  SmallVector<Value> multipliers;
  Value offset, inverseUnit;

  static AddNumbers get(ImplicitLocOpBuilder &b, ValueRange steps, Value step,
                        RoundingMode rounding) {
    auto integer = [&](int64_t value) {
      return buildScalar(b, b.getI64Type(), value);
    };
    auto power = [&](Value exponent) -> Value {
      Value biased = arith::AddIOp::create(b, exponent, integer(1023));
      Value bits = arith::ShLIOp::create(b, biased, integer(52));
      return arith::BitcastOp::create(b, b.getF64Type(), bits);
    };
    Value largest = steps[0];
    for (Value other : steps.drop_front())
      largest = select(b, CmpFPredicate::OGT, other, largest, other, largest);
    Value ratio = arith::DivFOp::create(b, largest, step);
    // e of ratio = f * 2^e, 0.5 <= f < 1.
    Value bits = arith::BitcastOp::create(b, b.getI64Type(), ratio);
    Value exponent = arith::SubIOp::create(
        b,
        arith::AndIOp::create(b, arith::ShRUIOp::create(b, bits, integer(52)),
                              integer(2047)),
        integer(1022));
    Value shift = arith::SubIOp::create(b, integer(20), exponent);
    Value unit = power(shift);
    AddNumbers numbers;
    for (Value own : steps)
      numbers.multipliers.push_back(roundHalfEven(
          b,
          arith::MulFOp::create(b, arith::DivFOp::create(b, own, step), unit)));
    numbers.inverseUnit = power(arith::SubIOp::create(b, integer(0), shift));
    double half = rounding == RoundingMode::Nearest ? 0.5 : 0.0;
    numbers.offset =
        arith::MulFOp::create(b, unit, buildFloat(b, b.getF64Type(), half));
    return numbers;
  }
};

struct LowerRequantizeLevels : OpRewritePattern<RequantizeLevelsOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RequantizeLevelsOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    SmallVector<Value> steps;
    for (Value step : op.getSteps())
      steps.push_back(loadBound(b, step));
    Value step = loadBound(b, op.getStep());
    AddNumbers numbers = AddNumbers::get(b, steps, step, op.getRounding());
    LevelRange range = LevelRange::get(b, op.getBounds(), op.getBits());
    SmallVector<Value> singles;
    for (Value own : steps)
      singles.push_back(toSingle(b, own));
    Value stepSingle = toSingle(b, step);
    rewriter.replaceOp(
        op,
        mapElements(
            b, op.getInputs(), cast<RankedTensorType>(op.getType()),
            [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
              Value sum = numbers.offset;
              for (auto [index, multiplier] :
                   llvm::enumerate(numbers.multipliers)) {
                Value level = roundHalfEven(
                    e, arith::DivFOp::create(e, v[index], singles[index]));
                Value product =
                    arith::MulFOp::create(e, toDouble(e, level), multiplier);
                sum = arith::AddFOp::create(e, sum, product);
              }
              Value scaled = arith::MulFOp::create(e, sum, numbers.inverseUnit);
              Value level = clampLevel(e, math::FloorOp::create(e, scaled),
                                       range.lowest, range.highest);
              return arith::MulFOp::create(e, toSingle(e, level), stepSingle);
            }));
    return success();
  }
};
} // namespace

void mlir::qat::populateQatIntegerForwardToLinalgPatterns(
    RewritePatternSet &patterns) {
  patterns.add<LowerLevels, LowerDequantizeSums, LowerRequantizeSums,
               LowerRequantizeLevels>(patterns.getContext());
}
