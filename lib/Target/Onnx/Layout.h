//===- Layout.h - the order in which memory holds a tensor -------*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_ONNX_LAYOUT_H
#define QAT_LIB_TARGET_ONNX_LAYOUT_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace mlir::qat::onnx {

/// The dimensions of a tensor in the model's order: 0, 1, 2, ...
SmallVector<unsigned> modelOrder(size_t rank);
/// The same with dimension 1, the channels, last.
SmallVector<unsigned> channelsLastOrder(size_t rank);

/// The order in which a tensor of the function holds the elements of a tensor
/// of the model. A model's dimension is a product of factors; memory holds the
/// factors of all dimensions in an order of its own. Transposing or reshaping
/// the model's tensor then changes the layout alone, and no element moves: an
/// image NxCxHxW that lies as N,H,W,C and is flattened to NxK has K = C*H*W
/// in the factors C, H, W, and memory holds H, W, C.
class Layout {
public:
  Layout() = default;

  /// Of a tensor of `shape` whose dimensions memory holds in the order `dims`,
  /// outermost first.
  static Layout permuted(ArrayRef<int64_t> shape, ArrayRef<unsigned> dims);
  static Layout rowMajor(ArrayRef<int64_t> shape);
  /// NxC..., with the channels last: images, signals and matrices.
  static Layout channelsLast(ArrayRef<int64_t> shape);

  /// After a transpose whose dimension `i` is dimension `permutation[i]` here.
  Layout transposed(ArrayRef<int64_t> permutation) const;
  /// After a reshape to `shape`; nothing where a factor would have to be cut in
  /// a place that does not divide it.
  std::optional<Layout> reshaped(ArrayRef<int64_t> shape) const;

  /// With another size of dimension `dim`, which is last in memory and now in
  /// the model's order.
  Layout withLast(unsigned dim, int64_t size) const;

  /// Whether memory holds the dimensions from `first` on innermost, in whatever
  /// order.
  bool isInnermost(unsigned first) const;
  /// Whether memory holds dimension `dim` innermost. Then `elements`, if given,
  /// are its indices in the order of memory.
  bool isLast(unsigned dim, int64_t size,
              std::vector<int64_t> *elements = nullptr) const;

  /// How to get the order `dims` from this one: a reshape to `sizes`, then a
  /// transpose by `permutation`. Both have a leading dimension of 1.
  void getTranspose(ArrayRef<unsigned> dims, SmallVectorImpl<int64_t> &sizes,
                    SmallVectorImpl<int32_t> &permutation) const;

  bool operator==(const Layout &other) const;
  bool operator!=(const Layout &other) const { return !(*this == other); }

private:
  struct Factor {
    int64_t size;
    unsigned dim;
    bool operator==(const Factor &other) const {
      return size == other.size && dim == other.dim;
    }
  };

  /// Joins factors of a dimension that lie next to each other.
  void join();

  /// In the model's order, without factors of 1.
  SmallVector<Factor> factors;
  /// Indices of `factors`, in the order of memory.
  SmallVector<unsigned> order;
};

} // namespace mlir::qat::onnx

#endif // QAT_LIB_TARGET_ONNX_LAYOUT_H
