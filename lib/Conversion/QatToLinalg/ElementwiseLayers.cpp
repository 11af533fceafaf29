//===- ElementwiseLayers.cpp - integer adds, requantizations and pools as loops
//--*- C++ -*- ===//
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
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;
using namespace mlir::qat;

using utils::IteratorType;

/// (stored - zero point) * multiplier in i32, which the verifiers of add and
/// requantize prove to fit.
static Value buildScaled(ImplicitLocOpBuilder &b, Value stored,
                         quant::UniformQuantizedType quantized,
                         int32_t multiplier) {
  IntegerType i32 = b.getI32Type();
  Value difference =
      buildDifference(b, stored, quantized, quantized.getZeroPoint(), i32);
  return arith::MulIOp::create(b, difference, buildScalar(b, i32, multiplier));
}

/// ((sum + offset) >> shift) + zero point, clamped to the storage range.
static Value buildShifted(ImplicitLocOpBuilder &b, Value sum, int32_t offset,
                          int32_t shift, quant::UniformQuantizedType quantized,
                          Type container) {
  Type i32 = b.getI32Type();
  if (offset != 0)
    sum = arith::AddIOp::create(b, sum, buildScalar(b, i32, offset));
  Value shifted = arith::ShRSIOp::create(b, sum, buildScalar(b, i32, shift));
  return buildStored(b, shifted, quantized, container);
}

static quant::UniformQuantizedType getUniform(Value value) {
  return cast<quant::UniformQuantizedType>(getQuantizedElement(value));
}

namespace {
struct LowerAdd : OpConversionPattern<AddOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(AddOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type =
        cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    rewriter.replaceOp(
        op,
        mapElements(b, {adaptor.getLhs(), adaptor.getRhs()}, type,
                    [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                      Value lhs = buildScaled(e, v[0], getUniform(op.getLhs()),
                                              op.getLhsMultiplier());
                      Value rhs = buildScaled(e, v[1], getUniform(op.getRhs()),
                                              op.getRhsMultiplier());
                      return buildShifted(e, arith::AddIOp::create(e, lhs, rhs),
                                          op.getOffset(), op.getShift(),
                                          getUniform(op.getResult()),
                                          type.getElementType());
                    }));
    return success();
  }
};

struct LowerRequantize : OpConversionPattern<RequantizeOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(RequantizeOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type =
        cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    rewriter.replaceOp(
        op, mapElements(b, adaptor.getInput(), type,
                        [&](ImplicitLocOpBuilder &e, ValueRange v) {
                          return buildShifted(
                              e,
                              buildScaled(e, v[0], getUniform(op.getInput()),
                                          op.getMultiplier()),
                              op.getOffset(), op.getShift(),
                              getUniform(op.getResult()),
                              type.getElementType());
                        }));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

/// Combines the elements of each window; the init is filled with `start`, the
/// padding with `fill`.
template <typename OpTy>
Value buildPool(ImplicitLocOpBuilder &b, OpTy op, Value input,
                IntegerType elementType, IntegerType accumulatorType,
                int64_t fill, ElementBuilder combine) {
  auto resultType = cast<RankedTensorType>(op.getType());
  ArrayRef<int64_t> kernel = op.getKernel(), stride = op.getStride();
  Value padded = buildPadded(b, input, getUniform(op.getInput()),
                             /*zeroPoint=*/0, op.getPad(), elementType, fill);
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

/// The taps of each window that lie inside the image, for every output place,
/// row by row.
SmallVector<int64_t> countTaps(AvgPool2DOp op) {
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
    Value sum = buildPool(
        b, op, adaptor.getInput(), getDifferenceType(quantized), sumType, 0,
        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          return arith::AddIOp::create(e, v[2], extend(e, v[0], sumType));
        });

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
      maps.push_back(getAxesMap(getContext(), rank, {1, 2}));
    }
    bool nearest = op.getRounding() != RoundingMode::Floor;
    bool halfAway =
        op.getRounding() == RoundingMode::HalfAway && quantized.isSigned();
    rewriter.replaceOp(
        op,
        mapElements(
            b, inputs, maps, type,
            [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
              Value count = uniform ? buildScalar(e, sumType, counts[0]) : v[1];
              Value numerator = v[0], denominator = count;
              Value zero = buildScalar(e, sumType, 0);
              Value isNegative;
              if (halfAway) {
                isNegative = arith::CmpIOp::create(e, arith::CmpIPredicate::slt,
                                                   numerator, zero);
                numerator = arith::SelectOp::create(
                    e, isNegative, arith::SubIOp::create(e, zero, numerator),
                    numerator);
              }
              if (nearest) {
                Value two = buildScalar(e, sumType, 2);
                numerator = arith::AddIOp::create(
                    e, arith::MulIOp::create(e, numerator, two), count);
                denominator = arith::MulIOp::create(e, count, two);
              }
              // The average of stored values needs no clamp.
              Value average =
                  quantized.isSigned()
                      ? arith::FloorDivSIOp::create(e, numerator, denominator)
                            .getResult()
                      : arith::DivUIOp::create(e, numerator, denominator)
                            .getResult();
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
    Value maximum = buildPool(
        b, op, adaptor.getInput(), wide, wide, quantized.getStorageTypeMin(),
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

void mlir::qat::populateQatIntegerToLinalgPatterns(
    const TypeConverter &converter, RewritePatternSet &patterns) {
  populateWeightedLayerPatterns(converter, patterns);
  populateImportedLayerPatterns(converter, patterns);
  populateMovingLayerPatterns(converter, patterns);
  patterns.add<LowerAdd, LowerRequantize, LowerAvgPool2D, LowerMaxPool2D>(
      converter, patterns.getContext());
}
