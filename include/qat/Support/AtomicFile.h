//===- AtomicFile.h - files that appear whole or not at all ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_ATOMICFILE_H
#define QAT_SUPPORT_ATOMICFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace mlir::qat {

/// Writes `path` by calling `write` on a temporary file beside it, which is
/// renamed onto `path` when everything was written: a reader never meets half
/// a file, and a full disk leaves the old one in place. The path "-" is
/// standard output; a device, a pipe or a folder is opened as it is, and of a
/// symbolic link the file that it leads to is replaced. Fails with one line
/// that names `path` and the reason.
llvm::Error
writeFileAtomically(llvm::StringRef path,
                    llvm::function_ref<void(llvm::raw_ostream &)> write);

} // namespace mlir::qat

#endif // QAT_SUPPORT_ATOMICFILE_H
