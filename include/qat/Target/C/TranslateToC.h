//===- TranslateToC.h - form C as C text ------------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TARGET_C_TRANSLATETOC_H
#define QAT_TARGET_C_TRANSLATETOC_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringRef.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace mlir::qat {

struct CTextOptions {
  /// The caller gives the arena to each run, which makes it re-entrant;
  /// otherwise it is one static array.
  bool arenaCaller = false;
  /// Declares the functions of N_selftest.c too.
  bool withSelfTest = false;
};

/// Prints `N.h` for a module in form C (the result of qat-c-pipeline): sizes,
/// shapes and scales as macros, the types of input and output, `N_run`. Fails
/// with a diagnostic where the module is not in form C.
LogicalResult printCHeader(ModuleOp module, const CTextOptions &options,
                           llvm::raw_ostream &os);

/// Prints `N.c`: a table of costs, the constants, the calls.
/// `headerText` stands in place of the line that includes `N.h`, if not empty.
LogicalResult printCSource(ModuleOp module, const CTextOptions &options,
                           llvm::raw_ostream &os,
                           llvm::StringRef headerText = "");

/// Registers `qat-mlir-translate --qat-to-c`: form C as one C file, in which
/// the header stands where it would be included.
void registerToCTranslation();

} // namespace mlir::qat

#endif // QAT_TARGET_C_TRANSLATETOC_H
