//===- StepPipeline.cpp - from form T to the functions of its groups ------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StepPipeline.h"

#include "qat/Conversion/Passes.h"
#include "qat/Execution/HostPipeline.h"
#include "qat/Execution/Passes.h"
#include "qat/TrainingKernels/TrainingKernels.h"
#include "qat/TrainingStep/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Conversion/TosaToLinalg/TosaToLinalg.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Dialect/Tosa/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void mlir::qat::buildStepTensorPipeline(OpPassManager &manager,
                                        bool useLibrary) {
  manager.addPass(createQatRaiseConvolutions());
  if (useLibrary && hasByteProducts())
    manager.addPass(createQatUseByteContractions());
  OpPassManager &tosa = manager.nest<func::FuncOp>();
  tosa.addPass(tosa::createTosaMakeBroadcastablePass());
  tosa.addPass(tosa::createTosaToLinalgNamed());
  tosa.addPass(tosa::createTosaToLinalg());
  tosa.addPass(createTosaToArithPass());
  tosa.addPass(createTosaToTensorPass());
  manager.addPass(createConvertQatToLinalg());
  if (!useLibrary)
    manager.addPass(createConvertContractionsToLinalg());
  OpPassManager &loops = manager.nest<func::FuncOp>();
  loops.addPass(createQatLayoutConvolutions());
  loops.addPass(createCanonicalizerPass());
  loops.addPass(createCSEPass());
}

void mlir::qat::buildStepGroupsPipeline(OpPassManager &manager) {
  OpPassManager &groups = manager.nest<func::FuncOp>();
  groups.addPass(createQatFormGroups());
  groups.addPass(createQatFuseGroupBodies());
  groups.addPass(createCanonicalizerPass());
  groups.addPass(createCSEPass());
  manager.addPass(createQatOutlineGroups());
}

void mlir::qat::buildStepBuffersPipeline(OpPassManager &manager,
                                         bool useLibrary) {
  manager.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  manager.addPass(bufferization::createOneShotBufferizePass(bufferize));
  OpPassManager &buffers = manager.nest<func::FuncOp>();
  buffers.addPass(createCanonicalizerPass());
  buffers.addPass(createCSEPass());
  buffers.addPass(createQatPlanScratch());
  buffers.addPass(createQatCopiesToLoops());
  if (useLibrary)
    manager.addPass(createConvertContractionsToKernels());
  OpPassManager &loops = manager.nest<func::FuncOp>();
  loops.addPass(createQatVectorizeSums());
  loops.addPass(createConvertLinalgToLoopsPass());
  manager.addPass(createQatOutlineLoops());
}

void mlir::qat::buildStepLLVMPipeline(OpPassManager &manager) {
  // Of the loops that are written in vectors.
  manager.addPass(createConvertVectorToLLVMPass());
  buildHostLLVMPipeline(manager);
}

namespace {
struct StepPipelineOptions : PassPipelineOptions<StepPipelineOptions> {
  Option<bool> loops{*this, "loops",
                     llvm::cl::desc("Compiled loops only, no library")};
};
} // namespace

void mlir::qat::registerStepPipelines() {
  PassPipelineRegistration<StepPipelineOptions>(
      "qat-step-tensor-pipeline",
      "Lower a training step (form T) to linalg and contractions on tensors",
      [](OpPassManager &manager, const StepPipelineOptions &options) {
        buildStepTensorPipeline(manager, !options.loops);
      });
  PassPipelineRegistration<StepPipelineOptions>(
      "qat-step-pipeline",
      "Lower a training step (form T) to loops over buffers, a function for "
      "every group, and the table of what to call",
      [](OpPassManager &manager, const StepPipelineOptions &options) {
        buildStepTensorPipeline(manager, !options.loops);
        buildStepGroupsPipeline(manager);
        buildStepBuffersPipeline(manager, !options.loops);
      });
}
