//===- LayoutConvolutions.cpp - channels innermost in convolutions --*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Execution/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATLAYOUTCONVOLUTIONS
#include "qat/Execution/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

/// OHWI to HWIO: the dimensions of the result, by those of the source.
constexpr int64_t toHWIO[] = {1, 2, 3, 0};

/// A constant of f32 OHWI weights as HWIO; null where it is not at hand.
static Value transposeConstant(OpBuilder &b, Value weights) {
  std::optional<std::vector<float>> values = getConstantFloats(weights);
  if (!values)
    return {};
  auto type = cast<RankedTensorType>(weights.getType());
  int64_t outer = type.getDimSize(0), inner = type.getNumElements() / outer;
  std::vector<float> transposed(values->size());
  for (int64_t row = 0; row < outer; ++row)
    for (int64_t column = 0; column < inner; ++column)
      transposed[column * outer + row] = (*values)[row * inner + column];
  auto resultType = RankedTensorType::get(
      applyPermutation(type.getShape(), toHWIO), type.getElementType());
  return arith::ConstantOp::create(
      b, weights.getLoc(),
      DenseElementsAttr::get(resultType, ArrayRef<float>(transposed)));
}

namespace {
/// conv_2d_nhwc_fhwc -> loops (n, oh, ow, kh, kw, c, f) over HWIO weights.
struct LayoutConv2D : OpRewritePattern<linalg::Conv2DNhwcFhwcOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::Conv2DNhwcFhwcOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value weights = op.getInputs()[1];
    auto type = cast<RankedTensorType>(weights.getType());
    Value transposed = transposeConstant(rewriter, weights);
    if (!transposed) {
      Value empty = tensor::EmptyOp::create(
          rewriter, loc, applyPermutation(type.getShape(), toHWIO),
          type.getElementType());
      transposed =
          linalg::TransposeOp::create(rewriter, loc, weights, empty, toHWIO)
              ->getResult(0);
    }
    FailureOr<linalg::GenericOp> generic =
        linalg::generalizeNamedOp(rewriter, op);
    if (failed(generic))
      return failure();
    // Named order: n, oh, ow, f, kh, kw, c.
    SmallVector<AffineMap> maps = generic->getIndexingMapsArray();
    AffineExpr f = rewriter.getAffineDimExpr(3),
               kh = rewriter.getAffineDimExpr(4),
               kw = rewriter.getAffineDimExpr(5),
               c = rewriter.getAffineDimExpr(6);
    maps[1] = AffineMap::get(7, 0, {kh, kw, c, f}, getContext());
    rewriter.modifyOpInPlace(*generic, [&] {
      generic->getInputsMutable()[1].set(transposed);
      generic->setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
    });
    return linalg::interchangeGenericOp(rewriter, *generic,
                                        {0, 1, 2, 4, 5, 6, 3});
  }
};

/// Named ops whose operands have the right layout already -> loops in the
/// order given.
template <typename OpTy> struct LayoutLoops : OpRewritePattern<OpTy> {
  LayoutLoops(MLIRContext *context, ArrayRef<unsigned> order)
      : OpRewritePattern<OpTy>(context), order(order) {}

  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    FailureOr<linalg::GenericOp> generic =
        linalg::generalizeNamedOp(rewriter, op);
    if (failed(generic))
      return failure();
    return linalg::interchangeGenericOp(rewriter, *generic, order);
  }

  SmallVector<unsigned> order;
};

struct LayoutConvolutions
    : qat::impl::QatLayoutConvolutionsBase<LayoutConvolutions> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<LayoutConv2D>(&getContext());
    // n, oh, ow, f, kh, kw, c
    patterns.add<LayoutLoops<linalg::Conv2DNhwcHwcfOp>>(
        &getContext(), ArrayRef<unsigned>{0, 1, 2, 4, 5, 6, 3});
    // n, oh, ow, c, m, kh, kw
    patterns.add<LayoutLoops<linalg::DepthwiseConv2DNhwcHwcmOp>>(
        &getContext(), ArrayRef<unsigned>{0, 1, 2, 5, 6, 3, 4});
    // n, oh, ow, c, kh, kw
    patterns.add<LayoutLoops<linalg::DepthwiseConv2DNhwcHwcOp>,
                 LayoutLoops<linalg::PoolingNhwcSumOp>,
                 LayoutLoops<linalg::PoolingNhwcMaxOp>>(
        &getContext(), ArrayRef<unsigned>{0, 1, 2, 4, 5, 3});
    linalg::populateDecomposePadPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
