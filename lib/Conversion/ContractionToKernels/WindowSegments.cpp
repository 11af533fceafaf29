//===- WindowSegments.cpp - where which taps see the image ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WindowSegments.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace mlir::qat;

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

WindowPlane::WindowPlane(const ContractionGeometry &g, bool forward) {
  auto find = forward ? getForwardSegments : getGradientSegments;
  rows = find(g.height, g.outHeight, g.kernelHeight, g.strideHeight,
              g.dilationHeight, g.padTop);
  columns = find(g.width, g.outWidth, g.kernelWidth, g.strideWidth,
                 g.dilationWidth, g.padLeft);
}

int64_t WindowPlane::countTaps() const {
  int64_t inRows = 0, inColumns = 0;
  for (const Segment &row : rows)
    inRows += row.taps.size() + 1;
  for (const Segment &column : columns)
    inColumns += column.taps.size() + 1;
  return inRows * inColumns;
}
