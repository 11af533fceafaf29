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

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::qat;

namespace {
/// A tap and the index in the other image, less that which all taps share.
struct Tap {
  int64_t tap, offset;
};

/// Positions from `begin` to `end` of one dimension that see the same taps. At
/// position p the own index is p * ownScale + ownOffset, the other one
/// p * otherScale + the tap's offset.
struct Segment {
  int64_t begin = 0, end = 0;
  int64_t ownScale = 1, ownOffset = 0, otherScale = 1;
  SmallVector<Tap> taps;
};
using Segments = SmallVector<Segment>;
} // namespace

/// Adds a position to the segments: to the last one where its taps are
/// the same.
static void addPosition(Segments &segments, const Segment &found) {
  auto isSame = [](const Segment &a, const Segment &b) {
    return a.end == b.begin && a.ownScale == b.ownScale &&
           a.ownOffset == b.ownOffset &&
           llvm::equal(a.taps, b.taps, [](const Tap &s, const Tap &t) {
             return s.tap == t.tap && s.offset == t.offset;
           });
  };
  if (!segments.empty() && isSame(segments.back(), found))
    segments.back().end = found.end;
  else
    segments.push_back(found);
}

/// The segments of the output positions.
static Segments getForwardSegments(int64_t in, int64_t out, int64_t taps,
                                   int64_t stride, int64_t dilation,
                                   int64_t pad) {
  Segments segments;
  for (int64_t position = 0; position < out; ++position) {
    Segment segment = {position, position + 1, 1, 0, stride, {}};
    for (int64_t tap = 0; tap < taps; ++tap) {
      int64_t offset = tap * dilation - pad;
      int64_t index = position * stride + offset;
      if (index >= 0 && index < in)
        segment.taps.push_back({tap, offset});
    }
    addPosition(segments, segment);
  }
  return segments;
}

/// The segments of the input positions, those of each residue modulo the
/// stride on their own: they see different taps.
static Segments getGradientSegments(int64_t in, int64_t out, int64_t taps,
                                    int64_t stride, int64_t dilation,
                                    int64_t pad) {
  Segments segments;
  for (int64_t residue = 0; residue < std::min(stride, in); ++residue)
    for (int64_t position = 0; residue + position * stride < in; ++position) {
      Segment segment = {position, position + 1, stride, residue, 1, {}};
      for (int64_t tap = 0; tap < taps; ++tap) {
        int64_t distance = residue + pad - tap * dilation;
        if (distance % stride != 0)
          continue;
        int64_t offset = distance / stride, index = position + offset;
        if (index >= 0 && index < out)
          segment.taps.push_back({tap, offset});
      }
      addPosition(segments, segment);
    }
  return segments;
}

namespace {
struct Plane {
  Segments rows, columns;

  Plane(const ContractionGeometry &g, bool forward) {
    auto find = forward ? getForwardSegments : getGradientSegments;
    rows = find(g.height, g.outHeight, g.kernelHeight, g.strideHeight,
                g.dilationHeight, g.padTop);
    columns = find(g.width, g.outWidth, g.kernelWidth, g.strideWidth,
                   g.dilationWidth, g.padLeft);
  }

  /// The taps that the loops write out.
  int64_t countTaps() const {
    int64_t inRows = 0, inColumns = 0;
    for (const Segment &row : rows)
      inRows += row.taps.size() + 1;
    for (const Segment &column : columns)
      inColumns += column.taps.size() + 1;
    return inRows * inColumns;
  }
};

/// One contraction, or the two of a gradient, as loops.
class DepthwiseLoops {
public:
  DepthwiseLoops(ImplicitLocOpBuilder &b, const ContractionGeometry &g,
                 bool forward, int64_t lanes)
      : b(b), g(g), plane(g, forward), forward(forward), lanes(lanes) {}

  /// Any of them may be null but `other`: result = sum of weights * other,
  /// gradient = sum of own * other.
  void build(Value other, Value weights, Value result, Value own,
             Value gradient) {
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
    int64_t whole = channels / lanes * lanes, rest = channels - whole;
    if (whole)
      loop(0, whole, lanes, {}, [&](Value channel, ValueRange) {
        buildChannels(channel, lanes, lanes, 1);
        return SmallVector<Value>();
      });
    if (rest)
      buildChannels(constant(whole), llvm::PowerOf2Ceil(rest), rest, 1);
  }

private:
  using Body = function_ref<SmallVector<Value>(Value, ValueRange)>;

  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value add(Value left, int64_t right) {
    return right == 0
               ? left
               : arith::AddIOp::create(b, left, constant(right)).getResult();
  }
  Value scale(Value left, int64_t right) {
    return right == 1
               ? left
               : arith::MulIOp::create(b, left, constant(right)).getResult();
  }

  /// The elements of a dense buffer in one dimension, wherever they begin.
  Value flatten(Value buffer) {
    auto type = cast<MemRefType>(buffer.getType());
    auto metadata = memref::ExtractStridedMetadataOp::create(b, buffer);
    auto flat = MemRefType::get(
        {type.getNumElements()}, type.getElementType(),
        StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic, {1}),
        type.getMemorySpace());
    return memref::ReinterpretCastOp::create(
        b, flat, metadata.getBaseBuffer(), OpFoldResult(metadata.getOffset()),
        ArrayRef<OpFoldResult>{b.getIndexAttr(type.getNumElements())},
        ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
  }

  /// A loop that carries values; one turn needs none.
  SmallVector<Value> loop(int64_t begin, int64_t end, int64_t step,
                          ValueRange carried, Body body) {
    if (begin >= end)
      return carried;
    if (begin + step >= end)
      return body(constant(begin), carried);
    auto op = scf::ForOp::create(b, constant(begin), constant(end),
                                 constant(step), carried);
    OpBuilder::InsertionGuard guard(b);
    // Without carried values the builder has made the terminator.
    if (carried.empty())
      b.setInsertionPoint(op.getBody()->getTerminator());
    else
      b.setInsertionPointToStart(op.getBody());
    SmallVector<Value> yielded =
        body(op.getInductionVar(), op.getRegionIterArgs());
    if (!carried.empty())
      scf::YieldOp::create(b, yielded);
    return op.getResults();
  }

  VectorType getVector(int64_t width) {
    return VectorType::get({width}, b.getF32Type());
  }
  Value getMask(int64_t width, int64_t active) {
    return vector::ConstantMaskOp::create(
        b, VectorType::get({width}, b.getI1Type()), ArrayRef<int64_t>{active});
  }
  Value getZeros(int64_t width) {
    return arith::ConstantOp::create(b, b.getZeroAttr(getVector(width)));
  }
  Value load(Value buffer, Value index, int64_t width, int64_t active) {
    if (active == width)
      return vector::LoadOp::create(b, getVector(width), buffer, index);
    return vector::MaskedLoadOp::create(b, getVector(width), buffer, index,
                                        getMask(width, active),
                                        getZeros(width));
  }
  void store(Value buffer, Value index, Value value, int64_t active) {
    int64_t width = cast<VectorType>(value.getType()).getDimSize(0);
    if (active == width)
      vector::StoreOp::create(b, value, buffer, index);
    else
      vector::MaskedStoreOp::create(b, buffer, index, getMask(width, active),
                                    value);
  }

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
    if (gradient)
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
    Value ownImage =
        arith::AddIOp::create(b, scale(image, ownHeight * ownPitch), channel);
    Value otherImage = arith::AddIOp::create(
        b, scale(image, otherHeight * otherPitch), channel);
    for (const Segment &row : plane.rows)
      sums = loop(row.begin, row.end, 1, sums, [&](Value y, ValueRange inner) {
        Value ownRow = add(arith::AddIOp::create(
                               b, ownImage, scale(y, row.ownScale * ownPitch)),
                           row.ownOffset * ownPitch);
        Value otherRow = arith::AddIOp::create(
            b, otherImage, scale(y, row.otherScale * otherPitch));
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
      Value ownIndex =
          add(arith::AddIOp::create(b, ownRow,
                                    scale(x, column.ownScale * g.channels)),
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
            total = vector::FMAOp::create(b, factors[tap], pixel, total);
          if (gradient)
            next[tap] = vector::FMAOp::create(b, ownPixels, pixel, next[tap]);
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

  ImplicitLocOpBuilder &b;
  const ContractionGeometry &g;
  Plane plane;
  bool forward;
  int64_t lanes;
  /// One-dimensional buffers.
  Value other, weights, result, own, gradient;
};
} // namespace

bool mlir::qat::hasDepthwiseLoops(const ContractionGeometry &geometry) {
  // As large as the loops of a 5 x 5 kernel with all its borders.
  constexpr int64_t mostTaps = 1000;
  return geometry.depthwise && geometry.channels == geometry.outChannels &&
         Plane(geometry, true).countTaps() <= mostTaps &&
         Plane(geometry, false).countTaps() <= mostTaps;
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
                                        Value dw, int64_t lanes) {
  DepthwiseLoops(b, geometry, /*forward=*/false, lanes).build(dy, w, dx, x, dw);
}
