//===- Pipelines.cpp - the orders of passes ---------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Pipelines/Pipelines.h"

#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::qat;

void qat::buildIntegerPipeline(OpPassManager &manager, unsigned biasBits) {
  manager.addPass(createQatBindParameters());
  manager.addPass(createQatFoldBatchNorm());
  QatFreezeRangesOptions freeze;
  freeze.biasBits = biasBits;
  manager.addPass(createQatFreezeRanges(freeze));
  manager.addPass(createQatCheckAccumulators());
}

namespace {
struct IntegerPipelineOptions : PassPipelineOptions<IntegerPipelineOptions> {
  Option<unsigned> biasBits{
      *this, "bias-bits",
      llvm::cl::desc("Bits to which integer biases saturate, 8 to 32"),
      llvm::cl::init(32)};
};
} // namespace

void qat::registerPipelines() {
  PassPipelineRegistration<IntegerPipelineOptions>(
      "qat-integer-pipeline", "From form Q to the integer network of form I",
      [](OpPassManager &manager, const IntegerPipelineOptions &options) {
        buildIntegerPipeline(manager, options.biasBits);
      });
}
