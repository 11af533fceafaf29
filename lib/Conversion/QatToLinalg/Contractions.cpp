//===- Contractions.cpp - qat.contraction as loops over tensors -*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LinalgBuilders.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace mlir::qat {
#define GEN_PASS_DEF_CONVERTCONTRACTIONSTOLINALG
#include "qat/Conversion/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

using utils::IteratorType;

/// The reassociation that makes two dimensions of dimension `axis` of `rank`.
static SmallVector<ReassociationIndices> getSplit(int64_t rank, int64_t axis) {
  SmallVector<ReassociationIndices> indices;
  int64_t next = 0;
  for (int64_t dim = 0; dim < rank; ++dim) {
    indices.push_back({next++});
    if (dim == axis)
      indices.back().push_back(next++);
  }
  return indices;
}

/// Dimension `axis` as (outer, the rest).
static Value split(ImplicitLocOpBuilder &b, Value value, int64_t axis,
                   int64_t outer) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] /= outer;
  shape.insert(shape.begin() + axis, outer);
  return tensor::ExpandShapeOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), value,
      getSplit(type.getRank(), axis));
}

/// The image with zeros around it.
static Value padImage(ImplicitLocOpBuilder &b, Value image,
                      const ContractionGeometry &g) {
  if (!g.hasPads())
    return image;
  auto type = cast<RankedTensorType>(image.getType());
  Type element = type.getElementType();
  auto amounts = [&](int64_t rows, int64_t columns) {
    return SmallVector<OpFoldResult>{b.getIndexAttr(0), b.getIndexAttr(rows),
                                     b.getIndexAttr(columns),
                                     b.getIndexAttr(0)};
  };
  SmallVector<int64_t> shape = {g.batch, g.height + g.padTop + g.padBottom,
                                g.width + g.padLeft + g.padRight, g.channels};
  return tensor::PadOp::create(
      b, RankedTensorType::get(shape, element), image,
      amounts(g.padTop, g.padLeft), amounts(g.padBottom, g.padRight),
      arith::ConstantOp::create(b, b.getZeroAttr(element)).getResult());
}

namespace {
/// The loops of the three kinds: n, oh, ow, kh, kw, group, ic, oc. The groups
/// have a loop where there are several; without one, maps name the channels
/// alone.
struct ContractionLoops {
  AffineMap image, weights, output;
  SmallVector<IteratorType> iterators;

  ContractionLoops(const ContractionGeometry &geometry, ContractionKind kind,
                   MLIRContext *context) {
    bool grouped = geometry.groups != 1 || geometry.depthwise;
    AffineExpr n, oh, ow, kh, kw, ic, oc, group;
    bindDims(context, n, oh, ow, kh, kw, ic, oc, group);
    AffineExpr ih = oh * geometry.strideHeight + kh * geometry.dilationHeight;
    AffineExpr iw = ow * geometry.strideWidth + kw * geometry.dilationWidth;
    SmallVector<AffineExpr> imageIndex = {n, ih, iw, ic},
                            weightIndex = {oc, kh, kw, ic},
                            outputIndex = {n, oh, ow, oc};
    if (grouped) {
      imageIndex = {n, ih, iw, group, ic};
      weightIndex = {group, oc, kh, kw, ic};
      outputIndex = {n, oh, ow, group, oc};
    }
    if (geometry.depthwise) {
      // Dimension ic of the loops is the multiplier m.
      AffineExpr m = ic;
      group = oc;
      imageIndex = {n, ih, iw, group};
      weightIndex = {kh, kw, group, m};
      outputIndex = {n, oh, ow, group, m};
    }
    unsigned count = grouped && !geometry.depthwise ? 8 : 7;
    image = AffineMap::get(count, 0, imageIndex, context);
    weights = AffineMap::get(count, 0, weightIndex, context);
    output = AffineMap::get(count, 0, outputIndex, context);

    // A loop is parallel whose index is one of the result's on its own.
    const AffineMap &result = kind == ContractionKind::Forward ? output
                              : kind == ContractionKind::InputGradient
                                  ? image
                                  : weights;
    for (unsigned dim = 0; dim < count; ++dim)
      iterators.push_back(
          result.getResultPosition(getAffineDimExpr(dim, context))
              ? IteratorType::parallel
              : IteratorType::reduction);
  }
};

/// contraction -> the loops over the padded image, from zeros on or from what
/// the init holds.
struct LowerContraction : OpRewritePattern<ContractionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ContractionOp op,
                                PatternRewriter &rewriter) const override {
    if (op.hasBufferSemantics())
      return rewriter.notifyMatchFailure(op, "works on buffers");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    ContractionGeometry g = op.getGeometry();
    ContractionKind kind = op.getKind();
    ContractionLoops loops(g, kind, getContext());

    Value image = kind == ContractionKind::InputGradient
                      ? padInit(b, op, g)
                      : padImage(b, op.getImage(), g);
    Value weights = op.getWeights(), output = op.getOutput();
    if (g.depthwise) {
      output = split(b, output, 3, g.groups);
    } else if (g.groups != 1) {
      image = split(b, image, 3, g.groups);
      weights = split(b, weights, 0, g.groups);
      output = split(b, output, 3, g.groups);
    }

    Value result;
    switch (kind) {
    case ContractionKind::Forward:
      result = build(b, op, loops, {image, loops.image},
                     {weights, loops.weights}, {output, loops.output});
      if (result.getType() != op.getType(0))
        result = tensor::CollapseShapeOp::create(b, result, getSplit(4, 3));
      break;
    case ContractionKind::InputGradient:
      result = build(b, op, loops, {output, loops.output},
                     {weights, loops.weights}, {image, loops.image});
      if (g.groups != 1 && !g.depthwise)
        result = tensor::CollapseShapeOp::create(b, result, getSplit(4, 3));
      result = cutBorder(b, op, g, result);
      break;
    case ContractionKind::WeightGradient:
      result = build(b, op, loops, {image, loops.image}, {output, loops.output},
                     {weights, loops.weights});
      if (result.getType() != op.getType(0))
        result = tensor::CollapseShapeOp::create(b, result, getSplit(4, 0));
      break;
    }
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  using Operand = std::pair<Value, AffineMap>;

  static Value build(ImplicitLocOpBuilder &b, ContractionOp op,
                     const ContractionLoops &loops, Operand left, Operand right,
                     Operand init) {
    Type element = getElementTypeOrSelf(init.first.getType());
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(element));
    Value first = init.first;
    if (!op.getAccumulate())
      first = linalg::FillOp::create(b, zero, first).getResult(0);
    bool isUnsigned = op.getUnsignedInput();
    return buildLoops(
        b, {left.first, right.first}, first,
        {left.second, right.second, init.second}, loops.iterators,
        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          if (isa<FloatType>(element))
            return arith::AddFOp::create(e, v[2],
                                         arith::MulFOp::create(e, v[0], v[1]));
          Value x = isUnsigned
                        ? arith::ExtUIOp::create(e, element, v[0]).getResult()
                        : arith::ExtSIOp::create(e, element, v[0]).getResult();
          Value w = arith::ExtSIOp::create(e, element, v[1]);
          return arith::AddIOp::create(e, v[2], arith::MulIOp::create(e, x, w));
        });
  }

  /// What the gradient of the padded image is written to.
  static Value padInit(ImplicitLocOpBuilder &b, ContractionOp op,
                       const ContractionGeometry &g) {
    if (!g.hasPads())
      return op.getInit();
    return tensor::EmptyOp::create(
        b,
        ArrayRef<int64_t>{g.batch, g.height + g.padTop + g.padBottom,
                          g.width + g.padLeft + g.padRight, g.channels},
        getElementTypeOrSelf(op.getInit().getType()));
  }

  /// The image out of the padded one, in the memory of the init.
  static Value cutBorder(ImplicitLocOpBuilder &b, ContractionOp op,
                         const ContractionGeometry &g, Value padded) {
    if (!g.hasPads())
      return padded;
    auto type = cast<RankedTensorType>(op.getType(0));
    SmallVector<OpFoldResult> offsets = {
        b.getIndexAttr(0), b.getIndexAttr(g.padTop), b.getIndexAttr(g.padLeft),
        b.getIndexAttr(0)};
    SmallVector<OpFoldResult> sizes, strides(4, b.getIndexAttr(1));
    for (int64_t size : type.getShape())
      sizes.push_back(b.getIndexAttr(size));
    Value image = tensor::ExtractSliceOp::create(b, type, padded, offsets,
                                                 sizes, strides);
    return mapElementsInto(
        b, image, op.getInit(),
        [](ImplicitLocOpBuilder &, ValueRange v) { return v[0]; });
  }
};

struct ConvertContractionsToLinalg
    : qat::impl::ConvertContractionsToLinalgBase<ConvertContractionsToLinalg> {
  using ConvertContractionsToLinalgBase::ConvertContractionsToLinalgBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateContractionsToLinalgPatterns(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace

void mlir::qat::populateContractionsToLinalgPatterns(
    RewritePatternSet &patterns) {
  patterns.add<LowerContraction>(patterns.getContext());
}
