//===- ModelInput.cpp - models of every format ----------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModelInput.h"

#include "qat/Dialect/Qat/IR/PreprocessingAttr.h"
#include "qat/Support/CrashGuard.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

static Expected<OwningOpRef<ModuleOp>>
readIR(CommandLine &line, StringRef path, const OnnxImportOptions &options) {
  if (!options.shape.empty())
    return createStringError("--shape serves .onnx models; '" + path +
                             "' has its shapes already");
  Expected<OwningOpRef<ModuleOp>> module = line.readModule(path);
  if (!module || !options.preprocessing)
    return module;
  auto main = (**module).lookupSymbol<func::FuncOp>("main");
  auto type = main && main.getNumArguments()
                  ? dyn_cast<RankedTensorType>(main.getArgumentTypes().front())
                  : RankedTensorType();
  if (!type || type.getRank() == 0)
    return createStringError("'" + path +
                             "' has no function 'main' that takes "
                             "a tensor");
  if (Error error = options.preprocessing->verify(type.getShape().back()))
    return std::move(error);
  (**module)->setAttr(
      kPreprocessingAttrName,
      preprocessingToAttr(&line.context(), *options.preprocessing));
  return module;
}

Expected<OwningOpRef<ModuleOp>>
qat::readModel(CommandLine &line, StringRef path,
               const OnnxImportOptions &options) {
  StringRef extension = sys::path::extension(path);
  if (extension.equals_insensitive(".tflite"))
    return createStringError("'" + path + "': run `tosa-converter-for-tflite " +
                             path +
                             " --text -o model.mlir` and import model.mlir");
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
