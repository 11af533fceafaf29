//===- OutlineLoops.cpp - a function for every loop nest --------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Execution/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATOUTLINELOOPS
#include "qat/Execution/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;

/// Ops that are repeated inside the outlined function instead of passing their
/// results: constants, and views of buffers (with the operands of those).
static bool isRepeated(Operation *op) {
  return op &&
         (op->hasTrait<OpTrait::ConstantLike>() ||
          isa<memref::GetGlobalOp, ViewLikeOpInterface>(op)) &&
         op->getNumRegions() == 0 && op->getNumResults() == 1;
}

namespace {
struct OutlineLoops : qat::impl::QatOutlineLoopsBase<OutlineLoops> {
  /// Adds the ops to repeat for `value` in order, and what to pass.
  static void collect(Value value, SetVector<Operation *> &repeated,
                      SetVector<Value> &passed) {
    Operation *op = value.getDefiningOp();
    if (!isRepeated(op)) {
      passed.insert(value);
      return;
    }
    if (repeated.contains(op))
      return;
    for (Value operand : op->getOperands())
      collect(operand, repeated, passed);
    repeated.insert(op);
  }

  void outline(scf::ForOp loop, StringRef name, SymbolTable &symbols) {
    SetVector<Value> captured(loop->operand_begin(), loop->operand_end());
    getUsedValuesDefinedAbove(loop.getRegion(), captured);
    SetVector<Operation *> repeated;
    SetVector<Value> passed;
    for (Value value : captured)
      collect(value, repeated, passed);

    Location loc = loop.getLoc();
    OpBuilder b(&getContext());
    SmallVector<Type> types;
    for (Value value : passed)
      types.push_back(value.getType());
    auto function =
        func::FuncOp::create(b, loc, name, b.getFunctionType(types, {}));
    function.setPrivate();
    function->setAttr("llvm.linkage",
                      LLVM::LinkageAttr::get(&getContext(),
                                             LLVM::linkage::Linkage::Internal));
    symbols.insert(function);
    Block *body = function.addEntryBlock();
    IRMapping mapping;
    for (auto [value, argument] : llvm::zip_equal(passed, body->getArguments()))
      mapping.map(value, argument);
    for (unsigned index = 0; index < types.size(); ++index)
      if (isa<MemRefType>(types[index]))
        function.setArgAttr(index, "llvm.noalias", b.getUnitAttr());

    b.setInsertionPoint(loop);
    func::CallOp::create(b, loc, function, passed.getArrayRef());
    b.setInsertionPointToEnd(body);
    for (Operation *op : repeated)
      b.clone(*op, mapping);
    loop->remove();
    b.insert(loop);
    func::ReturnOp::create(b, loc);
    loop->walk([&](Operation *nested) {
      for (OpOperand &operand : nested->getOpOperands())
        if (Value inside = mapping.lookupOrNull(operand.get()))
          operand.set(inside);
    });
  }

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions) {
      if (function.isExternal())
        continue;
      SmallVector<scf::ForOp> loops;
      for (Block &block : function.getBody())
        for (scf::ForOp loop : block.getOps<scf::ForOp>())
          if (loop.getNumResults() == 0)
            loops.push_back(loop);
      for (auto [index, loop] : llvm::enumerate(loops))
        outline(loop, (function.getName() + "_loops_" + Twine(index)).str(),
                symbols);
    }
  }
};
} // namespace
