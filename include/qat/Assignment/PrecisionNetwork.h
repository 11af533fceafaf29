//===- PrecisionNetwork.h - what the assignment knows of a network -*- C++ -*-//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A network as the memory-driven assignment of bits sees it: numbers of
// elements, and which tensors are live when. No IR in here.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_ASSIGNMENT_PRECISIONNETWORK_H
#define QAT_ASSIGNMENT_PRECISIONNETWORK_H

#include "qat/Support/WeightQuantizers.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mlir::qat {

/// What is assigned bits, and what that costs.
struct PrecisionNetwork {
  /// One width of activations: that of a layer's output and of what pools,
  /// pads and reshapes make of it.
  struct Grid {
    /// The layer that makes it.
    std::string name;
    /// Where it starts, 2 to 8.
    unsigned bits = 8;
    /// The network's input and its results are never cut; nor is what the
    /// per-layer configuration gives.
    bool mayBeCut = true;
    /// Whether it could be if the configuration did not give it.
    bool mayBeCutUnpinned = true;
    /// Given by the per-layer configuration.
    bool isPinned = false;
    /// Whether an `a_bits` could be given: not for the input and the logits.
    bool takesBits = true;
  };
  struct Tensor {
    /// The layer or pool that makes it.
    std::string name;
    int64_t elements = 0;
    /// Which of `grids`.
    unsigned grid = 0;
  };
  struct Weights {
    /// Of the weight tensor; biases are extra bytes.
    int64_t elements = 0;
    /// Output channels.
    int64_t channels = 0;
    /// Whether the layer gives the logits, which have no requantization to a
    /// grid.
    bool isLast = false;
    /// From the per-layer configuration.
    std::optional<unsigned> pinnedBits;
    std::optional<WeightScheme> pinnedScheme;
    std::optional<FoldType> pinnedFold;
  };
  /// A layer whose memory is charged, in order of execution: with weights, an
  /// add, a concat, or another one that brings its input to a grid of its own.
  struct Step {
    std::string name;
    /// What it reads, of `tensors`.
    llvm::SmallVector<unsigned, 2> inputs;
    unsigned output = 0;
    /// Every tensor that is live while it runs, its inputs and its output
    /// included, each once.
    llvm::SmallVector<unsigned> live;
    std::optional<Weights> weights;
  };

  std::vector<Grid> grids;
  std::vector<Tensor> tensors;
  std::vector<Step> steps;

  /// The grid of the output of step `index`.
  unsigned outputGrid(size_t index) const {
    return tensors[steps[index].output].grid;
  }
};

/// One layer of a chain: elements of its input (behind a pool, if there is
/// one), its output and its weights, and its output channels.
struct ChainLayer {
  int64_t input = 0, output = 0, weights = 0, channels = 0;
};

/// The network of the reference: each layer reads the one before. Layers are
/// called by their index; `layers` is not empty.
PrecisionNetwork makeChain(llvm::ArrayRef<ChainLayer> layers);

/// The bits that a value of `bits` bits (2 to 8) takes in memory (Spec.md,
/// section 7): 3 bits lie in fields of 4, 5 to 7 in bytes.
constexpr unsigned storageBits(unsigned bits) {
  return bits <= 2 ? 2 : bits <= 4 ? 4 : 8;
}

} // namespace mlir::qat

#endif // QAT_ASSIGNMENT_PRECISIONNETWORK_H
