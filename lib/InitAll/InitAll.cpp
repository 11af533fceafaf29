//===- InitAll.cpp - what the tools register ------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/InitAll.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Transforms/Passes.h"

#include "qat/Calibration/Passes.h"
#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Dialect/Qat/IR/TosaDerivatives.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Differentiation/Passes.h"
#include "qat/Execution/HostPipeline.h"
#include "qat/Execution/Passes.h"
#include "qat/Pipelines/Pipelines.h"
#include "qat/Target/C/Passes.h"
#include "qat/TrainingStep/Passes.h"

void mlir::qat::registerAllDialects(DialectRegistry &registry) {
  registry.insert<arith::ArithDialect, func::FuncDialect, memref::MemRefDialect,
                  ml_program::MLProgramDialect, quant::QuantDialect,
                  tensor::TensorDialect, tosa::TosaDialect, QatDialect>();
  registerHostDialects(registry);
  registerTosaDerivatives(registry);
}

void mlir::qat::registerAllPasses() {
  registerTransformsPasses(); // canonicalize, cse and their like
  bufferization::registerOneShotBufferizePass();
  registerQatTransformsPasses();
  registerPipelines();
  registerQatCalibrationPasses();
  registerQatConversionPasses();
  registerQatDifferentiationPasses();
  registerQatExecutionPasses();
  registerHostPipelines();
  registerQatTargetCPasses();
  registerQatTrainingStepPasses();
  registerStepPipelines();
  registerCPipeline();
}
