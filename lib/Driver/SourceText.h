//===- SourceText.h - is a file MLIR at all ----------------------*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DRIVER_SOURCETEXT_H
#define QAT_LIB_DRIVER_SOURCETEXT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"

namespace mlir::qat {

/// Refuses what MLIR's parser would not survive or not explain: files of
/// another kind, and brackets nested deeper than its recursion has stack for.
llvm::Error checkSourceText(llvm::StringRef path, llvm::StringRef text);

/// Refuses bytecode that MLIR's reader does not survive; upstream's checks do
/// not cover it, and what it leaves in memory may be found much later. Reads
/// the file once in a child process, so that this one stays whole; call it
/// before there are threads. What the reader itself reports is left to the
/// reading that follows. Other files are good.
llvm::Error checkBytecode(llvm::StringRef path, llvm::MemoryBufferRef buffer);

} // namespace mlir::qat

#endif // QAT_LIB_DRIVER_SOURCETEXT_H
