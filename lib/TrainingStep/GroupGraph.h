//===- GroupGraph.h - which ops of a step are computed together -*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TRAININGSTEP_GROUPGRAPH_H
#define QAT_LIB_TRAININGSTEP_GROUPGRAPH_H

#include "BatchAnalysis.h"

#include <vector>

namespace mlir::qat {

/// Divides the ops that are computed once (Root, Partial, Outer) into groups
/// whose dependences have no cycle.
class GroupGraph {
public:
  GroupGraph(func::FuncOp function, const BatchAnalysis &analysis);

  /// The groups in an order that keeps every dependence; the ops of each in the
  /// order of the function.
  const std::vector<llvm::SmallVector<Operation *>> &getGroups() const {
    return groups;
  }

private:
  struct Edge {
    unsigned to;
    bool sameTile; ///< a tile of the consumer needs that of the producer alone
  };

  void collectEdges(unsigned reader, Operation *op, bool tile,
                    llvm::DenseSet<Operation *> &seen);
  unsigned leaderOf(unsigned node);
  bool isOuter(unsigned node) const {
    return analysis.classOf(ops[node]) == OpClass::Outer;
  }
  bool hasHeavy(unsigned leader);
  bool reaches(unsigned from, unsigned to);
  bool canMerge(unsigned a, unsigned b);
  void merge(unsigned a, unsigned b);
  bool tryMerge(unsigned a, unsigned b);
  void pairGradients();
  void formEpilogues();
  void formPrologues();
  void joinOuter();
  llvm::SmallVector<unsigned> sortLeaders();

  const BatchAnalysis &analysis;
  std::vector<Operation *> ops;
  llvm::DenseMap<Operation *, unsigned> index;
  std::vector<llvm::SmallVector<Edge>> readers; ///< of each op
  std::vector<llvm::SmallVector<Edge>> sources; ///< of each op
  std::vector<unsigned> parent;
  std::vector<llvm::SmallVector<unsigned>> members; ///< of each leader
  std::vector<llvm::SmallVector<Operation *>> groups;
};

} // namespace mlir::qat

#endif // QAT_LIB_TRAININGSTEP_GROUPGRAPH_H
