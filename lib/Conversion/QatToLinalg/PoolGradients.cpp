//===- PoolGradients.cpp - gradients of pools, as loops ---------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every window gives to its taps: loops n, oh, ow, kh, kw, c into an image with
// its pads, which are cut off again. A pool of the whole image needs no sum.
//
//===----------------------------------------------------------------------===//

#include "LinalgBuilders.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

#include <limits>

using namespace mlir;
using namespace mlir::qat;

using arith::CmpFPredicate;
using arith::CmpIPredicate;
using utils::IteratorType;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

namespace {
/// The windows of a pool over an image of `image`.
struct Windows {
  template <typename OpTy>
  Windows(ImplicitLocOpBuilder &b, OpTy op, RankedTensorType image,
          RankedTensorType result)
      : b(b), image(image), result(result), kernel(op.getKernel()),
        stride(op.getStride()), pad(op.getPad()) {
    AffineExpr n, oh, ow, kh, kw, c;
    bindDims(b.getContext(), n, oh, ow, kh, kw, c);
    AffineExpr ih = oh * stride[0] + kh, iw = ow * stride[1] + kw;
    auto makeMap = [&](ArrayRef<AffineExpr> results) {
      return AffineMap::get(6, 0, results, b.getContext());
    };
    tapMap = makeMap({n, ih, iw, c});
    windowMap = makeMap({n, oh, ow, c});
    kernelMap = makeMap({kh, kw});
  }

  /// The shape of the image with pads; what no window reaches is cut off.
  RankedTensorType getPadded() const {
    SmallVector<int64_t> shape(image.getShape());
    for (int dim : {0, 1})
      shape[1 + dim] = std::max(
          image.getDimSize(1 + dim) + pad[2 * dim] + pad[2 * dim + 1],
          (result.getDimSize(1 + dim) - 1) * stride[dim] + kernel[dim]);
    return image.clone(shape);
  }

  /// Something of the kernel's size, for the loops to know it.
  Value getKernelShape() const {
    return tensor::EmptyOp::create(b, kernel, b.getF32Type());
  }

  /// Elements of `value` surrounded by `fill`.
  Value surround(Value value, double fill) const {
    RankedTensorType padded = getPadded();
    if (padded == image)
      return value;
    SmallVector<OpFoldResult> low, high;
    for (int dim = 0; dim < 4; ++dim) {
      int64_t before = dim == 1 ? pad[0] : dim == 2 ? pad[2] : 0;
      low.push_back(b.getIndexAttr(before));
      high.push_back(b.getIndexAttr(padded.getDimSize(dim) - before -
                                    image.getDimSize(dim)));
    }
    return tensor::PadOp::create(b, padded, value, low, high,
                                 buildFloat(b, image.getElementType(), fill));
  }

  /// The image in `padded`.
  Value cutOut(Value padded) const {
    if (padded.getType() == image)
      return padded;
    SmallVector<OpFoldResult> offsets = {
        b.getIndexAttr(0), b.getIndexAttr(pad[0]), b.getIndexAttr(pad[2]),
        b.getIndexAttr(0)};
    SmallVector<OpFoldResult> sizes, strides(4, b.getIndexAttr(1));
    for (int64_t size : image.getShape())
      sizes.push_back(b.getIndexAttr(size));
    return tensor::ExtractSliceOp::create(b, image, padded, offsets, sizes,
                                          strides);
  }

  /// Adds what `body` makes of the elements of `inputs`, tensors of the
  /// result's size, to each tap of their window.
  Value spread(ValueRange inputs, ElementBuilder body) const {
    RankedTensorType padded = getPadded();
    Value zero = buildFloat(b, image.getElementType(), 0.0);
    SmallVector<Value> all(inputs);
    all.push_back(getKernelShape());
    SmallVector<AffineMap> maps(inputs.size(), windowMap);
    maps.append({kernelMap, tapMap});
    SmallVector<IteratorType> iterators(6, IteratorType::reduction);
    iterators.front() = iterators.back() = IteratorType::parallel;
    return cutOut(buildLoops(
        b, all, buildFilled(b, padded, zero), maps, iterators,
        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          return arith::AddFOp::create(e, v.back(), body(e, v.drop_back(2)));
        }));
  }

  /// The taps of each window that lie inside of the image, by rows and columns.
  SmallVector<int64_t> countTaps(int dim) const {
    SmallVector<int64_t> counts;
    for (int64_t at = 0; at < result.getDimSize(1 + dim); ++at) {
      int64_t first = at * stride[dim] - pad[2 * dim];
      counts.push_back(
          std::min(first + kernel[dim], image.getDimSize(1 + dim)) -
          std::max<int64_t>(first, 0));
    }
    return counts;
  }

  ImplicitLocOpBuilder &b;
  RankedTensorType image, result;
  ArrayRef<int64_t> kernel, stride, pad;
  AffineMap tapMap, windowMap, kernelMap;
};

/// avg_pool2d_gradient(g) -> g / taps, spread over the window.
struct LowerAvgPoolGradient : OpRewritePattern<AvgPool2DGradientOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AvgPool2DGradientOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto image = cast<RankedTensorType>(op.getType());
    RankedTensorType result = typeOf(op.getUpstream());
    Windows windows(b, op, image, result);
    // One count for all windows, or a table by the place of the window.
    SmallVector<int64_t> rows = windows.countTaps(0),
                         columns = windows.countTaps(1);
    Type element = image.getElementType();
    Value upstream = op.getUpstream(), share;
    if (llvm::all_equal(rows) && llvm::all_equal(columns)) {
      Value count = buildFloat(b, element, rows[0] * columns[0]);
      share = mapElements(b, upstream, result,
                          [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                            return arith::DivFOp::create(e, v[0], count);
                          });
    } else {
      SmallVector<float> counts;
      for (int64_t row : rows)
        for (int64_t column : columns)
          counts.push_back(row * column);
      auto table = RankedTensorType::get(result.getShape().slice(1, 2),
                                         b.getF32Type());
      Value taps = arith::ConstantOp::create(
          b, DenseElementsAttr::get(table, ArrayRef<float>(counts)));
      share = mapElements(
          b, {upstream, taps},
          {b.getMultiDimIdentityMap(4), getAxesMap(getContext(), 4, {1, 2})},
          result, [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
            return arith::DivFOp::create(e, v[0], v[1]);
          });
    }
    if (result.getDimSize(1) == 1 && result.getDimSize(2) == 1 &&
        rows[0] == image.getDimSize(1) && columns[0] == image.getDimSize(2)) {
      AffineExpr n = b.getAffineDimExpr(0), c = b.getAffineDimExpr(3);
      AffineExpr zero = b.getAffineConstantExpr(0);
      rewriter.replaceOp(
          op, mapElements(
                  b, share,
                  AffineMap::get(4, 0, {n, zero, zero, c}, getContext()), image,
                  [](ImplicitLocOpBuilder &, ValueRange v) { return v[0]; }));
      return success();
    }
    rewriter.replaceOp(
        op, windows.spread(share, [](ImplicitLocOpBuilder &, ValueRange v) {
          return v[0];
        }));
    return success();
  }
};

/// max_pool2d_gradient(x, g) -> g at the first tap that holds the maximum.
struct LowerMaxPoolGradient : OpRewritePattern<MaxPool2DGradientOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MaxPool2DGradientOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    RankedTensorType image = typeOf(op.getInput());
    RankedTensorType result = typeOf(op.getUpstream());
    Windows windows(b, op, image, result);
    Type element = image.getElementType(), i32 = b.getI32Type();
    constexpr double lowest = -std::numeric_limits<double>::infinity();
    auto getTap = [&](ImplicitLocOpBuilder &e) -> Value {
      Value row = linalg::IndexOp::create(e, 3);
      Value column = linalg::IndexOp::create(e, 4);
      Value width = arith::ConstantIndexOp::create(e, windows.kernel[1]);
      Value tap = arith::AddIOp::create(
          e, arith::MulIOp::create(e, row, width), column);
      return arith::IndexCastOp::create(e, i32, tap);
    };
    // The maximum and the first tap that holds it.
    Value maxima =
        buildFilled(b, result, buildFloat(b, element, lowest));
    Value taps = buildFilled(b, result.clone(i32), buildScalar(b, i32, -1));
    SmallVector<IteratorType> iterators(6, IteratorType::parallel);
    iterators[3] = iterators[4] = IteratorType::reduction;
    auto search = linalg::GenericOp::create(
        b, TypeRange{maxima.getType(), taps.getType()},
        ValueRange{windows.surround(op.getInput(), lowest),
                   windows.getKernelShape()},
        ValueRange{maxima, taps},
        ArrayRef<AffineMap>{windows.tapMap, windows.kernelMap,
                            windows.windowMap, windows.windowMap},
        iterators, [&](OpBuilder &nested, Location loc, ValueRange v) {
          ImplicitLocOpBuilder e(loc, nested);
          Value more =
              arith::CmpFOp::create(e, CmpFPredicate::OGT, v[0], v[2]);
          Value first = arith::CmpIOp::create(e, CmpIPredicate::slt, v[3],
                                              buildScalar(e, i32, 0));
          // An image of -infinity alone has a first tap, too.
          Value same =
              arith::CmpFOp::create(e, CmpFPredicate::OEQ, v[0], v[2]);
          more = arith::OrIOp::create(e, more,
                                      arith::AndIOp::create(e, first, same));
          Value maximum = arith::SelectOp::create(e, more, v[0], v[2]);
          Value tap = arith::SelectOp::create(e, more, getTap(e), v[3]);
          linalg::YieldOp::create(e, ValueRange{maximum, tap});
        });
    rewriter.replaceOp(
        op, windows.spread(
                {op.getUpstream(), search.getResult(1)},
                [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                  Value hit = arith::CmpIOp::create(e, CmpIPredicate::eq, v[1],
                                                    getTap(e));
                  return arith::SelectOp::create(e, hit, v[0],
                                                 buildFloat(e, element, 0.0));
                }));
    return success();
  }
};
} // namespace

void mlir::qat::populateQatPoolGradientsToLinalgPatterns(
    RewritePatternSet &patterns) {
  patterns.add<LowerAvgPoolGradient, LowerMaxPoolGradient>(
      patterns.getContext());
}
