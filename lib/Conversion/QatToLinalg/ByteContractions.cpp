//===- ByteContractions.cpp - products of levels in bytes -------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A convolution of levels (qat.levels) has operands of whole numbers. Levels of
// activations from 0 to 255 are bytes. Those of weights may lie anywhere from
// -255 to 255, but no further apart than 255 in a tensor: less a shift of each
// output channel's own they are bytes with a sign, and the shift comes back by
// the sums of the levels that a window sees.
//
//===----------------------------------------------------------------------===//

#include "LinalgBuilders.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

#include <limits>

namespace mlir::qat {
#define GEN_PASS_DEF_QATUSEBYTECONTRACTIONS
#include "qat/Conversion/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

using utils::IteratorType;

/// Whether the levels of `value` are from 0 to 255: it lies on the grid of a
/// clip at one bound, which starts at 0.
static bool hasByteLevels(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto pact = dyn_cast<PactOp>(op))
      return pact.getActivationType() != ActivationType::ReLU6 &&
             pact.getBits() <= 8;
    if (auto sums = dyn_cast<RequantizeSumsOp>(op))
      return sums.getBounds().size() == 1 && sums.getBits() <= 8;
    if (auto levels = dyn_cast<RequantizeLevelsOp>(op))
      return levels.getBounds().size() == 1 && levels.getBits() <= 8;
    if (!isa<tosa::MaxPool2dOp, tosa::SliceOp, tosa::ReshapeOp,
             RoundedAvgPool2DOp>(op))
      return false;
    value = op->getOperand(0);
  }
  return false;
}

/// The bits of the weights' grid, or 0 where it is not known.
static unsigned getWeightBits(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto quantizer = dyn_cast<WeightQuantizerOpInterface>(op))
      return quantizer.getGridBits();
    if (!isa<tosa::ReshapeOp>(op))
      return 0;
    value = op->getOperand(0);
  }
  return 0;
}

/// `values`, less the shift of each output channel where there is one, as
/// bytes.
static Value toBytes(ImplicitLocOpBuilder &b, Value values, bool isSigned,
                     Value shift = {}) {
  auto type = cast<RankedTensorType>(values.getType());
  SmallVector<Value> inputs{values};
  SmallVector<AffineMap> maps{b.getMultiDimIdentityMap(type.getRank())};
  if (shift) {
    inputs.push_back(shift);
    maps.push_back(getAxesMap(b.getContext(), type.getRank(), {0}));
  }
  Type byte = b.getI8Type();
  return mapElements(b, inputs, maps, type.clone(byte),
                     [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                       Value level = v[0];
                       if (shift)
                         level = arith::SubFOp::create(e, level, v[1]);
                       if (isSigned)
                         return arith::FPToSIOp::create(e, byte, level);
                       // Through 32 bits: 255 is no i8, but its last 8 bits are
                       // ours.
                       Value wide =
                           arith::FPToSIOp::create(e, e.getI32Type(), level);
                       return arith::TruncIOp::create(e, byte, wide);
                     });
}

/// Per output channel, the lowest level and 128 more.
static Value buildShift(ImplicitLocOpBuilder &b, Value levels) {
  auto type = cast<RankedTensorType>(levels.getType());
  auto channels = RankedTensorType::get(type.getDimSize(0), b.getF32Type());
  Value highest =
      buildFilled(b, channels, buildFloat(b, b.getF32Type(), 0x1p24));
  SmallVector<IteratorType> iterators(type.getRank(), IteratorType::reduction);
  iterators[0] = IteratorType::parallel;
  Value lowest =
      buildLoops(b, levels, highest,
                 {b.getMultiDimIdentityMap(type.getRank()),
                  getAxesMap(b.getContext(), type.getRank(), {0})},
                 iterators, [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                   return arith::MinimumFOp::create(e, v[0], v[1]);
                 });
  return mapElements(b, lowest, channels,
                     [](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                       return arith::AddFOp::create(
                           e, v[0], buildFloat(e, e.getF32Type(), 128));
                     });
}

/// The sums of the levels that each window sees: i32, one a pixel.
static Value buildWindowSums(ImplicitLocOpBuilder &b, ContractionOp op,
                             Value bytes) {
  ContractionGeometry g = op.getGeometry();
  Type i32 = b.getI32Type();
  auto type = RankedTensorType::get({g.batch, g.outHeight, g.outWidth, 1}, i32);
  if (g.isPointwise()) {
    Value zeros = buildFilled(b, type, buildScalar(b, i32, 0));
    AffineExpr n, h, w, c, zero = b.getAffineConstantExpr(0);
    bindDims(b.getContext(), n, h, w, c);
    SmallVector<IteratorType> iterators(4, IteratorType::parallel);
    iterators[3] = IteratorType::reduction;
    return buildLoops(b, bytes, zeros,
                      {b.getMultiDimIdentityMap(4),
                       AffineMap::get(4, 0, {n, h, w, zero}, b.getContext())},
                      iterators,
                      [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                        Value level = arith::ExtUIOp::create(e, i32, v[0]);
                        return arith::AddIOp::create(e, v[1], level);
                      });
  }
  auto ones = RankedTensorType::get(
      {1, g.kernelHeight, g.kernelWidth, g.channels}, b.getI8Type());
  Value weights = arith::ConstantOp::create(
      b, DenseElementsAttr::get(ones, static_cast<int8_t>(1)));
  Value init = tensor::EmptyOp::create(b, type.getShape(), i32);
  auto sums =
      ContractionOp::create(b, ContractionKind::Forward, bytes, weights, init,
                            op.getPad(), op.getStride(), op.getDilation());
  sums.setUnsignedInput(true);
  return sums.getResult();
}

namespace {
struct UseBytes : OpRewritePattern<ContractionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ContractionOp op,
                                PatternRewriter &rewriter) const override {
    ContractionGeometry g = op.getGeometry();
    if (op.hasBufferSemantics() || op.getKind() != ContractionKind::Forward ||
        g.groups != 1 || g.depthwise ||
        !cast<RankedTensorType>(op.getType(0)).getElementType().isF32())
      return rewriter.notifyMatchFailure(op, "not a plain convolution of f32");
    // Fewer products do not pay for the change to bytes.
    constexpr int64_t fewest = 16;
    if (g.kernelHeight * g.kernelWidth * g.channels < fewest ||
        g.outChannels < fewest)
      return rewriter.notifyMatchFailure(op, "small sums");
    auto input = op.getA().getDefiningOp<LevelsOp>();
    auto weights = op.getB().getDefiningOp<LevelsOp>();
    if (!input || !weights || !hasByteLevels(input.getInput()))
      return rewriter.notifyMatchFailure(op, "not levels of bytes");
    unsigned bits = getWeightBits(weights.getInput());
    if (bits == 0 || bits > 8)
      return rewriter.notifyMatchFailure(op, "not weights of bytes");

    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    // Up to 7 bits no grid reaches beyond -127 or 127.
    Value shift = bits == 8 ? buildShift(b, op.getB()) : Value();
    Value left = toBytes(b, op.getA(), /*isSigned=*/false);
    Value right = toBytes(b, op.getB(), /*isSigned=*/true, shift);
    auto type = cast<RankedTensorType>(op.getType(0));
    Value init = tensor::EmptyOp::create(b, type.getShape(), b.getI32Type());
    auto product =
        ContractionOp::create(b, ContractionKind::Forward, left, right, init,
                              op.getPad(), op.getStride(), op.getDilation());
    product.setUnsignedInput(true);
    SmallVector<Value> inputs{product.getResult()};
    SmallVector<AffineMap> maps{b.getMultiDimIdentityMap(4)};
    if (shift) {
      AffineExpr n, h, w, c, zero = b.getAffineConstantExpr(0);
      bindDims(b.getContext(), n, h, w, c);
      inputs.push_back(buildWindowSums(b, op, left));
      maps.push_back(AffineMap::get(4, 0, {n, h, w, zero}, b.getContext()));
      inputs.push_back(shift);
      maps.push_back(getAxesMap(b.getContext(), 4, {3}));
    }
    rewriter.replaceOp(
        op,
        mapElements(b, inputs, maps, type,
                    [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                      Value sum = v[0];
                      if (shift) {
                        Value whole =
                            arith::FPToSIOp::create(e, e.getI32Type(), v[2]);
                        sum = arith::AddIOp::create(
                            e, sum, arith::MulIOp::create(e, v[1], whole));
                      }
                      return arith::SIToFPOp::create(e, e.getF32Type(), sum);
                    }));
    return success();
  }
};

struct UseByteContractions
    : qat::impl::QatUseByteContractionsBase<UseByteContractions> {
  using QatUseByteContractionsBase::QatUseByteContractionsBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<UseBytes>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
