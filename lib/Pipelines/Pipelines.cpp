//===- Pipelines.cpp - the orders of passes ---------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Pipelines/Pipelines.h"

#include "qat/Conversion/Passes.h"
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

void qat::buildFakePipeline(OpPassManager &manager, unsigned biasBits) {
  manager.addPass(createQatBindParameters());
  manager.addPass(createQatFoldBatchNorm());
  QatFreezeFakeQuantizationOptions freeze;
  freeze.biasBits = biasBits;
  manager.addPass(createQatFreezeFakeQuantization(freeze));
}

void qat::buildTosaImportPipeline(OpPassManager &manager, bool isInteger) {
  manager.addPass(createQatNormalizeTosa());
  if (isInteger)
    manager.addPass(createConvertTosaToQat());
  manager.addPass(createCanonicalizerPass());
  if (isInteger) {
    manager.addPass(createCSEPass());
    manager.addPass(createQatCheckAccumulators());
  }
  manager.addPass(createQatNameLayers());
}

namespace {
struct TosaImportPipelineOptions
    : PassPipelineOptions<TosaImportPipelineOptions> {
  Option<bool> isInteger{*this, "integer",
                         llvm::cl::desc("The network is one of 8-bit integers"),
                         llvm::cl::init(false)};
};

struct IntegerPipelineOptions : PassPipelineOptions<IntegerPipelineOptions> {
  Option<unsigned> biasBits{
      *this, "bias-bits",
      llvm::cl::desc("Bits to which integer biases saturate, 2 to 32; 0 "
                     "leaves it to the module"),
      llvm::cl::init(0)};
};
} // namespace

void qat::registerPipelines() {
  PassPipelineRegistration<IntegerPipelineOptions>(
      "qat-integer-pipeline", "From form Q to the integer network of form I",
      [](OpPassManager &manager, const IntegerPipelineOptions &options) {
        buildIntegerPipeline(manager, options.biasBits);
      });
  PassPipelineRegistration<IntegerPipelineOptions>(
      "qat-fake-pipeline",
      "From form Q to the fake-quantized graph of the frozen network",
      [](OpPassManager &manager, const IntegerPipelineOptions &options) {
        buildFakePipeline(manager, options.biasBits);
      });
  PassPipelineRegistration<TosaImportPipelineOptions>(
      "qat-import-tosa-pipeline",
      "From TOSA as converters write it to form F or I",
      [](OpPassManager &manager, const TosaImportPipelineOptions &options) {
        buildTosaImportPipeline(manager, options.isInteger);
      });
}
