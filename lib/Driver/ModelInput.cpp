//===- ModelInput.cpp - models of every format ----------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModelInput.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/NetworkForm.h"
#include "qat/Dialect/Qat/IR/ParameterValues.h"
#include "qat/Dialect/Qat/IR/PreprocessingAttr.h"
#include "qat/Pipelines/Pipelines.h"
#include "qat/Support/CrashGuard.h"
#include "qat/Target/Tflite/ImportTflite.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

/// Whether the module is TOSA as a converter wrote it: its sizes are open, its
/// tensors integers, or its weights are constants in place of parameters.
static bool isForeignTosa(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    return false;
  auto isForeign = [](mlir::Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && (!tensor.hasStaticShape() ||
                      isa<IntegerType>(tensor.getElementType()));
  };
  if (llvm::any_of(main.getArgumentTypes(), isForeign))
    return true;
  return main
      .walk([](Operation *op) {
        bool isForeign = isa<tosa::Conv2DOp, tosa::DepthwiseConv2DOp>(op) &&
                         op->getOperand(1).getDefiningOp<tosa::ConstOp>();
        return isForeign ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// TOSA as a converter wrote it to form F, or I where its input is 8 bits.
static Error importTosa(CommandLine &line, ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  bool isInteger = false;
  if (main && main.getNumArguments() != 0)
    isInteger =
        getElementTypeOrSelf(main.getArgumentTypes().front()).isInteger(8);
  PassManager manager(&line.context(), ModuleOp::getOperationName());
  buildTosaImportPipeline(manager, isInteger);
  if (failed(manager.run(module)))
    return line.diagnosedError("a pass failed without saying why");
  return Error::success();
}

/// Puts the given preprocessing in the place of the module's own.
static Error setPreprocessing(CommandLine &line, ModuleOp module,
                              StringRef path, const Preprocessing &given) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  auto type = main && main.getNumArguments()
                  ? dyn_cast<RankedTensorType>(main.getArgumentTypes().front())
                  : RankedTensorType();
  if (!type || type.getRank() == 0)
    return createStringError("'" + path +
                             "' has no function 'main' that takes "
                             "a tensor");
  if (Error error = given.verify(type.getShape().back()))
    return error;
  module->setAttr(kPreprocessingAttrName,
                  preprocessingToAttr(&line.context(), given));
  return Error::success();
}

/// IR, or a .tflite model, which becomes IR.
static Expected<OwningOpRef<ModuleOp>>
readIR(CommandLine &line, StringRef path, const OnnxImportOptions &options) {
  if (!options.shape.empty())
    return createStringError("--shape serves .onnx models; '" + path +
                             "' has its shapes already");
  bool isTflite = sys::path::extension(path).equals_insensitive(".tflite");
  Expected<OwningOpRef<ModuleOp>> module =
      isTflite ? convertTflite(path, &line.context()) : line.readModule(path);
  if (!module)
    return module;
  CrashScope scope("importing '" + path + "'");
  if (!(**module).lookupSymbol<func::FuncOp>("main"))
    return createStringError("'" + path + "' holds no network");
  if (isTflite && failed(verifyResources(**module)))
    return line.diagnosedError("'" + path.str() + "' lacks data");
  if (isTflite || isForeignTosa(**module)) {
    // Sizes first: folding computes with what is constant.
    if (Error error = checkTensorSizes(**module))
      return createStringError("'" + path + "': " + toString(std::move(error)));
    if (Error error = importTosa(line, **module))
      return std::move(error);
    if (Error error = checkParameterValues(**module))
      return createStringError("'" + path + "': " + toString(std::move(error)));
    if (!isTflite && getNetworkForm(**module) == NetworkForm::Integer)
      emitRemark((**module).getLoc())
          << "TOSA says no scales: real inputs and outputs are taken in steps "
             "of 1; the .tflite that it was made from has them";
  }
  if (options.preprocessing)
    if (Error error =
            setPreprocessing(line, **module, path, *options.preprocessing))
      return std::move(error);
  return module;
}

Expected<OwningOpRef<ModuleOp>>
qat::readModel(CommandLine &line, StringRef path,
               const OnnxImportOptions &options) {
  StringRef extension = sys::path::extension(path);
  if (!extension.equals_insensitive(".onnx"))
    return readIR(line, path, options);
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + buffer.getError().message());
  CrashScope scope("importing '" + path + "'");
  return importOnnx((*buffer)->getMemBufferRef(), &line.context(), options);
}
