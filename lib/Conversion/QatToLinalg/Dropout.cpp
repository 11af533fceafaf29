//===- Dropout.cpp - dropout by a hash, as loops ----------------*- C++ -*-===//
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
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

#include <cmath>

using namespace mlir;
using namespace mlir::qat;

/// lowbias32 (see qat.dropout) on an i32.
static Value buildMixed(ImplicitLocOpBuilder &b, Value x) {
  auto shift = [&](int64_t bits) {
    x = arith::XOrIOp::create(
        b, x, arith::ShRUIOp::create(b, x, buildScalar(b, x.getType(), bits)));
  };
  auto multiply = [&](int64_t factor) {
    x = arith::MulIOp::create(b, x, buildScalar(b, x.getType(), factor));
  };
  shift(16);
  multiply(0x7feb352d);
  shift(15);
  multiply(0x846ca68b);
  shift(16);
  return x;
}

static Value mixWith(ImplicitLocOpBuilder &b, Value hash, Value value) {
  return buildMixed(b, arith::XOrIOp::create(b, hash, value));
}

/// The place of an element in its sample, row-major, as an i32.
static Value buildPlace(ImplicitLocOpBuilder &b, RankedTensorType type) {
  Type i32 = b.getI32Type();
  Value place = buildScalar(b, i32, 0);
  for (int64_t dim = 1; dim < type.getRank(); ++dim) {
    Value index = arith::IndexCastOp::create(
        b, i32, linalg::IndexOp::create(b, dim).getResult());
    Value size = buildScalar(b, i32, type.getDimSize(dim));
    place =
        arith::AddIOp::create(b, arith::MulIOp::create(b, place, size), index);
  }
  return place;
}

namespace {
struct LowerDropout : OpRewritePattern<DropoutOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DropoutOp op,
                                PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto type = cast<RankedTensorType>(op.getType());
    Type i32 = b.getI32Type();
    auto loadSeed = [&](int64_t place) -> Value {
      Value index = arith::ConstantIndexOp::create(b, place);
      return tensor::ExtractOp::create(b, op.getSeed(), index);
    };
    auto stream = static_cast<uint32_t>(op.getStream()) * 0x9e3779b9u;
    Value seed =
        arith::AddIOp::create(b, loadSeed(0), buildScalar(b, i32, stream));
    Value hash = mixWith(b, buildMixed(b, seed), loadSeed(1));
    double rate = op.getRate().convertToDouble();
    double limit =
        std::min(std::nearbyint(std::ldexp(rate, 32)), std::ldexp(1.0, 32) - 1);
    Value threshold = buildScalar(b, i32, static_cast<int64_t>(limit));
    Value scale = buildFloat(b, type.getElementType(), 1.0 / (1.0 - rate));
    Value zero = buildFloat(b, type.getElementType(), 0.0);

    int64_t rank = type.getRank();
    rewriter.replaceOp(
        op,
        mapElements(
            b, {op.getInput(), op.getSamples()},
            {b.getMultiDimIdentityMap(rank), getAxesMap(getContext(), rank, 0)},
            type, [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
              Value mixed =
                  mixWith(e, mixWith(e, hash, v[1]), buildPlace(e, type));
              Value stays = arith::CmpIOp::create(e, arith::CmpIPredicate::uge,
                                                  mixed, threshold);
              return arith::SelectOp::create(
                  e, stays, arith::MulFOp::create(e, v[0], scale), zero);
            }));
    return success();
  }
};
} // namespace

void mlir::qat::populateQatDropoutToLinalgPatterns(
    RewritePatternSet &patterns) {
  patterns.add<LowerDropout>(patterns.getContext());
}
