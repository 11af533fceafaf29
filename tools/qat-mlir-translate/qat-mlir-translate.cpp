//===- qat-mlir-translate.cpp - prints IR as C ----------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Target/C/TranslateToC.h"

#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"

int main(int argc, char **argv) {
  mlir::qat::registerToCTranslation();
  return mlir::failed(
      mlir::mlirTranslateMain(argc, argv, "Prints integer networks as C\n"));
}
