//===- FuzzedNetwork.cpp - IR of a fuzzer through the pipelines -----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FuzzedNetwork.h"

#include "qat/Dialect/Qat/IR/NetworkForm.h"
#include "qat/Dialect/Qat/IR/ParameterValues.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Pipelines/Pipelines.h"
#include "qat/Target/C/Passes.h"
#include "qat/Target/C/TranslateToC.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>

using namespace mlir;
using namespace mlir::qat;

MLIRContext &qatfuzz::freshContext() {
  static std::unique_ptr<MLIRContext> context;
  static unsigned age = 0;
  if (!context || ++age == 500) {
    age = 0;
    DialectRegistry registry;
    registry
        .insert<arith::ArithDialect, func::FuncDialect, memref::MemRefDialect,
                ml_program::MLProgramDialect, quant::QuantDialect,
                tensor::TensorDialect, tosa::TosaDialect, QatDialect>();
    context = std::make_unique<MLIRContext>(registry,
                                            MLIRContext::Threading::DISABLED);
    context->loadAllAvailableDialects();
    context->getDiagEngine().registerHandler(
        [](Diagnostic &) { return success(); });
  }
  return *context;
}

static bool run(ModuleOp module,
                llvm::function_ref<void(OpPassManager &)> build) {
  PassManager manager(module.getContext());
  build(manager);
  return succeeded(manager.run(module));
}

void qatfuzz::compileNetwork(ModuleOp module) {
  if (!module.lookupSymbol("main"))
    return;
  // As the command does.
  for (auto check : {checkTensorSizes, checkParameterValues})
    if (llvm::Error error = check(module))
      return llvm::consumeError(std::move(error));
  NetworkForm form = getNetworkForm(module);
  if (form == NetworkForm::Float) {
    QatInsertQuantizersOptions options;
    options.inputRange = "-1,1";
    if (!run(module, [&](OpPassManager &manager) {
          manager.addPass(createQatInsertQuantizers(options));
        }))
      return;
    form = NetworkForm::FakeQuantized;
  }
  if (form == NetworkForm::FakeQuantized &&
      !run(module,
           [](OpPassManager &manager) { buildIntegerPipeline(manager); }))
    return;
  CPipelineOptions options;
  options.target = "host";
  if (!run(module,
           [&](OpPassManager &manager) { buildCPipeline(manager, options); }))
    return;
  CTextOptions text;
  (void)printCHeader(module, text, llvm::nulls());
  (void)printCSource(module, text, llvm::nulls());
}
