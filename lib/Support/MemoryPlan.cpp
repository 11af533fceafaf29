//===- MemoryPlan.cpp - buffers with lifetimes in one arena ---------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/MemoryPlan.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <limits>
#include <numeric>

using namespace mlir::qat;
using llvm::ArrayRef;
using llvm::SmallVector;

int64_t mlir::qat::peakOfLiveBytes(ArrayRef<BufferLifetime> buffers) {
  // The sum only grows where a buffer begins to live.
  int64_t peak = 0;
  for (const BufferLifetime &at : buffers) {
    int64_t live = 0;
    for (const BufferLifetime &buffer : buffers)
      if (buffer.first <= at.first && at.first <= buffer.last)
        live += buffer.size;
    peak = std::max(peak, live);
  }
  return peak;
}

namespace {
enum class Fit { Lowest, Best };
using Order = SmallVector<unsigned>;

/// Places buffers in a given order; keeps who conflicts with whom.
class Placer {
public:
  explicit Placer(ArrayRef<BufferLifetime> buffers)
      : buffers(buffers), conflicts(buffers.size()) {
    for (unsigned i = 0; i < buffers.size(); ++i)
      for (unsigned j = 0; j < buffers.size(); ++j)
        if (i != j && buffers[i].first <= buffers[j].last &&
            buffers[j].first <= buffers[i].last)
          conflicts[i].push_back(j);
  }

  /// Gives up (an empty plan of size `limit`) where `limit` is reached.
  MemoryPlan place(ArrayRef<unsigned> order, Fit fit, int64_t limit) const {
    MemoryPlan plan;
    plan.offsets.assign(buffers.size(), -1);
    SmallVector<std::pair<int64_t, int64_t>> taken; // [begin, end)
    for (unsigned index : order) {
      taken.clear();
      for (unsigned other : conflicts[index])
        if (plan.offsets[other] >= 0 && buffers[other].size > 0)
          taken.push_back(
              {plan.offsets[other], plan.offsets[other] + buffers[other].size});
      llvm::sort(taken);
      int64_t offset = findGap(buffers[index], taken, fit);
      plan.offsets[index] = offset;
      plan.size = std::max(plan.size, offset + buffers[index].size);
      if (plan.size >= limit)
        return {{}, limit};
    }
    return plan;
  }

  /// Pairs of buffers that live at the same time, each counted twice.
  size_t countConflicts() const {
    size_t count = 0;
    for (const SmallVector<unsigned> &own : conflicts)
      count += own.size();
    return count;
  }

private:
  static int64_t findGap(const BufferLifetime &buffer,
                         ArrayRef<std::pair<int64_t, int64_t>> taken, Fit fit) {
    int64_t begin = 0, best = -1;
    int64_t bestWaste = std::numeric_limits<int64_t>::max();
    for (auto [takenBegin, takenEnd] : taken) {
      int64_t offset = llvm::alignTo(begin, buffer.alignment);
      int64_t waste = takenBegin - offset - buffer.size;
      if (waste >= 0) {
        if (fit == Fit::Lowest)
          return offset;
        if (waste < bestWaste) {
          best = offset;
          bestWaste = waste;
        }
      }
      begin = std::max(begin, takenEnd);
    }
    return best >= 0 ? best : llvm::alignTo(begin, buffer.alignment);
  }

  ArrayRef<BufferLifetime> buffers;
  SmallVector<SmallVector<unsigned>> conflicts;
};

/// A fixed sequence of pseudo-random numbers: the same plan on every machine.
class Sequence {
public:
  unsigned below(unsigned bound) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<unsigned>((state >> 33) % bound);
  }

private:
  uint64_t state = 1;
};

/// The search: the best plan so far and the order that gave it.
class Search {
public:
  explicit Search(ArrayRef<BufferLifetime> buffers)
      : buffers(buffers), placer(buffers), peak(peakOfLiveBytes(buffers)) {
    best.size = std::numeric_limits<int64_t>::max();
  }

  MemoryPlan run() {
    tryHeuristics();
    if (best.size > peak && buffers.size() <= 7)
      tryAllOrders();
    else if (best.size > peak)
      improve();
    return std::move(best);
  }

private:
  /// Returns whether the order is a new best.
  bool attempt(ArrayRef<unsigned> order, Fit fit) {
    MemoryPlan plan = placer.place(order, fit, best.size);
    if (plan.size >= best.size)
      return false;
    best = std::move(plan);
    bestOrder.assign(order.begin(), order.end());
    return true;
  }

  Order sequence() const {
    Order order(buffers.size());
    std::iota(order.begin(), order.end(), 0);
    return order;
  }

  /// Puts the buffers with the largest key first; equals keep their order.
  template <typename KeyFn> void tryOrder(KeyFn key) {
    Order order = sequence();
    llvm::sort(order, [&](unsigned lhs, unsigned rhs) {
      return std::pair(key(buffers[lhs]), rhs) >
             std::pair(key(buffers[rhs]), lhs);
    });
    attempt(order, Fit::Lowest);
    attempt(order, Fit::Best);
  }

  void tryHeuristics() {
    auto duration = [](const BufferLifetime &buffer) {
      return buffer.last - buffer.first + 1;
    };
    using Key = std::pair<int64_t, int64_t>;
    tryOrder([&](auto &b) { return Key(b.size, duration(b)); });
    tryOrder([&](auto &b) { return Key(duration(b), b.size); });
    tryOrder([&](auto &b) { return Key(b.size * duration(b), b.size); });
    tryOrder([&](auto &b) { return Key(-b.first, b.size); });
    tryOrder([&](auto &b) { return Key(b.last, b.size); });
    // What lives at the most crowded step decides: those first.
    int64_t crowded = 0, most = -1;
    for (const BufferLifetime &at : buffers) {
      int64_t live = 0;
      for (const BufferLifetime &b : buffers)
        if (b.first <= at.first && at.first <= b.last)
          live += b.size;
      if (live > most) {
        most = live;
        crowded = at.first;
      }
    }
    tryOrder([&](auto &b) {
      return Key(b.first <= crowded && crowded <= b.last, b.size);
    });
    // Outwards from that step: as if the arena grew in both directions of time.
    tryOrder([&](auto &b) {
      int64_t distance =
          std::max<int64_t>({b.first - crowded, crowded - b.last, 0});
      return Key(-distance, b.size);
    });
  }

  void tryAllOrders() {
    Order order = sequence();
    do {
      attempt(order, Fit::Lowest);
    } while (best.size > peak &&
             std::next_permutation(order.begin(), order.end()));
  }

  /// Moves one buffer to another place in the best order, over and over.
  void improve() {
    unsigned count = buffers.size();
    // Bounds the work: a placement looks at every conflict.
    unsigned moves = std::min(20000u, 4000000u / (count * 8));
    moves = std::min<size_t>(moves, 20000000u / (placer.countConflicts() + 1));
    Sequence random;
    for (unsigned move = 0; move < moves && best.size > peak; ++move) {
      Order order = bestOrder;
      // One move in three is a pair of moves, to leave local optima.
      for (unsigned i = 0, e = move % 3 == 2 ? 2 : 1; i < e; ++i) {
        unsigned from = random.below(count), to = random.below(count);
        unsigned buffer = order[from];
        order.erase(order.begin() + from);
        order.insert(order.begin() + to, buffer);
      }
      attempt(order, Fit::Lowest);
    }
  }

  ArrayRef<BufferLifetime> buffers;
  Placer placer;
  int64_t peak;
  MemoryPlan best;
  Order bestOrder;
};
} // namespace

MemoryPlan mlir::qat::planMemory(ArrayRef<BufferLifetime> buffers) {
  if (buffers.empty())
    return {};
  return Search(buffers).run();
}
