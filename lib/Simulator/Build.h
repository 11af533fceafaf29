//===- Build.h - programs for a simulated board -----------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_SIMULATOR_BUILD_H
#define QAT_LIB_SIMULATOR_BUILD_H

#include "Boards.h"
#include "Manifest.h"
#include "llvm/Support/Error.h"
#include <string>

namespace mlir::qat {

/// The programs that are made of one project, all with the same kernels.
struct BuiltPrograms {
  std::string plain;  ///< no instrumentation
  std::string marked; ///< marks the end of each layer
  std::string layers; ///< writes each layer's output; empty if not asked for
};

/// Builds the project in `dir` with the compiler `compiler` into `buildDir`,
/// which exists. Fails with the first error of the compiler.
llvm::Expected<BuiltPrograms>
buildPrograms(llvm::StringRef dir, llvm::StringRef buildDir,
              const Manifest &manifest, const Board &board,
              llvm::StringRef compiler, bool withLayers);

/// Builds the project's self-test, N_selftest.c, into `buildDir` and returns
/// the program. Fails with the first error of the compiler.
llvm::Expected<std::string> buildSelfTest(llvm::StringRef dir,
                                          llvm::StringRef buildDir,
                                          const Manifest &manifest,
                                          const Board &board,
                                          llvm::StringRef compiler);

} // namespace mlir::qat

#endif // QAT_LIB_SIMULATOR_BUILD_H
