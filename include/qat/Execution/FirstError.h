//===- FirstError.h - the first diagnostic as an llvm::Error ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_EXECUTION_FIRSTERROR_H
#define QAT_EXECUTION_FIRSTERROR_H

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::qat {

/// Holds back what is emitted in `context` while it lives; the first error
/// becomes the llvm::Error.
class FirstError {
public:
  /// `what` begins the error: "cannot compile the network for the host".
  FirstError(MLIRContext *context, llvm::StringRef what);

  /// One line: what failed, the layer, the diagnostic.
  llvm::Error get() const;

private:
  std::string what, text;
  ScopedDiagnosticHandler handler;
};

} // namespace mlir::qat

#endif // QAT_EXECUTION_FIRSTERROR_H
