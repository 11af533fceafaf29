//===- qat.cpp - the user's command -----------------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Driver/Driver.h"

#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  int status = mlir::qat::runDriver(argc, argv);
  llvm::outs().flush();
  if (!llvm::outs().has_error())
    return status;
  llvm::errs() << "qat: error: cannot write to standard output: "
               << llvm::outs().error().message() << "\n";
  llvm::outs().clear_error();
  return 1;
}
