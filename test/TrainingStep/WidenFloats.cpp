//===- WidenFloats.cpp - a training step in double precision --------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WidenFloats.h"

#include "qat/InitAll.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;
using namespace mlir::qat;

static LogicalResult lower(ModuleOp module) {
  registerAllPasses();
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  if (failed(parsePassPipeline("qat-step-tensor-pipeline{loops=true}", manager,
                               llvm::errs())))
    return failure();
  return manager.run(module);
}

static double widen(const llvm::APFloat &value) {
  return value.convertToDouble();
}

LogicalResult mlir::qat::widenFloats(ModuleOp module) {
  if (failed(lower(module)))
    return failure();
  WalkResult walked = module.walk([](arith::BitcastOp op) {
    op.emitError("uses the bits of a number, which differ in double precision");
    return WalkResult::interrupt();
  });
  if (walked.wasInterrupted())
    return failure();

  Type f64 = Float64Type::get(module.getContext());
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](Type type) -> std::optional<Type> {
    return type.isF32() ? std::optional<Type>(f64) : std::nullopt;
  });
  // Their values would be read with the wrong width: before their types.
  replacer.addReplacement(
      [&](FloatAttr attribute)
          -> std::optional<std::pair<Attribute, WalkResult>> {
        if (!attribute.getType().isF32())
          return std::nullopt;
        return std::pair<Attribute, WalkResult>(
            FloatAttr::get(f64, widen(attribute.getValue())),
            WalkResult::skip());
      });
  replacer.addReplacement(
      [&](DenseFPElementsAttr attribute)
          -> std::optional<std::pair<Attribute, WalkResult>> {
        if (!attribute.getElementType().isF32())
          return std::nullopt;
        return std::pair<Attribute, WalkResult>(
            attribute.mapValues(
                f64,
                [](const llvm::APFloat &value) {
                  return llvm::APFloat(widen(value)).bitcastToAPInt();
                }),
            WalkResult::skip());
      });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
  module.walk([](Operation *op) {
    if (!isa<arith::ExtFOp, arith::TruncFOp>(op) ||
        op->getOperand(0).getType() != op->getResult(0).getType())
      return;
    op->getResult(0).replaceAllUsesWith(op->getOperand(0));
    op->erase();
  });
  return success();
}
