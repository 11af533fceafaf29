//===- RaiseConvolutions.cpp - convolutions as contractions -----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LinalgBuilders.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATRAISECONVOLUTIONS
#include "qat/Conversion/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

/// Whether all elements of `value` are zero: also of one constant made tensor.
static bool isZero(Value value) {
  return matchPattern(value, m_AnyZeroFloat()) ||
         matchPattern(value, m_Zero()) ||
         (value.getDefiningOp<tosa::ConstOp>() && [&] {
           auto values = dyn_cast<DenseElementsAttr>(
               value.getDefiningOp<tosa::ConstOp>().getValues());
           return values && isa<FloatType>(values.getElementType()) &&
                  llvm::all_of(values.getValues<APFloat>(),
                               [](const APFloat &v) { return v.isZero(); });
         }());
}

/// Replaces `op` by the contraction of `input` and `weight`, plus the bias
/// where there is one.
static void replaceByContraction(PatternRewriter &rewriter, Operation *op,
                                 Value input, Value weight, Value bias,
                                 ArrayRef<int64_t> pad,
                                 ArrayRef<int64_t> stride,
                                 ArrayRef<int64_t> dilation, int64_t groups,
                                 bool depthwise) {
  ImplicitLocOpBuilder b(op->getLoc(), rewriter);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  Value init =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  Value result =
      ContractionOp::create(b, ContractionKind::Forward, input, weight, init,
                            pad, stride, dilation, groups, depthwise)
          .getResult();
  if (!isZero(bias)) {
    // TOSA broadcasts a bias of one element.
    AffineMap channel = getAxesMap(b.getContext(), 4, {3});
    if (cast<RankedTensorType>(bias.getType()).getDimSize(0) !=
        type.getDimSize(3))
      channel = AffineMap::get(4, 0, b.getAffineConstantExpr(0));
    result =
        mapElements(b, {result, bias}, {b.getMultiDimIdentityMap(4), channel},
                    type, [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                      return arith::AddFOp::create(e, v[0], v[1]);
                    });
  }
  rewriter.replaceOp(op, result);
}

/// Whether a contraction can take the op's tensors.
static bool isServed(Operation *op) {
  auto isFloat = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.hasStaticShape() &&
           (tensor.getElementType().isF32() || tensor.getElementType().isF64());
  };
  return isFloat(op->getOperand(0).getType()) &&
         isFloat(op->getOperand(1).getType()) &&
         isFloat(op->getResult(0).getType());
}

namespace {
template <typename OpTy> struct RaiseTosa : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (!isServed(op) || !isZero(op.getInputZp()) || !isZero(op.getWeightZp()))
      return rewriter.notifyMatchFailure(op, "not a plain float convolution");
    replaceByContraction(
        rewriter, op, op.getInput(), op.getWeight(), op.getBias(), op.getPad(),
        op.getStride(), op.getDilation(), /*groups=*/1,
        /*depthwise=*/std::is_same_v<OpTy, tosa::DepthwiseConv2DOp>);
    return success();
  }
};

struct RaiseGrouped : OpRewritePattern<GroupedConv2DOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(GroupedConv2DOp op,
                                PatternRewriter &rewriter) const override {
    if (!isServed(op))
      return rewriter.notifyMatchFailure(op, "batch is not static");
    replaceByContraction(rewriter, op, op.getInput(), op.getWeight(),
                         op.getBias(), op.getPad(), op.getStride(),
                         op.getDilation(), op.getGroups(), /*depthwise=*/false);
    return success();
  }
};

struct RaiseConvolutions
    : qat::impl::QatRaiseConvolutionsBase<RaiseConvolutions> {
  using QatRaiseConvolutionsBase::QatRaiseConvolutionsBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseTosa<tosa::Conv2DOp>, RaiseTosa<tosa::DepthwiseConv2DOp>,
                 RaiseGrouped>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
