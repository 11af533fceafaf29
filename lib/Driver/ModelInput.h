//===- ModelInput.h - models of every format --------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DRIVER_MODELINPUT_H
#define QAT_LIB_DRIVER_MODELINPUT_H

#include "Command.h"

#include "qat/Target/Onnx/ImportOnnx.h"

namespace mlir::qat {

/// Reads a model by the ending of its name: .onnx and .tflite are imported,
/// anything else is IR. TOSA as a converter wrote it, with open sizes, integer
/// tensors or constant weights, becomes form F or, of 8 bits, form I. A shape
/// in `options` serves .onnx alone; the preprocessing replaces that of the
/// module.
llvm::Expected<OwningOpRef<ModuleOp>>
readModel(CommandLine &line, llvm::StringRef path,
          const OnnxImportOptions &options = {});

} // namespace mlir::qat

#endif // QAT_LIB_DRIVER_MODELINPUT_H
