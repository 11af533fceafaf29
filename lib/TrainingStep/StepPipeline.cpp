//===- StepPipeline.cpp - from form T to loops ----------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StepPipeline.h"

#include "qat/Conversion/Passes.h"
#include "qat/Execution/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Conversion/TosaToLinalg/TosaToLinalg.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/Pipelines/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Dialect/Tosa/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void mlir::qat::buildStepLoopsPipeline(OpPassManager &manager) {
  // To linalg on tensors.
  OpPassManager &tosa = manager.nest<func::FuncOp>();
  tosa.addPass(tosa::createTosaMakeBroadcastablePass());
  tosa.addPass(tosa::createTosaToLinalgNamed());
  tosa.addPass(tosa::createTosaToLinalg());
  tosa.addPass(createTosaToArithPass());
  tosa.addPass(createTosaToTensorPass());
  manager.addPass(createConvertQatToLinalg());
  manager.addPass(createConvertContractionsToLinalg());

  OpPassManager &loops = manager.nest<func::FuncOp>();
  loops.addPass(createQatLayoutConvolutions());
  loops.addPass(createCanonicalizerPass());
  loops.addPass(createCSEPass());
  loops.addPass(createQatFuseElementwise());
  loops.addPass(createCanonicalizerPass());

  // To buffers.
  manager.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  bufferize.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  manager.addPass(bufferization::createOneShotBufferizePass(bufferize));
  manager.addPass(createCanonicalizerPass());
  bufferization::buildBufferDeallocationPipeline(manager);
  OpPassManager &buffers = manager.nest<func::FuncOp>();
  buffers.addPass(bufferization::createOptimizeAllocationLivenessPass());
  buffers.addPass(createQatCopiesToLoops());
  buffers.addPass(createConvertLinalgToLoopsPass());
  manager.addPass(createQatOutlineLoops());
}
