//===- ElementwiseLayers.cpp - integer adds, requantizations ----*- C++ -*-===//
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
} // namespace

void mlir::qat::populateQatIntegerToLinalgPatterns(
    const TypeConverter &converter, RewritePatternSet &patterns) {
  populateWeightedLayerPatterns(converter, patterns);
  populateImportedLayerPatterns(converter, patterns);
  populateMovingLayerPatterns(converter, patterns);
  populatePoolPatterns(converter, patterns);
  patterns.add<LowerAdd, LowerRequantize>(converter, patterns.getContext());
}
