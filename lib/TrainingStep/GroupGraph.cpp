//===- GroupGraph.cpp - which ops of a step are computed together ---------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GroupGraph.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include <algorithm>
#include <queue>

using namespace mlir;
using namespace mlir::qat;

/// An op on whole tensors of this many elements is worth a launch of its own.
static constexpr int64_t largeElements = 16384;

static bool isLarge(Operation *op) {
  auto large = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.hasStaticShape() &&
           tensor.getNumElements() >= largeElements;
  };
  return llvm::any_of(op->getOperandTypes(), large) ||
         llvm::any_of(op->getResultTypes(), large);
}

GroupGraph::GroupGraph(func::FuncOp function, const BatchAnalysis &analysis)
    : analysis(analysis) {
  for (Operation &op : function.getBody().front()) {
    OpClass kind = analysis.classOf(&op);
    if (kind != OpClass::Root && kind != OpClass::Partial &&
        kind != OpClass::Outer)
      continue;
    index[&op] = ops.size();
    ops.push_back(&op);
  }
  readers.resize(ops.size());
  sources.resize(ops.size());
  members.resize(ops.size());
  for (unsigned node = 0; node < ops.size(); ++node) {
    parent.push_back(node);
    members[node].push_back(node);
    llvm::DenseSet<Operation *> seen;
    collectEdges(node, ops[node], !isOuter(node), seen);
  }
  pairGradients();
  formEpilogues();
  formPrologues();
  joinOuter();
  for (unsigned leader : sortLeaders()) {
    SmallVector<unsigned> sorted = members[leader];
    llvm::sort(sorted);
    groups.emplace_back();
    for (unsigned node : sorted)
      groups.back().push_back(ops[node]);
  }
}

/// Adds the edges to `reader` from what `op` reads. `tile`: the reader needs
/// one tile of what it reads of the batch.
void GroupGraph::collectEdges(unsigned reader, Operation *op, bool tile,
                              llvm::DenseSet<Operation *> &seen) {
  for (Value value : BatchAnalysis::getReads(op)) {
    Operation *producer = value.getDefiningOp();
    if (!producer)
      continue;
    OpClass kind = analysis.classOf(producer);
    if (kind == OpClass::Leaf)
      continue;
    if (kind == OpClass::Floating || kind == OpClass::Free) {
      if (seen.insert(producer).second)
        collectEdges(reader, producer, tile, seen);
      continue;
    }
    unsigned source = index.lookup(producer);
    bool sameTile = tile && analysis.isBatched(value);
    readers[source].push_back({reader, sameTile});
    sources[reader].push_back({source, sameTile});
  }
}

unsigned GroupGraph::leaderOf(unsigned node) {
  while (parent[node] != node)
    node = parent[node] = parent[parent[node]];
  return node;
}

bool GroupGraph::hasHeavy(unsigned leader) {
  return llvm::any_of(members[leader], [&](unsigned node) {
    return BatchAnalysis::isHeavy(ops[node]);
  });
}

/// Whether a path of at least one other group leads from `from` to `to`.
bool GroupGraph::reaches(unsigned from, unsigned to) {
  llvm::DenseSet<unsigned> visited = {from};
  SmallVector<unsigned> stack;
  auto visit = [&](unsigned leader, bool first) {
    for (unsigned node : members[leader])
      for (Edge edge : readers[node]) {
        unsigned next = leaderOf(edge.to);
        if (next == to && !first)
          return true;
        if (next != to && visited.insert(next).second)
          stack.push_back(next);
      }
    return false;
  };
  visit(from, true);
  while (!stack.empty())
    if (visit(stack.pop_back_val(), false))
      return true;
  return false;
}

bool GroupGraph::canMerge(unsigned a, unsigned b) {
  auto needsAll = [&](unsigned from, unsigned to) {
    for (unsigned node : members[from])
      for (Edge edge : readers[node])
        if (leaderOf(edge.to) == to && !edge.sameTile)
          return true;
    return false;
  };
  return !needsAll(a, b) && !needsAll(b, a) && !reaches(a, b) && !reaches(b, a);
}

void GroupGraph::merge(unsigned a, unsigned b) {
  parent[b] = a;
  members[a].append(members[b]);
  members[b].clear();
}

bool GroupGraph::tryMerge(unsigned a, unsigned b) {
  if (a == b || !canMerge(a, b))
    return false;
  merge(a, b);
  return true;
}

/// The gradients of input and weights read one upstream gradient.
void GroupGraph::pairGradients() {
  llvm::DenseMap<Value, unsigned> weights;
  for (unsigned node = 0; node < ops.size(); ++node) {
    auto contraction = dyn_cast<ContractionOp>(ops[node]);
    if (contraction && !isOuter(node) &&
        contraction.getKind() == ContractionKind::WeightGradient)
      weights[contraction.getB()] = node;
  }
  for (unsigned node = 0; node < ops.size(); ++node) {
    auto contraction = dyn_cast<ContractionOp>(ops[node]);
    if (!contraction || isOuter(node) ||
        contraction.getKind() != ContractionKind::InputGradient)
      continue;
    auto found = weights.find(contraction.getA());
    if (found != weights.end())
      tryMerge(leaderOf(node), leaderOf(found->second));
  }
}

/// What reads a group's values, and nothing later than it, joins the group.
void GroupGraph::formEpilogues() {
  for (unsigned node = 0; node < ops.size(); ++node) {
    if (isOuter(node) || BatchAnalysis::isHeavy(ops[node]))
      continue;
    SmallVector<unsigned> before;
    for (Edge edge : sources[node])
      if (edge.sameTile)
        before.push_back(edge.to);
    // The latest first: the others are kept for it in any case.
    llvm::sort(before, std::greater<unsigned>());
    for (unsigned source : before)
      if (tryMerge(leaderOf(source), leaderOf(node)))
        break;
  }
}

/// What is left joins a reader.
void GroupGraph::formPrologues() {
  for (unsigned node = ops.size(); node-- > 0;) {
    unsigned leader = leaderOf(node);
    if (isOuter(node) || hasHeavy(leader))
      continue;
    SmallVector<unsigned> after;
    for (Edge edge : readers[node])
      if (edge.sameTile)
        after.push_back(edge.to);
    llvm::sort(after);
    for (unsigned reader : after)
      if (tryMerge(leaderOf(reader), leaderOf(node)))
        break;
  }
}

/// Joins connected ops on small whole tensors that have the same number of
/// other groups before them: nothing can lie between two of them.
void GroupGraph::joinOuter() {
  std::vector<unsigned> depth(ops.size(), 0);
  auto isSmall = [&](unsigned leader) {
    return isOuter(leader) && !isLarge(ops[leader]);
  };
  for (unsigned leader : sortLeaders()) {
    unsigned own = 0;
    for (unsigned node : members[leader])
      for (Edge edge : sources[node]) {
        unsigned source = leaderOf(edge.to);
        if (source != leader)
          own = std::max(own, depth[source] + (isSmall(source) ? 0 : 1));
      }
    depth[leader] = own;
  }
  for (unsigned node = 0; node < ops.size(); ++node) {
    // Leaders of outer ops before this loop are the ops themselves.
    if (!isOuter(node) || isLarge(ops[node]))
      continue;
    for (Edge edge : sources[node])
      if (isOuter(edge.to) && !isLarge(ops[edge.to]) &&
          depth[edge.to] == depth[node] && leaderOf(edge.to) != leaderOf(node))
        merge(leaderOf(edge.to), leaderOf(node));
  }
}

/// The leaders in an order that keeps every dependence: of those that may come
/// next, the one whose first op comes first in the function.
SmallVector<unsigned> GroupGraph::sortLeaders() {
  std::vector<unsigned> missing(ops.size(), 0), first(ops.size(), 0);
  SmallVector<unsigned> result;
  using Item = std::pair<unsigned, unsigned>;
  std::priority_queue<Item, std::vector<Item>, std::greater<Item>> ready;
  for (unsigned leader = 0; leader < ops.size(); ++leader) {
    if (members[leader].empty())
      continue;
    first[leader] = *llvm::min_element(members[leader]);
    for (unsigned node : members[leader])
      for (Edge edge : sources[node])
        missing[leader] += leaderOf(edge.to) != leader;
    if (missing[leader] == 0)
      ready.push({first[leader], leader});
  }
  while (!ready.empty()) {
    unsigned leader = ready.top().second;
    ready.pop();
    result.push_back(leader);
    for (unsigned node : members[leader])
      for (Edge edge : readers[node]) {
        unsigned reader = leaderOf(edge.to);
        if (reader != leader && --missing[reader] == 0)
          ready.push({first[reader], reader});
      }
  }
  return result;
}
