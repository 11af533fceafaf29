//===- FuzzMlir.cpp - networks as MLIR text or bytecode -------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FuzzedNetwork.h"

#include "SourceText.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"

#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringRef.h"

#include <string>

using namespace mlir;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // MLIR's lexer needs the zero behind the text.
  std::string text(reinterpret_cast<const char *>(data), size);
  llvm::StringRef bytes = text;
  // The reader of bytecode is upstream's, and reads past hostile bytes; the
  // command guards against it (CrashGuard.h).
  if (bytes.starts_with("ML\xefR"))
    return -1;
  if (llvm::Error error = qat::checkSourceText("x.mlir", bytes)) {
    llvm::consumeError(std::move(error));
    return -1;
  }
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(bytes, &qatfuzz::freshContext());
  if (module && succeeded(qat::verifyResources(*module)))
    qatfuzz::compileNetwork(*module);
  return 0;
}
