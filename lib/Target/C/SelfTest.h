//===- SelfTest.h - a board proves what it computes -------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_C_SELFTEST_H
#define QAT_LIB_TARGET_C_SELFTEST_H

#include "FormC.h"

#include "qat/Target/C/CProject.h"

namespace mlir::qat {

/// The text of N_selftest.c: golden inputs and the hash (FNV-1a, 32 bits) of
/// every layer's output for each, as `options.executeLayers` computes them.
llvm::Expected<std::string> makeSelfTest(const FormC &form,
                                         const CProjectOptions &options);

} // namespace mlir::qat

#endif // QAT_LIB_TARGET_C_SELFTEST_H
