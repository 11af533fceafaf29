//===- DepthwiseLoops.cpp - depthwise contractions as loops -----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The loops run over the pixels of one image, the "own" one (y forward, x and
// dx backward), and gather from the other (x forward, dy backward): every
// result is written once, from registers. Rows and columns are cut into
// segments in which the same taps fall inside the other image, and each segment
// has its taps written out: nothing is padded and nothing is tested at run
// time.
//
// Channels are outermost, one vector of them at a time: the weights of its taps
// and the sums of their gradients stay in registers through an image.
//
//===----------------------------------------------------------------------===//

#include "DepthwiseLoops.h"

#include "VectorLoops.h"
#include "WindowSegments.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::qat;

namespace {
/// One contraction, or the two of a gradient, as loops.
class DepthwiseLoops : VectorLoops {
public:
  DepthwiseLoops(ImplicitLocOpBuilder &b, const ContractionGeometry &g,
                 bool forward, int64_t lanes)
      : VectorLoops(b), g(g), plane(g, forward), forward(forward),
        lanes(lanes) {}

  /// Any of them may be null but `other`: result = sum of weights * other,
  /// gradient = sum of own * other, or added to what it holds.
  void build(Value other, Value weights, Value result, Value own,
             Value gradient, bool accumulate = false) {
    this->accumulate = accumulate;
    this->other = flatten(other);
    if (result) {
      this->weights = flatten(weights);
      this->result = flatten(result);
    }
    if (gradient) {
      this->own = flatten(own);
      this->gradient = flatten(gradient);
    }
    int64_t channels = g.channels;
    // A narrow row of contiguous pixels fills a vector with several of them.
    if (channels < lanes && lanes % channels == 0 && g.strideWidth == 1) {
      buildChannels(constant(0), /*width=*/lanes, /*active=*/channels,
                    /*pixels=*/lanes / channels);
      return;
    }
    loopOverChannels(channels, lanes,
                     [&](Value channel, int64_t width, int64_t active) {
                       buildChannels(channel, width, active, /*pixels=*/1);
                     });
  }

private:
  /// All pixels of `active` channels from `channel` on, in vectors of `width`
  /// that hold `pixels` of them.
  void buildChannels(Value channel, int64_t width, int64_t active,
                     int64_t pixels) {
    int64_t taps = g.kernelHeight * g.kernelWidth;
    SmallVector<Value> factors(taps);
    if (result)
      for (int64_t tap = 0; tap < taps; ++tap)
        factors[tap] = repeat(load(weights, add(channel, tap * g.channels),
                                   width / pixels, active),
                              pixels);
    int64_t sumWidth = width / pixels;
    if (gradient && !accumulate)
      for (int64_t tap = 0; tap < taps; ++tap)
        store(gradient, add(channel, tap * g.channels), getZeros(sumWidth),
              active);

    loop(0, g.batch, 1, {}, [&](Value image, ValueRange) {
      SmallVector<Value> sums;
      if (gradient)
        sums.assign(taps, getZeros(width));
      sums = buildImage(image, channel, width, active, pixels, factors, sums);
      // The sums of the images are added one by one: shorter chains of
      // additions than through all pixels at once.
      for (auto [tap, sum] : llvm::enumerate(sums)) {
        Value index = add(channel, tap * g.channels);
        Value total = arith::AddFOp::create(
            b, load(gradient, index, sumWidth, active), fold(sum, pixels));
        store(gradient, index, total, active);
      }
      return SmallVector<Value>();
    });
  }

  SmallVector<Value> buildImage(Value image, Value channel, int64_t width,
                                int64_t active, int64_t pixels,
                                ArrayRef<Value> factors,
                                SmallVector<Value> sums) {
    int64_t ownHeight = forward ? g.outHeight : g.height;
    int64_t otherHeight = forward ? g.height : g.outHeight;
    int64_t ownPitch = (forward ? g.outWidth : g.width) * g.channels;
    int64_t otherPitch = (forward ? g.width : g.outWidth) * g.channels;
    Value ownImage = add(scale(image, ownHeight * ownPitch), channel);
    Value otherImage = add(scale(image, otherHeight * otherPitch), channel);
    for (const Segment &row : plane.rows)
      sums = loop(row.begin, row.end, 1, sums, [&](Value y, ValueRange inner) {
        Value ownRow = add(arith::AddIOp::create(
                               b, ownImage, scale(y, row.ownScale * ownPitch)),
                           row.ownOffset * ownPitch);
        Value otherRow = add(otherImage, scale(y, row.otherScale * otherPitch));
        SmallVector<Value> carried(inner);
        for (const Segment &column : plane.columns)
          carried = buildColumns(row, column, ownRow, otherRow, otherPitch,
                                 width, active, pixels, factors, carried);
        return carried;
      });
    return sums;
  }

  SmallVector<Value> buildColumns(const Segment &row, const Segment &column,
                                  Value ownRow, Value otherRow,
                                  int64_t otherPitch, int64_t width,
                                  int64_t active, int64_t pixels,
                                  ArrayRef<Value> factors,
                                  SmallVector<Value> sums) {
    // Lanes that take part in a vector of so many pixels.
    auto compute = [&](Value x, ValueRange carried, int64_t lanesInUse) {
      SmallVector<Value> next(carried);
      Value ownIndex = add(add(ownRow, scale(x, column.ownScale * g.channels)),
                           column.ownOffset * g.channels);
      Value otherColumn = arith::AddIOp::create(
          b, otherRow, scale(x, column.otherScale * g.channels));
      Value total = result ? getZeros(width) : Value();
      Value ownPixels =
          gradient ? load(own, ownIndex, width, lanesInUse) : Value();
      for (const Tap &ky : row.taps)
        for (const Tap &kx : column.taps) {
          int64_t tap = ky.tap * g.kernelWidth + kx.tap;
          Value pixel = load(
              other,
              add(otherColumn, ky.offset * otherPitch + kx.offset * g.channels),
              width, lanesInUse);
          if (result)
            total = multiplyAdd(factors[tap], pixel, total);
          if (gradient)
            next[tap] = multiplyAdd(ownPixels, pixel, next[tap]);
        }
      if (result)
        store(result, ownIndex, total, lanesInUse);
      return next;
    };
    if (!result && (row.taps.empty() || column.taps.empty()))
      return sums;
    int64_t count = column.end - column.begin;
    int64_t whole = column.begin + count / pixels * pixels;
    int64_t all = pixels * active;
    sums = loop(
        column.begin, whole, pixels, sums,
        [&](Value x, ValueRange carried) { return compute(x, carried, all); });
    if (whole != column.end)
      sums = compute(constant(whole), sums, (column.end - whole) * active);
    return sums;
  }

  /// `times` copies of a vector one after the other, and their sum.
  Value repeat(Value value, int64_t times) {
    if (times == 1)
      return value;
    int64_t width = cast<VectorType>(value.getType()).getDimSize(0);
    SmallVector<int64_t> lanes;
    for (int64_t lane = 0; lane < width * times; ++lane)
      lanes.push_back(lane % width);
    return vector::ShuffleOp::create(b, value, value, lanes);
  }
  Value fold(Value value, int64_t times) {
    int64_t width = cast<VectorType>(value.getType()).getDimSize(0) / times;
    Value sum;
    for (int64_t part = 0; part < times; ++part) {
      Value slice = times == 1
                        ? value
                        : vector::ExtractStridedSliceOp::create(
                              b, value, ArrayRef<int64_t>{part * width},
                              ArrayRef<int64_t>{width}, ArrayRef<int64_t>{1})
                              .getResult();
      sum = sum ? arith::AddFOp::create(b, sum, slice).getResult() : slice;
    }
    return sum;
  }

  const ContractionGeometry &g;
  WindowPlane plane;
  bool forward, accumulate = false;
  int64_t lanes;
  /// One-dimensional buffers.
  Value other, weights, result, own, gradient;
};
} // namespace

bool mlir::qat::hasDepthwiseLoops(const ContractionGeometry &geometry) {
  // As large as the loops of a 5 x 5 kernel with all its borders.
  constexpr int64_t mostTaps = 1000;
  return geometry.depthwise && geometry.channels == geometry.outChannels &&
         WindowPlane(geometry, true).countTaps() <= mostTaps &&
         WindowPlane(geometry, false).countTaps() <= mostTaps;
}

void mlir::qat::buildDepthwiseForward(ImplicitLocOpBuilder &b,
                                      const ContractionGeometry &geometry,
                                      Value x, Value w, Value y,
                                      int64_t lanes) {
  DepthwiseLoops(b, geometry, /*forward=*/true, lanes)
      .build(x, w, y, Value(), Value());
}

void mlir::qat::buildDepthwiseGradients(ImplicitLocOpBuilder &b,
                                        const ContractionGeometry &geometry,
                                        Value x, Value w, Value dy, Value dx,
                                        Value dw, bool accumulate,
                                        int64_t lanes) {
  DepthwiseLoops(b, geometry, /*forward=*/false, lanes)
      .build(dy, w, dx, x, dw, accumulate);
}
