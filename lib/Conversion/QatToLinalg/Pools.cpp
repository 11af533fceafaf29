//===- Pools.cpp - pools as loops -------------------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntegerElements.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;
using namespace mlir::qat;

using utils::IteratorType;

namespace {
/// Combines the elements of each window of `padded`; the init is filled with
/// `fill`.
template <typename OpTy>
Value buildPool(ImplicitLocOpBuilder &b, OpTy op, Value padded,
                IntegerType accumulatorType, int64_t fill,
                ElementBuilder combine) {
  auto resultType = cast<RankedTensorType>(op.getType());
  ArrayRef<int64_t> kernel = op.getKernel(), stride = op.getStride();
  // Only its shape is read: the loops over the window have no other operand.
  Value window =
      tensor::EmptyOp::create(b, kernel, accumulatorType).getResult();
  Value init = buildFilled(
      b, RankedTensorType::get(resultType.getShape(), accumulatorType),
      buildScalar(b, accumulatorType, fill));
  AffineExpr n, oh, ow, kh, kw, c;
  bindDims(b.getContext(), n, oh, ow, kh, kw, c);
  SmallVector<IteratorType> iterators(6, IteratorType::parallel);
  iterators[3] = iterators[4] = IteratorType::reduction;
  return buildLoops(
      b, {padded, window}, init,
      AffineMap::inferFromExprList(
          {ArrayRef<AffineExpr>{n, oh * stride[0] + kh, ow * stride[1] + kw, c},
           {kh, kw},
           {n, oh, ow, c}},
          b.getContext()),
      iterators, combine);
}

/// The sum of each window of `padded`, whose padding is 0.
template <typename OpTy>
Value buildWindowSums(ImplicitLocOpBuilder &b, OpTy op, Value padded,
                      IntegerType sumType) {
  return buildPool(b, op, padded, sumType, 0,
                   [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                     return arith::AddIOp::create(e, v[2],
                                                  extend(e, v[0], sumType));
                   });
}

/// The taps of each window that lie inside the image, for every output place,
/// row by row.
template <typename OpTy> SmallVector<int64_t> countTaps(OpTy op) {
  auto input = cast<RankedTensorType>(op.getInput().getType());
  auto result = cast<RankedTensorType>(op.getType());
  auto taps = [&](int axis, int64_t place) {
    int64_t start = place * op.getStride()[axis] - op.getPad()[2 * axis];
    int64_t end =
        std::min(start + op.getKernel()[axis], input.getDimSize(1 + axis));
    return end - std::max<int64_t>(start, 0);
  };
  SmallVector<int64_t> counts;
  for (int64_t oh = 0; oh < result.getDimSize(1); ++oh)
    for (int64_t ow = 0; ow < result.getDimSize(2); ++ow)
      counts.push_back(taps(0, oh) * taps(1, ow));
  return counts;
}

/// Elements of `type` that `finish` makes of the sum and the number of taps of
/// each window.
template <typename OpTy>
Value buildFromSums(
    ImplicitLocOpBuilder &b, OpTy op, Value sum, RankedTensorType type,
    llvm::function_ref<Value(ImplicitLocOpBuilder &, Value sum, Value count)>
        finish) {
  auto sumType =
      cast<IntegerType>(cast<RankedTensorType>(sum.getType()).getElementType());
  SmallVector<int64_t> counts = countTaps(op);
  bool uniform = llvm::all_equal(counts);
  int64_t rank = type.getRank();
  SmallVector<Value> inputs = {sum};
  SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(rank)};
  if (!uniform) {
    SmallVector<APInt> values;
    for (int64_t count : counts)
      values.emplace_back(sumType.getWidth(), count);
    inputs.push_back(arith::ConstantOp::create(
        b, DenseElementsAttr::get(
               RankedTensorType::get(type.getShape().slice(1, 2), sumType),
               values)));
    maps.push_back(getAxesMap(b.getContext(), rank, {1, 2}));
  }
  return mapElements(b, inputs, maps, type,
                     [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                       Value count =
                           uniform ? buildScalar(e, sumType, counts[0]) : v[1];
                       return finish(e, v[0], count);
                     });
}

/// floor(sum / count), or floor((2 * sum + count) / (2 * count)).
Value buildAverage(ImplicitLocOpBuilder &b, Value sum, Value count,
                   bool nearest, bool isSigned) {
  Value numerator = sum, denominator = count;
  if (nearest) {
    Value two = buildScalar(b, sum.getType(), 2);
    numerator = arith::AddIOp::create(
        b, arith::MulIOp::create(b, numerator, two), count);
    denominator = arith::MulIOp::create(b, count, two);
  }
  return isSigned
             ? arith::FloorDivSIOp::create(b, numerator, denominator)
                   .getResult()
             : arith::DivUIOp::create(b, numerator, denominator).getResult();
}

/// avg_pool2d -> floor(sum / k), or floor((2 * sum + k) / (2 * k)), or that of
/// |sum| with the sign of the sum.
struct LowerAvgPool2D : OpConversionPattern<AvgPool2DOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(AvgPool2DOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type =
        cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    quant::UniformQuantizedType quantized = getUniform(op.getInput());
    int64_t taps = op.getKernel()[0] * op.getKernel()[1];
    // Twice the sum plus k fits 32 bits for 8-bit values and fewer taps than
    // this; images are smaller.
    bool narrow =
        quantized.getStorageTypeIntegralWidth() <= 8 && taps < (1 << 21);
    IntegerType sumType = b.getIntegerType(narrow ? 32 : 64);
    Value padded = buildPadded(b, adaptor.getInput(), quantized,
                               /*zeroPoint=*/0, op.getPad(),
                               getDifferenceType(quantized), /*fill=*/0);
    Value sums = buildWindowSums(b, op, padded, sumType);
    bool nearest = op.getRounding() != RoundingMode::Floor;
    bool halfAway =
        op.getRounding() == RoundingMode::HalfAway && quantized.isSigned();
    rewriter.replaceOp(
        op,
        buildFromSums(
            b, op, sums, type,
            [&](ImplicitLocOpBuilder &e, Value sum, Value count) -> Value {
              Value zero = buildScalar(e, sumType, 0);
              Value isNegative;
              if (halfAway) {
                isNegative = arith::CmpIOp::create(e, arith::CmpIPredicate::slt,
                                                   sum, zero);
                sum = arith::SelectOp::create(
                    e, isNegative, arith::SubIOp::create(e, zero, sum), sum);
              }
              // The average of stored values needs no clamp.
              Value average =
                  buildAverage(e, sum, count, nearest, quantized.isSigned());
              if (halfAway)
                average = arith::SelectOp::create(
                    e, isNegative, arith::SubIOp::create(e, zero, average),
                    average);
              if (type.getElementType() == sumType)
                return average;
              return arith::TruncIOp::create(e, type.getElementType(), average);
            }));
    return success();
  }
};

/// rounded_avg_pool2d -> the average of the levels round(x / step), times the
/// step.
struct LowerRoundedAvgPool2D : OpRewritePattern<RoundedAvgPool2DOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(RoundedAvgPool2DOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value step = tensor::ExtractOp::create(b, op.getStep(), ValueRange{});
    Value padded = buildPaddedLevels(b, op, step);
    // Twice the sum of 16-bit levels plus k fits 32 bits for fewer taps.
    int64_t taps = op.getKernel()[0] * op.getKernel()[1];
    IntegerType sumType = b.getIntegerType(taps < (1 << 14) ? 32 : 64);
    Value sums = buildWindowSums(b, op, padded, sumType);
    rewriter.replaceOp(
        op, buildFromSums(
                b, op, sums, cast<RankedTensorType>(op.getType()),
                [&](ImplicitLocOpBuilder &e, Value sum, Value count) -> Value {
                  Value average = buildAverage(
                      e, sum, count, op.getRounding() == RoundingMode::Nearest,
                      /*isSigned=*/true);
                  return arith::MulFOp::create(
                      e, arith::SIToFPOp::create(e, e.getF32Type(), average),
                      step);
                }));
    return success();
  }

private:
  /// The levels as i16, with the pads around them.
  static Value buildPaddedLevels(ImplicitLocOpBuilder &b, RoundedAvgPool2DOp op,
                                 Value step) {
    auto type = cast<RankedTensorType>(op.getInput().getType());
    IntegerType i16 = b.getIntegerType(16);
    Value levels = mapElements(
        b, op.getInput(), type.clone(i16),
        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          Value scaled = arith::DivFOp::create(e, v[0], step);
          Value level = math::RoundEvenOp::create(e, scaled);
          auto choose = [&](arith::CmpFPredicate predicate, double limit) {
            Value bound = buildFloat(e, e.getF32Type(), limit);
            Value beyond = arith::CmpFOp::create(e, predicate, level, bound);
            level = arith::SelectOp::create(e, beyond, bound, level);
          };
          // Unordered with itself: a NaN.
          choose(arith::CmpFPredicate::UNO, 0.0);
          choose(arith::CmpFPredicate::OLT, -32768.0);
          choose(arith::CmpFPredicate::OGT, 32767.0);
          return arith::FPToSIOp::create(e, i16, level);
        });
    ArrayRef<int64_t> pads = op.getPad();
    if (llvm::all_of(pads, [](int64_t pad) { return pad == 0; }))
      return levels;
    SmallVector<int64_t> shape(type.getShape());
    shape[1] += pads[0] + pads[1];
    shape[2] += pads[2] + pads[3];
    auto amounts = [&](int64_t rows, int64_t columns) {
      return SmallVector<OpFoldResult>{b.getIndexAttr(0), b.getIndexAttr(rows),
                                       b.getIndexAttr(columns),
                                       b.getIndexAttr(0)};
    };
    return tensor::PadOp::create(
        b, RankedTensorType::get(shape, i16), levels, amounts(pads[0], pads[2]),
        amounts(pads[1], pads[3]), buildScalar(b, i16, 0));
  }
};

/// max_pool2d; the padding holds the smallest stored value, and each window
/// has at least one tap inside.
struct LowerMaxPool2D : OpConversionPattern<MaxPool2DOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(MaxPool2DOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type =
        cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    quant::UniformQuantizedType quantized = getUniform(op.getInput());
    IntegerType wide = getDifferenceType(quantized);
    int64_t lowest = quantized.getStorageTypeMin();
    Value padded = buildPadded(b, adaptor.getInput(), quantized,
                               /*zeroPoint=*/0, op.getPad(), wide, lowest);
    Value maximum =
        buildPool(b, op, padded, wide, lowest,
                  [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                    return arith::MaxSIOp::create(e, v[2], v[0]);
                  });
    rewriter.replaceOp(
        op, mapElements(b, maximum, type,
                        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                          return arith::TruncIOp::create(
                              e, type.getElementType(), v[0]);
                        }));
    return success();
  }
};
} // namespace

void mlir::qat::populatePoolPatterns(const TypeConverter &converter,
                                     RewritePatternSet &patterns) {
  patterns.add<LowerAvgPool2D, LowerMaxPool2D>(converter,
                                               patterns.getContext());
  patterns.add<LowerRoundedAvgPool2D>(patterns.getContext());
}
