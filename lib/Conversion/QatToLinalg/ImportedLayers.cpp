//===- ImportedLayers.cpp - layers of imported integer networks as loops --===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntegerElements.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;
using namespace mlir::qat;

using utils::IteratorType;

namespace {
/// rescaled_add on i64: every value fits int32 and every multiplier 31 bits, so
/// a product with its rounding fits.
struct LowerRescaledAdd : OpConversionPattern<RescaledAddOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(RescaledAddOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type =
        cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    IntegerType i64 = b.getI64Type();
    auto scale = [&](ImplicitLocOpBuilder &e, Value x, int64_t multiplier,
                     int64_t shift) {
      return buildRoundedScale(e, x, buildScalar(e, i64, multiplier),
                               buildScalar(e, i64, shift), op.getRounding());
    };
    auto operand = [&](ImplicitLocOpBuilder &e, Value stored, Value original,
                       ArrayRef<int32_t> multipliers, ArrayRef<int8_t> shifts) {
      quant::UniformQuantizedType grid = getUniform(original);
      Value x = buildDifference(e, stored, grid, grid.getZeroPoint(), i64);
      for (auto [multiplier, shift] : llvm::zip_equal(multipliers, shifts))
        x = scale(e, x, multiplier, shift);
      return x;
    };
    rewriter.replaceOp(
        op, mapElements(
                b, {adaptor.getLhs(), adaptor.getRhs()}, type,
                [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                  Value lhs = operand(e, v[0], op.getLhs(),
                                      op.getLhsMultiplier(), op.getLhsShift());
                  Value rhs = operand(e, v[1], op.getRhs(),
                                      op.getRhsMultiplier(), op.getRhsShift());
                  Value sum = arith::AddIOp::create(e, lhs, rhs);
                  return buildStored(
                      e,
                      scale(e, sum, op.getMultiplierAttr().getInt(),
                            op.getShiftAttr().getInt()),
                      getUniform(op.getResult()), type.getElementType());
                }));
    return success();
  }
};

/// Element `index` of a constant table.
Value buildLookup(ImplicitLocOpBuilder &b, Value table, Value index) {
  Value place = arith::IndexCastOp::create(b, b.getIndexType(), index);
  return tensor::ExtractOp::create(b, table, place);
}

struct LowerTable : OpConversionPattern<TableOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(TableOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type =
        cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    quant::UniformQuantizedType grid = getUniform(op.getInput());
    Value table =
        arith::ConstantOp::create(b, b.getI32TensorAttr(op.getValues()));
    IntegerType i32 = b.getI32Type();
    rewriter.replaceOp(
        op, mapElements(b, adaptor.getInput(), type,
                        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                          Value index = buildDifference(
                              e, v[0], grid, grid.getStorageTypeMin(), i32);
                          return arith::TruncIOp::create(
                              e, type.getElementType(),
                              buildLookup(e, table, index));
                        }));
    return success();
  }
};

/// table_softmax: one loop for the maximum of each row, one for the sum of the
/// exponentials, one for the reciprocal of it, one for the results.
struct LowerTableSoftmax : OpConversionPattern<TableSoftmaxOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(TableSoftmaxOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type =
        cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    quant::UniformQuantizedType grid = getUniform(op.getInput());
    IntegerType i32 = b.getI32Type();
    int64_t rank = type.getRank();
    auto rowType = RankedTensorType::get(type.getShape().drop_back(), i32);
    AffineMap all = b.getMultiDimIdentityMap(rank),
              row = all.dropResult(rank - 1);
    SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
    iterators.back() = IteratorType::reduction;

    auto stored = [&](ImplicitLocOpBuilder &e, Value value) {
      return buildDifference(e, value, grid, 0, i32);
    };
    Value largest = buildLoops(
        b, adaptor.getInput(),
        buildFilled(b, rowType, buildScalar(b, i32, grid.getStorageTypeMin())),
        {all, row}, iterators,
        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          return arith::MaxSIOp::create(e, stored(e, v[0]), v[1]);
        });
    Value table =
        arith::ConstantOp::create(b, b.getI32TensorAttr(op.getTable()));
    auto exponential = [&](ImplicitLocOpBuilder &e, Value value, Value top) {
      return buildLookup(e, table,
                         arith::SubIOp::create(e, top, stored(e, value)));
    };
    Value sum = buildLoops(
        b, {adaptor.getInput(), largest},
        buildFilled(b, rowType, buildScalar(b, i32, 0)), {all, row, row},
        iterators, [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          // Rounds without the carry that adding 2^11 could make.
          Value term = exponential(e, v[0], v[1]);
          return arith::AddIOp::create(
              e, v[2], roundedShift(e, term, buildScalar(e, i32, 12)));
        });
    Value reciprocal = mapElements(b, sum, rowType, buildReciprocal);
    Value shift = mapElements(
        b, sum, rowType, [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          return arith::SubIOp::create(
              e, buildScalar(e, i32, 35),
              math::CountLeadingZerosOp::create(e, v[0]));
        });
    rewriter.replaceOp(
        op, mapElements(b, {adaptor.getInput(), largest, reciprocal, shift},
                        {all, row, row, row}, type,
                        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                          Value p =
                              high(e, exponential(e, v[0], v[1]), v[2], 30);
                          return buildStored(e, roundedShift(e, p, v[3]),
                                             getUniform(op.getResult()),
                                             type.getElementType());
                        }));
    return success();
  }

private:
  /// (a * b + 2^(s-1)) >> s with an exact product.
  static Value high(ImplicitLocOpBuilder &b, Value x, Value y, int64_t shift) {
    IntegerType i64 = b.getI64Type();
    Value product =
        arith::MulIOp::create(b, extend(b, x, i64), extend(b, y, i64));
    product = arith::AddIOp::create(
        b, product, buildScalar(b, i64, int64_t(1) << (shift - 1)));
    return arith::TruncIOp::create(
        b, b.getI32Type(),
        arith::ShRSIOp::create(b, product, buildScalar(b, i64, shift)));
  }

  /// (x >> s) + ((x >> (s - 1)) & 1).
  static Value roundedShift(ImplicitLocOpBuilder &b, Value x, Value shift) {
    Value one = buildScalar(b, b.getI32Type(), 1);
    Value below =
        arith::ShRSIOp::create(b, x, arith::SubIOp::create(b, shift, one));
    return arith::AddIOp::create(b, arith::ShRSIOp::create(b, x, shift),
                                 arith::AndIOp::create(b, below, one));
  }

  static Value buildReciprocal(ImplicitLocOpBuilder &b, ValueRange v) {
    IntegerType i32 = b.getI32Type();
    auto scalar = [&](int64_t value) { return buildScalar(b, i32, value); };
    Value sum = v[0];
    Value bits = math::CountLeadingZerosOp::create(b, sum);
    Value d = arith::ShLIOp::create(b, sum,
                                    arith::SubIOp::create(b, bits, scalar(1)));
    Value x = arith::AddIOp::create(b, high(b, d, scalar(-1010580540), 31),
                                    scalar(1515870810));
    for (unsigned step = 0; step < 3; ++step) {
      Value error =
          arith::SubIOp::create(b, scalar(1 << 29), high(b, x, d, 31));
      Value change = arith::MulIOp::create(b, high(b, x, error, 31), scalar(4));
      x = arith::AddIOp::create(b, x, change);
    }
    return x;
  }
};
} // namespace

void mlir::qat::populateImportedLayerPatterns(const TypeConverter &converter,
                                              RewritePatternSet &patterns) {
  patterns.add<LowerRescaledAdd, LowerTable, LowerTableSoftmax>(
      converter, patterns.getContext());
}
