//===- MovingLayers.cpp - integer concats and pads as copies ---*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntegerElements.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;
using namespace mlir::qat;

/// Writes `source` into `target` from `offsets` on.
static Value buildInserted(ImplicitLocOpBuilder &b, Value source, Value target,
                           ArrayRef<int64_t> offsets) {
  auto type = cast<RankedTensorType>(source.getType());
  SmallVector<OpFoldResult> starts =
      getAsIndexOpFoldResult(b.getContext(), offsets);
  SmallVector<OpFoldResult> sizes =
      getAsIndexOpFoldResult(b.getContext(), type.getShape());
  SmallVector<OpFoldResult> strides(type.getRank(), b.getIndexAttr(1));
  return tensor::InsertSliceOp::create(b, source, target, starts, sizes,
                                       strides);
}

namespace {
struct LowerConcat : OpConversionPattern<ConcatOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(ConcatOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type =
        cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    Value result =
        tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
    SmallVector<int64_t> offsets(type.getRank(), 0);
    for (Value input : adaptor.getInputs()) {
      result = buildInserted(b, input, result, offsets);
      offsets[op.getAxis()] +=
          cast<RankedTensorType>(input.getType()).getDimSize(op.getAxis());
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct LowerPad : OpConversionPattern<PadOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(PadOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type =
        cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    auto element = cast<IntegerType>(type.getElementType());
    // The low bits of the stored value, whatever its sign.
    APInt value(element.getWidth(), op.getValueAttr().getInt(),
                /*isSigned=*/true, /*implicitTrunc=*/true);
    Value fill = arith::ConstantOp::create(b, b.getIntegerAttr(element, value));
    rewriter.replaceOp(op,
                       buildInserted(b, adaptor.getInput(),
                                     buildFilled(b, type, fill), op.getLow()));
    return success();
  }
};
} // namespace

void mlir::qat::populateMovingLayerPatterns(const TypeConverter &converter,
                                            RewritePatternSet &patterns) {
  patterns.add<LowerConcat, LowerPad>(converter, patterns.getContext());
}
