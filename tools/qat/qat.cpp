//===- qat.cpp - the user's command -----------------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Driver/Driver.h"

int main(int argc, char **argv) { return mlir::qat::runDriver(argc, argv); }
