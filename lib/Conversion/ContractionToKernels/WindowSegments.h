//===- WindowSegments.h - where which taps see the image --------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CONVERSION_CONTRACTIONTOKERNELS_WINDOWSEGMENTS_H
#define QAT_LIB_CONVERSION_CONTRACTIONTOKERNELS_WINDOWSEGMENTS_H

#include "qat/Dialect/Qat/IR/ContractionGeometry.h"

#include "llvm/ADT/SmallVector.h"

namespace mlir::qat {

/// Loops that write out a convolution's taps run over the pixels of one image,
/// the "own" one, and gather from the other. A tap and the index in the other
/// image, less that which all taps share.
struct Tap {
  int64_t tap, offset;
};

/// Positions from `begin` to `end` of one dimension that see the same taps. At
/// position p the own index is p * ownScale + ownOffset, the other one
/// p * otherScale + the tap's offset.
struct Segment {
  int64_t begin = 0, end = 0;
  int64_t ownScale = 1, ownOffset = 0, otherScale = 1;
  llvm::SmallVector<Tap> taps;
};
using Segments = llvm::SmallVector<Segment>;

/// The segments of the rows and of the columns.
struct WindowPlane {
  Segments rows, columns;

  /// Over the output's pixels (`forward`), or over the input's.
  WindowPlane(const ContractionGeometry &geometry, bool forward);

  /// The taps that loops over all pairs of segments write out.
  int64_t countTaps() const;
};

} // namespace mlir::qat

#endif // QAT_LIB_CONVERSION_CONTRACTIONTOKERNELS_WINDOWSEGMENTS_H
