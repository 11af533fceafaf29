//===- CrashGuard.h - a crash becomes one line -------------------*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// A tool must not die without a word, whatever it is given. What cannot be
/// checked beforehand (a stack overflow in a parser, a fatal error of a
/// library, memory that is not there) ends here: one line on standard error,
/// files that were being written removed, exit status 1.
///
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_CRASHGUARD_H
#define QAT_SUPPORT_CRASHGUARD_H

#include "llvm/ADT/Twine.h"

#include <string>

namespace mlir::qat {

/// From now on, faults, aborts, fatal errors of LLVM and failing allocations
/// print `COMMAND: error: ...` with the innermost CrashScope, and end the
/// process with status 1. Interrupts are left alone. Call it once, early.
void installCrashGuard(llvm::StringRef command);

/// Says what the process does while the object lives: "reading 'x.mlir'".
/// Objects nest, on one thread.
class CrashScope {
public:
  explicit CrashScope(const llvm::Twine &doing);
  ~CrashScope();
  CrashScope(const CrashScope &) = delete;
  CrashScope &operator=(const CrashScope &) = delete;

private:
  std::string outer;
};

} // namespace mlir::qat

#endif // QAT_SUPPORT_CRASHGUARD_H
