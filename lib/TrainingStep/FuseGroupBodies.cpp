//===- FuseGroupBodies.cpp - few loops of the ops of a group --------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BatchAnalysis.h"

#include "qat/TrainingStep/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATFUSEGROUPBODIES
#include "qat/TrainingStep/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

/// Whether the values of `op` come from its inputs alone: upstream's fusion
/// takes what the initial values hold for the values of another operand.
static bool ignoresInits(linalg::GenericOp op) {
  return llvm::all_of(op.getRegionOutputArgs(),
                      [](BlockArgument init) { return init.use_empty(); });
}

/// Loops that write a tensor of more elements than they read of any other
/// (broadcasts) are free; else the producer must run over the same elements.
static bool isWorthFusing(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !consumer || !isElementwiseLoop(producer) ||
      !ignoresInits(producer) || producer->getNumResults() != 1)
    return false;
  auto count = [](linalg::GenericOp op) {
    int64_t result = 1;
    for (int64_t range : op.getStaticLoopRanges())
      result *= range;
    return result;
  };
  return count(producer) == count(consumer) &&
         (producer->hasOneUse() || isa<FusedOp>(producer->getParentOp()));
}

/// The loops of `op` in the order of `other`'s, if both run over the same
/// elements and merging changes nothing.
static bool haveSameLoops(linalg::GenericOp first, linalg::GenericOp second) {
  return first.getStaticLoopRanges() == second.getStaticLoopRanges() &&
         first.getNumLoops() > 0;
}

/// Whether the maps of outputs let both be computed in one nest: a sum over
/// some loops beside elementwise results.
static bool canShareNest(linalg::GenericOp op) {
  if (op.hasIndexSemantics())
    return false;
  return llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) {
    return map.isProjectedPermutation();
  });
}

/// Whether `second` reads, through others, what `first` computes.
static bool dependsOn(Operation *second, Operation *first) {
  llvm::DenseSet<Operation *> seen;
  SmallVector<Operation *> stack = {second};
  while (!stack.empty()) {
    for (Value value : BatchAnalysis::getReads(stack.pop_back_val())) {
      Operation *producer = value.getDefiningOp();
      if (!producer || producer->getBlock() != first->getBlock())
        continue;
      if (producer == first)
        return true;
      if (first->isBeforeInBlock(producer) && seen.insert(producer).second)
        stack.push_back(producer);
    }
  }
  return false;
}

/// One nest, at the place of `second`, that computes both.
static linalg::GenericOp merge(OpBuilder &b, linalg::GenericOp first,
                               linalg::GenericOp second) {
  SmallVector<Value> inputs, inits;
  SmallVector<AffineMap> inputMaps, initMaps;
  SmallVector<Type> results;
  SmallVector<utils::IteratorType> iterators(first.getNumLoops(),
                                             utils::IteratorType::parallel);
  // (op, operand number) -> argument of the new body.
  SmallVector<unsigned> inputOf[2];
  linalg::GenericOp both[] = {first, second};
  for (auto [which, op] : llvm::enumerate(both)) {
    for (OpOperand *operand : op.getDpsInputOperands()) {
      AffineMap map = op.getMatchingIndexingMap(operand);
      unsigned index = 0;
      while (index < inputs.size() &&
             (inputs[index] != operand->get() || inputMaps[index] != map))
        ++index;
      if (index == inputs.size()) {
        inputs.push_back(operand->get());
        inputMaps.push_back(map);
      }
      inputOf[which].push_back(index);
    }
    for (OpOperand &init : op.getDpsInitsMutable()) {
      inits.push_back(init.get());
      initMaps.push_back(op.getMatchingIndexingMap(&init));
    }
    llvm::append_range(results, op->getResultTypes());
    for (auto [index, kind] : llvm::enumerate(op.getIteratorTypesArray()))
      if (kind == utils::IteratorType::reduction)
        iterators[index] = kind;
  }
  SmallVector<AffineMap> maps = inputMaps;
  llvm::append_range(maps, initMaps);
  auto merged = linalg::GenericOp::create(
      b, second.getLoc(), results, inputs, inits, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        SmallVector<Value> yielded;
        unsigned init = inputs.size();
        for (auto [which, op] : llvm::enumerate(both)) {
          IRMapping mapping;
          Block *body = op.getBlock();
          for (auto [operand, index] : llvm::enumerate(inputOf[which]))
            mapping.map(body->getArgument(operand), arguments[index]);
          for (unsigned index = 0; index < op.getNumDpsInits(); ++index)
            mapping.map(body->getArgument(op.getNumDpsInputs() + index),
                        arguments[init++]);
          for (Operation &inside : body->without_terminator())
            nested.clone(inside, mapping);
          for (Value value : body->getTerminator()->getOperands())
            yielded.push_back(mapping.lookupOrDefault(value));
        }
        linalg::YieldOp::create(nested, loc, yielded);
      });
  first->replaceAllUsesWith(
      merged->getResults().take_front(first->getNumResults()));
  second->replaceAllUsesWith(
      merged->getResults().drop_front(first->getNumResults()));
  return merged;
}

/// Whether nothing between `first` and `second` in the block reads `first`.
static bool canMoveDown(Operation *first, Operation *second) {
  for (Operation *user : first->getUsers()) {
    Operation *inBlock = first->getBlock()->findAncestorOpInBlock(*user);
    if (inBlock != second && inBlock->isBeforeInBlock(second))
      return false;
  }
  return true;
}

static void mergeSiblings(Block &block) {
  bool changed = true;
  while (changed) {
    changed = false;
    SmallVector<linalg::GenericOp> loops(block.getOps<linalg::GenericOp>());
    for (unsigned i = 0; i < loops.size() && !changed; ++i)
      for (unsigned j = i + 1; j < loops.size() && !changed; ++j) {
        linalg::GenericOp first = loops[i], second = loops[j];
        if (!haveSameLoops(first, second) || !canShareNest(first) ||
            !canShareNest(second) || dependsOn(second, first))
          continue;
        // Only what reads a tensor in common saves memory traffic.
        bool shares = llvm::any_of(first.getInputs(), [&](Value value) {
          return llvm::is_contained(second.getInputs(), value) &&
                 cast<RankedTensorType>(value.getType()).getRank() ==
                     static_cast<int64_t>(first.getNumLoops());
        });
        if (!shares)
          continue;
        OpBuilder b(second);
        if (!canMoveDown(first, second)) {
          // Or up: all that the second reads comes before the first.
          bool up =
              llvm::all_of(BatchAnalysis::getReads(second), [&](Value value) {
                Operation *producer = value.getDefiningOp();
                return !producer || producer->getBlock() != &block ||
                       producer->isBeforeInBlock(first);
              });
          if (!up)
            continue;
          b.setInsertionPoint(first);
        }
        merge(b, first, second);
        second->erase();
        first->erase();
        changed = true;
      }
  }
}

namespace {
struct FuseGroupBodies : qat::impl::QatFuseGroupBodiesBase<FuseGroupBodies> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, isWorthFusing);
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    for (auto fused : getOperation().getOps<FusedOp>())
      mergeSiblings(fused.getBody().front());
  }
};
} // namespace
