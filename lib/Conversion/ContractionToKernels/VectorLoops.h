//===- VectorLoops.h - loops over flat buffers by vectors -------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CONVERSION_CONTRACTIONTOKERNELS_VECTORLOOPS_H
#define QAT_LIB_CONVERSION_CONTRACTIONTOKERNELS_VECTORLOOPS_H

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::qat {

/// Writes loops whose memory accesses are vectors of f32 in buffers of one
/// dimension.
class VectorLoops {
public:
  explicit VectorLoops(ImplicitLocOpBuilder &b) : b(b) {}

protected:
  /// Gives the values that the next turn takes.
  using Body =
      function_ref<SmallVector<Value>(Value index, ValueRange carried)>;

  Value constant(int64_t value);
  Value add(Value left, int64_t right);
  Value scale(Value left, int64_t right);
  Value add(Value left, Value right);

  /// The elements of a dense buffer in one dimension, wherever they begin.
  Value flatten(Value buffer);

  /// A loop that carries values; one turn needs none.
  SmallVector<Value> loop(int64_t begin, int64_t end, int64_t step,
                          ValueRange carried, Body body);

  /// The vectors that cover `count` channels, by `lanes` and a narrower last
  /// one: `body` gets the first channel, the width of the vector and how many
  /// of its lanes are channels.
  void loopOverChannels(int64_t count, int64_t lanes,
                        function_ref<void(Value, int64_t, int64_t)> body);

  VectorType getVector(int64_t width);
  Value getZeros(int64_t width);
  /// The first `active` lanes of a vector; the others are 0, and not stored.
  Value load(Value buffer, Value index, int64_t width, int64_t active);
  void store(Value buffer, Value index, Value value, int64_t active);
  /// The same with lanes that lie `stride` elements apart.
  Value gather(Value buffer, Value index, int64_t stride, int64_t width,
               int64_t active);
  void scatter(Value buffer, Value index, int64_t stride, Value value,
               int64_t active);
  /// An element in all lanes.
  Value splat(Value buffer, Value index, int64_t width);
  /// left * right + sum, rounded once.
  Value multiplyAdd(Value left, Value right, Value sum);

  ImplicitLocOpBuilder &b;

private:
  Value getMask(int64_t width, int64_t active);
  Value getSteps(int64_t stride, int64_t width);
};

} // namespace mlir::qat

#endif // QAT_LIB_CONVERSION_CONTRACTIONTOKERNELS_VECTORLOOPS_H
