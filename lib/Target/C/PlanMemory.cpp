//===- PlanMemory.cpp - all buffers in one arena --------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Target/C/Passes.h"

#include "qat/Support/MemoryPlan.h"
#include "qat/Target/C/KernelInfo.h"

#include "llvm/ADT/MapVector.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATPLANMEMORY
#include "qat/Target/C/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

namespace {
class PlanMemoryPass : public qat::impl::QatPlanMemoryBase<PlanMemoryPass> {
public:
  using Base::Base;

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal() || !main.getBody().hasOneBlock()) {
      getOperation().emitError("expects a function '@main' of one block");
      return signalPassFailure();
    }
    if (failed(findLifetimes(main)))
      return signalPassFailure();
    shareBuffers(main);

    SmallVector<BufferLifetime> shared;
    DenseMap<Value, unsigned> places;
    for (auto &[buffer, lifetime] : lifetimes)
      if (getOwner(buffer) == buffer) {
        places[buffer] = shared.size();
        shared.push_back(lifetime);
      }
    MemoryPlan plan = planMemory(shared);
    rewrite(main, plan, places);

    Builder builder(&getContext());
    getOperation()->setAttr("qat.arena_bytes",
                            builder.getI64IntegerAttr(plan.size));
    getOperation()->setAttr("qat.peak_bytes",
                            builder.getI64IntegerAttr(peakOfLiveBytes(shared)));
  }

private:
  /// Step i is the i-th kernel call.
  LogicalResult findLifetimes(func::FuncOp main) {
    lifetimes.clear();
    owners.clear();
    int64_t step = 0;
    for (Operation &op : main.getBody().front()) {
      if (auto alloc = dyn_cast<memref::AllocOp>(op)) {
        MemRefType type = alloc.getType();
        if (!type.hasStaticShape() || !type.getElementType().isInteger(8))
          return op.emitError("expects byte buffers of static size, but got ")
                 << type;
        BufferLifetime lifetime;
        lifetime.size = type.getNumElements();
        // Kernels read and write bytes as words where they can.
        lifetime.alignment =
            std::max<int64_t>(4, alloc.getAlignment().value_or(4));
        lifetime.first = -1;
        lifetimes.insert({alloc.getResult(), lifetime});
        continue;
      }
      auto call = dyn_cast<KernelCallOp>(op);
      if (!call)
        continue;
      for (Value buffer : call->getOperands()) {
        auto it = lifetimes.find(buffer);
        if (it == lifetimes.end())
          continue; // the caller's
        if (it->second.first < 0)
          it->second.first = step;
        it->second.last = step;
      }
      ++step;
    }
    return success();
  }

  /// The buffer whose memory `buffer` uses.
  Value getOwner(Value buffer) const {
    while (Value owner = owners.lookup(buffer))
      buffer = owner;
    return buffer;
  }

  /// Whether the output has the elements of an input, and each in its place: a
  /// part of a concat has not, though rounding up to bytes may hide it.
  static bool isOneTensor(KernelCallOp call, size_t input) {
    auto count = [&](size_t index) {
      return cast<ShapedType>(
                 cast<TypeAttr>(call.getTensors()[index]).getValue())
          .getNumElements();
    };
    return count(input) == count(call.getTensors().size() - 1);
  }

  /// Lets a kernel write over an input that dies with it, where it may.
  void shareBuffers(func::FuncOp main) {
    int64_t step = -1;
    for (auto call : main.getBody().front().getOps<KernelCallOp>()) {
      ++step;
      const KernelInfo *kernel = findKernel(call.getKernel());
      auto output = lifetimes.find(call.getOutput());
      if (!kernel || !kernel->family->mayRunInPlace ||
          output == lifetimes.end() || output->second.first != step)
        continue;
      ArrayRef<int32_t> pitches = call.getPitches();
      for (auto [index, input] : llvm::enumerate(call.getInputs())) {
        Storage storage = index == 0 ? kernel->input : kernel->second;
        auto owner = lifetimes.find(getOwner(input));
        if (owner == lifetimes.end() || owner->second.last != step ||
            owner->second.size != output->second.size ||
            !isOneTensor(call, index) || storage != kernel->output ||
            pitches[index] != pitches.back())
          continue;
        owner->second.last = output->second.last;
        owners[call.getOutput()] = owner->first;
        break;
      }
    }
  }

  void rewrite(func::FuncOp main, const MemoryPlan &plan,
               const DenseMap<Value, unsigned> &places) {
    if (lifetimes.empty())
      return;
    Builder attributes(&getContext());
    auto type = MemRefType::get({plan.size}, attributes.getI8Type());
    auto name = attributes.getDictionaryAttr(
        attributes.getNamedAttr("qat.name", attributes.getStringAttr("arena")));
    unsigned index = main.getNumArguments();
    if (failed(main.insertArgument(index, type, name, main.getLoc())))
      return signalPassFailure();
    Value arena = main.getArgument(index);
    for (auto &[buffer, lifetime] : lifetimes) {
      OpBuilder builder(buffer.getDefiningOp());
      Value offset = arith::ConstantIndexOp::create(
          builder, buffer.getLoc(),
          plan.offsets[places.lookup(getOwner(buffer))]);
      auto view = memref::ViewOp::create(builder, buffer.getLoc(),
                                         cast<MemRefType>(buffer.getType()),
                                         arena, offset, ValueRange());
      buffer.replaceAllUsesWith(view);
      buffer.getDefiningOp()->erase();
    }
  }

  /// In the order of the allocations, so that the plan is deterministic.
  llvm::MapVector<Value, BufferLifetime> lifetimes;
  /// Buffers that use the memory of another one.
  DenseMap<Value, Value> owners;
};
} // namespace
