//===- ResultsToArguments.cpp - results in the caller's memory --*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Execution/Passes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATRESULTSTOARGUMENTS
#include "qat/Execution/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;

namespace {
struct ResultsToArguments
    : qat::impl::QatResultsToArgumentsBase<ResultsToArguments> {
  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal() || main.getNumResults() == 0)
      return;
    auto exit = dyn_cast<func::ReturnOp>(main.getBody().front().back());
    if (!exit || !main.getBody().hasOneBlock()) {
      main.emitError("only functions of one block can be run on the host");
      return signalPassFailure();
    }
    OpBuilder b(exit);
    for (OpOperand &operand : exit->getOpOperands()) {
      unsigned index = main.getNumArguments();
      Value result = operand.get();
      if (!isa<MemRefType>(result.getType())) {
        main.emitError("result ")
            << operand.getOperandNumber() << " is not a tensor";
        return signalPassFailure();
      }
      if (failed(main.insertArgument(
              index, result.getType(),
              main.getResultAttrDict(operand.getOperandNumber()),
              result.getLoc())))
        return signalPassFailure();
      Value argument = main.getArgument(index);
      auto alloc = result.getDefiningOp<memref::AllocOp>();
      // A second result of the same buffer meets the first one's argument.
      if (alloc && alloc->getBlock() == exit->getBlock()) {
        alloc.replaceAllUsesWith(argument);
        alloc.erase();
      } else {
        memref::CopyOp::create(b, result.getLoc(), result, argument);
      }
    }
    exit->setOperands({});
    BitVector all(main.getNumResults(), true);
    if (failed(main.eraseResults(all)))
      signalPassFailure();
  }
};
} // namespace
