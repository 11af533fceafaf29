//===- qat-mlir-translate.cpp - from models to IR, from IR to C ----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Target/C/TranslateToC.h"
#include "qat/Target/Onnx/ImportOnnx.h"

#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

int main(int argc, char **argv) {
  mlir::qat::registerOnnxTranslation();
  mlir::qat::registerToCTranslation();
  return mlir::failed(mlir::mlirTranslateMain(
      argc, argv, "Translates between qat-mlir's IR and other formats\n"));
}
