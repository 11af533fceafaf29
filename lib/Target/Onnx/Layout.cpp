//===- Layout.cpp - the order in which memory holds a tensor ------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Layout.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

#include <algorithm>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat::onnx;

SmallVector<unsigned> qat::onnx::modelOrder(size_t rank) {
  return llvm::to_vector(llvm::seq<unsigned>(rank));
}

SmallVector<unsigned> qat::onnx::channelsLastOrder(size_t rank) {
  SmallVector<unsigned> dims = modelOrder(rank);
  if (rank > 2)
    std::rotate(dims.begin() + 1, dims.begin() + 2, dims.end());
  return dims;
}

Layout Layout::permuted(ArrayRef<int64_t> shape, ArrayRef<unsigned> dims) {
  Layout layout;
  SmallVector<unsigned> factorOf(shape.size());
  for (auto [dim, size] : llvm::enumerate(shape)) {
    factorOf[dim] = layout.factors.size();
    if (size != 1)
      layout.factors.push_back({size, static_cast<unsigned>(dim)});
  }
  for (unsigned dim : dims)
    if (shape[dim] != 1)
      layout.order.push_back(factorOf[dim]);
  return layout;
}

Layout Layout::rowMajor(ArrayRef<int64_t> shape) {
  return permuted(shape, modelOrder(shape.size()));
}

Layout Layout::channelsLast(ArrayRef<int64_t> shape) {
  return permuted(shape, channelsLastOrder(shape.size()));
}

bool Layout::operator==(const Layout &other) const {
  return factors == other.factors && order == other.order;
}

void Layout::join() {
  // The factor that each one is joined to.
  SmallVector<unsigned> target = modelOrder(factors.size());
  SmallVector<unsigned> kept;
  for (unsigned factor : order) {
    if (!kept.empty()) {
      // The last factor of the run that `kept.back()` starts is factor - 1
      // where both are neighbours in the model too.
      unsigned head = kept.back();
      if (factor > 0 && target[factor - 1] == head &&
          factors[factor].dim == factors[head].dim) {
        target[factor] = head;
        continue;
      }
    }
    kept.push_back(factor);
  }
  SmallVector<Factor> joined;
  SmallVector<unsigned> indexOf(factors.size());
  for (auto [index, factor] : llvm::enumerate(factors)) {
    if (target[index] == index) {
      indexOf[index] = joined.size();
      joined.push_back(factor);
    } else {
      // A run is contiguous in the model, so its head is the last one here.
      joined.back().size *= factor.size;
    }
  }
  for (unsigned &factor : kept)
    factor = indexOf[factor];
  factors = std::move(joined);
  order = std::move(kept);
}

Layout Layout::transposed(ArrayRef<int64_t> permutation) const {
  Layout result;
  SmallVector<unsigned> indexOf(factors.size());
  for (auto [dim, source] : llvm::enumerate(permutation))
    for (auto [index, factor] : llvm::enumerate(factors))
      if (factor.dim == source) {
        indexOf[index] = result.factors.size();
        result.factors.push_back({factor.size, static_cast<unsigned>(dim)});
      }
  for (unsigned factor : order)
    result.order.push_back(indexOf[factor]);
  return result;
}

std::optional<Layout> Layout::reshaped(ArrayRef<int64_t> shape) const {
  Layout result;
  // The pieces that each factor is cut into: first index and number.
  SmallVector<std::pair<unsigned, unsigned>> pieces;
  size_t dim = 0;
  int64_t room = shape.empty() ? 1 : shape[0];
  for (const Factor &factor : factors) {
    unsigned first = result.factors.size();
    for (int64_t rest = factor.size; rest != 1;) {
      while (room == 1 && dim + 1 < shape.size())
        room = shape[++dim];
      int64_t piece = room % rest == 0 ? rest : room;
      if (room == 1 || rest % piece != 0)
        return std::nullopt;
      result.factors.push_back({piece, static_cast<unsigned>(dim)});
      rest /= piece;
      room /= piece;
    }
    pieces.emplace_back(first, result.factors.size() - first);
  }
  for (unsigned factor : order)
    for (unsigned i = 0; i < pieces[factor].second; ++i)
      result.order.push_back(pieces[factor].first + i);
  result.join();
  return result;
}

Layout Layout::withLast(unsigned dim, int64_t size) const {
  Layout result;
  SmallVector<unsigned> indexOf(factors.size());
  std::optional<unsigned> last;
  for (auto [index, factor] : llvm::enumerate(factors)) {
    if (factor.dim > dim && !last) {
      last = result.factors.size();
      result.factors.push_back({size, dim});
    }
    indexOf[index] = result.factors.size();
    if (factor.dim != dim)
      result.factors.push_back(factor);
  }
  if (!last) {
    last = result.factors.size();
    result.factors.push_back({size, dim});
  }
  for (unsigned factor : order)
    if (factors[factor].dim != dim)
      result.order.push_back(indexOf[factor]);
  if (size == 1)
    result.factors.erase(result.factors.begin() + *last);
  for (unsigned &factor : result.order)
    factor -= size == 1 && factor > *last ? 1 : 0;
  if (size != 1)
    result.order.push_back(*last);
  return result;
}

bool Layout::isInnermost(unsigned first) const {
  bool isInside = false;
  for (unsigned factor : order) {
    if (isInside && factors[factor].dim < first)
      return false;
    isInside |= factors[factor].dim >= first;
  }
  return true;
}

bool Layout::isLast(unsigned dim, int64_t size,
                    std::vector<int64_t> *elements) const {
  bool isInside = false;
  for (unsigned factor : order) {
    if (isInside && factors[factor].dim != dim)
      return false;
    isInside |= factors[factor].dim == dim;
  }
  if (!elements)
    return true;
  // What one step of each factor of the dimension is worth.
  SmallVector<int64_t> step(factors.size(), 0);
  int64_t product = 1;
  for (size_t i = factors.size(); i-- > 0;)
    if (factors[i].dim == dim) {
      step[i] = product;
      product *= factors[i].size;
    }
  elements->assign(1, 0);
  elements->reserve(size);
  for (unsigned factor : order) {
    if (factors[factor].dim != dim)
      continue;
    std::vector<int64_t> next;
    next.reserve(elements->size() * factors[factor].size);
    for (int64_t base : *elements)
      for (int64_t i = 0; i < factors[factor].size; ++i)
        next.push_back(base + i * step[factor]);
    *elements = std::move(next);
  }
  return true;
}

void Layout::getTranspose(ArrayRef<unsigned> dims,
                          SmallVectorImpl<int64_t> &sizes,
                          SmallVectorImpl<int32_t> &permutation) const {
  sizes.assign(1, 1);
  SmallVector<int32_t> positionOf(factors.size());
  for (auto [position, factor] : llvm::enumerate(order)) {
    positionOf[factor] = static_cast<int32_t>(position + 1);
    sizes.push_back(factors[factor].size);
  }
  permutation.assign(1, 0);
  for (unsigned dim : dims)
    for (auto [index, factor] : llvm::enumerate(factors))
      if (factor.dim == dim)
        permutation.push_back(positionOf[index]);
}
