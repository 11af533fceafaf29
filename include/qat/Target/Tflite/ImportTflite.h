//===- ImportTflite.h - TensorFlow Lite models as TOSA ----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TARGET_TFLITE_IMPORTTFLITE_H
#define QAT_TARGET_TFLITE_IMPORTTFLITE_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"

namespace mlir::qat {

/// Turns the .tflite file at `path` into TOSA by the program
/// `tosa-converter-for-tflite` (the PyPI package of that name), which is looked
/// for as the environment variable QAT_TFLITE_CONVERTER says, then on the PATH,
/// then in the bin folder of the Python environment that is active
/// (VIRTUAL_ENV). The ops have the names of their tensors as locations; the
/// grids of 8-bit tensors, which TOSA does not keep, are the attribute
/// `qat.grids` (see convert-tosa-to-qat).
///
/// Fails with one line: no converter, with the command that installs it; a file
/// that cannot be read; the converter's own reason where it gives up. It may
/// take 120 seconds and write 2 GiB.
llvm::Expected<OwningOpRef<ModuleOp>> convertTflite(llvm::StringRef path,
                                                    MLIRContext *context);

/// The grids of the 8-bit tensors in the bytes of a .tflite file, by name.
/// Whatever cannot be read has none: any bytes may be given.
DictionaryAttr readTfliteGrids(llvm::ArrayRef<char> bytes,
                               MLIRContext *context);

} // namespace mlir::qat

#endif // QAT_TARGET_TFLITE_IMPORTTFLITE_H
