//===- RunConverter.h - the program that makes TOSA -------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_TFLITE_RUNCONVERTER_H
#define QAT_LIB_TARGET_TFLITE_RUNCONVERTER_H

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>

namespace mlir::qat {

/// Runs tosa-converter-for-tflite on the model at `path` and gives the MLIR
/// bytecode that it wrote; its files are removed in any case.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
runConverter(llvm::StringRef path);

} // namespace mlir::qat

#endif // QAT_LIB_TARGET_TFLITE_RUNCONVERTER_H
