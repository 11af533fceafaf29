//===- ImportOnnx.cpp - from an ONNX model to form F ----------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Target/Onnx/ImportOnnx.h"

#include "GraphImporter.h"

#include "qat/Dialect/Qat/IR/ParameterValues.h"
#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

Expected<OwningOpRef<ModuleOp>>
qat::importOnnx(MemoryBufferRef buffer, MLIRContext *context,
                const OnnxImportOptions &options) {
  context->loadDialect<func::FuncDialect, ml_program::MLProgramDialect,
                       tosa::TosaDialect, QatDialect>();
  StringRef file = sys::path::filename(buffer.getBufferIdentifier());
  auto inFile = [&](Error error) {
    return createStringError(file + ": " + toString(std::move(error)));
  };
  // Weights may lie beside the model.
  std::optional<std::string> folder;
  if (sys::fs::is_regular_file(buffer.getBufferIdentifier()))
    folder = sys::path::parent_path(buffer.getBufferIdentifier()).str();
  Expected<onnx::Model> model = onnx::readModel(buffer, folder);
  if (!model)
    return inFile(model.takeError());
  Expected<OwningOpRef<ModuleOp>> module =
      onnx::GraphImporter(*model, context, options).run();
  if (!module)
    return inFile(module.takeError());
  for (auto check : {checkTensorSizes, checkParameterValues})
    if (Error error = check(**module))
      return inFile(std::move(error));
  (**module)->setAttr("qat.source", StringAttr::get(context, file));
  return module;
}

void qat::registerOnnxTranslation() {
  static TranslateToMLIRRegistration registration(
      "import-onnx", "import an ONNX model as form F",
      [](SourceMgr &sources, MLIRContext *context) -> OwningOpRef<ModuleOp> {
        const MemoryBuffer *buffer =
            sources.getMemoryBuffer(sources.getMainFileID());
        Expected<OwningOpRef<ModuleOp>> module =
            importOnnx(buffer->getMemBufferRef(), context);
        if (!module) {
          emitError(UnknownLoc::get(context)) << toString(module.takeError());
          return {};
        }
        return std::move(*module);
      },
      [](DialectRegistry &registry) {
        registry.insert<func::FuncDialect, ml_program::MLProgramDialect,
                        tosa::TosaDialect, QatDialect>();
      });
}
