//===- Pipeline.cpp - the order of the passes to form C -------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Target/C/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;
using namespace mlir::qat;

void mlir::qat::buildCPipeline(OpPassManager &manager,
                               const CPipelineOptions &options) {
  manager.addPass(createQatNameBuffers({options.network}));
  manager.addPass(createConvertQatToKernels({options.target}));
  manager.addPass(createQatPackWeights());
  manager.addPass(createQatPlanMemory());
}

void mlir::qat::registerCPipeline() {
  PassPipelineRegistration<CPipelineOptions>(
      "qat-c-pipeline", "Lower integer layers to form C, ready to be printed",
      buildCPipeline);
}
