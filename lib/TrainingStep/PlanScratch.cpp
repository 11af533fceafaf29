//===- PlanScratch.cpp - the temporaries of a group -----------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/MemoryPlan.h"
#include "qat/TrainingStep/Passes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATPLANSCRATCH
#include "qat/TrainingStep/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;

/// The last op of the block of `alloc` that uses it or a view of it.
static Operation *getLastUser(memref::AllocOp alloc) {
  Block *block = alloc->getBlock();
  Operation *last = alloc;
  SmallVector<Value> views = {alloc.getResult()};
  while (!views.empty()) {
    Value view = views.pop_back_val();
    for (Operation *user : view.getUsers()) {
      if (isa<ViewLikeOpInterface>(user))
        views.append(user->result_begin(), user->result_end());
      Operation *inBlock = block->findAncestorOpInBlock(*user);
      if (last->isBeforeInBlock(inBlock))
        last = inBlock;
    }
  }
  return last;
}

namespace {
struct PlanScratch : qat::impl::QatPlanScratchBase<PlanScratch> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal() || !function.getBody().hasOneBlock() ||
        function->hasAttr("qat.launches"))
      return;
    Block &body = function.getBody().front();
    llvm::DenseMap<Operation *, int64_t> order;
    for (auto [index, op] : llvm::enumerate(body))
      order[&op] = index;
    SmallVector<memref::AllocOp> allocs;
    SmallVector<qat::BufferLifetime> lifetimes;
    WalkResult walked = function.walk([&](memref::AllocOp alloc) {
      MemRefType type = alloc.getType();
      if (alloc->getBlock() != &body || !type.hasStaticShape() ||
          !type.getLayout().isIdentity()) {
        alloc.emitError("a temporary of a training step must be of static "
                        "size and outside of loops");
        return WalkResult::interrupt();
      }
      int64_t bytes =
          type.getNumElements() * ((type.getElementTypeBitWidth() + 7) / 8);
      allocs.push_back(alloc);
      lifetimes.push_back({bytes, 64, order[alloc], order[getLastUser(alloc)]});
      return WalkResult::advance();
    });
    if (walked.wasInterrupted())
      return signalPassFailure();
    qat::MemoryPlan plan = qat::planMemory(lifetimes);
    for (memref::AllocOp alloc : allocs) {
      unsigned index = function.getNumArguments();
      if (failed(function.insertArgument(index, alloc.getType(), {},
                                         alloc.getLoc())))
        return signalPassFailure();
      alloc.replaceAllUsesWith(function.getArgument(index));
      alloc.erase();
    }
    Builder b(&getContext());
    function->setAttr("qat.scratch", b.getDenseI64ArrayAttr(plan.offsets));
    function->setAttr("qat.scratch_bytes", b.getI64IntegerAttr(plan.size));
  }
};
} // namespace
