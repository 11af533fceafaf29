//===- FuzzOnnx.cpp - ONNX models -----------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FuzzedNetwork.h"

#include "qat/Target/Onnx/ImportOnnx.h"

#include "llvm/ADT/StringRef.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef bytes(reinterpret_cast<const char *>(data), size);
  llvm::Expected<mlir::OwningOpRef<mlir::ModuleOp>> module =
      mlir::qat::importOnnx(llvm::MemoryBufferRef(bytes, "model.onnx"),
                            &qatfuzz::freshContext());
  if (!module)
    llvm::consumeError(module.takeError());
  else
    qatfuzz::compileNetwork(**module);
  return 0;
}
