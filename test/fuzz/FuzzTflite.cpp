//===- FuzzTflite.cpp - the scales that a .tflite file states -------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// What of .tflite this project reads itself; the rest is the converter's,
/// which runs in a process of its own.
///
//===----------------------------------------------------------------------===//

#include "qat/Target/Tflite/ImportTflite.h"

#include "mlir/IR/MLIRContext.h"

#include <memory>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static std::unique_ptr<mlir::MLIRContext> context;
  static unsigned age = 0;
  if (age++ % 1000 == 0)
    context = std::make_unique<mlir::MLIRContext>(
        mlir::MLIRContext::Threading::DISABLED);
  (void)mlir::qat::readTfliteGrids(
      llvm::ArrayRef<char>(reinterpret_cast<const char *>(data), size),
      context.get());
  return 0;
}
