//===- ImportTflite.cpp - TensorFlow Lite models as TOSA ------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Target/Tflite/ImportTflite.h"

#include "RunConverter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

Expected<OwningOpRef<ModuleOp>> qat::convertTflite(StringRef path,
                                                   MLIRContext *context) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> model = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!model)
    return createStringError("cannot read '" + path +
                             "': " + model.getError().message());
  Expected<std::unique_ptr<MemoryBuffer>> converted = runConverter(path);
  if (!converted)
    return converted.takeError();
  context->loadDialect<func::FuncDialect, tosa::TosaDialect>();
  SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(*converted), SMLoc());
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, context);
  if (!module)
    return createStringError("'" + path +
                             "': cannot read what tosa-converter-for-tflite "
                             "wrote; its version may be too new");
  StringRef bytes = (*model)->getBuffer();
  DictionaryAttr grids =
      readTfliteGrids(ArrayRef<char>(bytes.data(), bytes.size()), context);
  if (!grids.empty())
    (*module)->setAttr("qat.grids", grids);
  (*module)->setAttr("qat.source",
                     StringAttr::get(context, sys::path::filename(path)));
  return module;
}
