//===- Jit.h - machine code from the LLVM dialect ---------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_EXECUTION_JIT_H
#define QAT_LIB_EXECUTION_JIT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace mlir::qat {

/// A function in memory, and what keeps it there.
struct JittedFunction {
  std::shared_ptr<void> code;
  /// Takes the address of each argument.
  void (*packed)(void **) = nullptr;
};

/// Compiles a module of the LLVM dialect for this processor with all its
/// vector instructions, and finds `name`. Nothing is contracted or
/// reassociated: the arithmetic is that of the module. `level` is 0 to 3.
llvm::Expected<JittedFunction>
jitFunction(ModuleOp module, llvm::StringRef name, unsigned level);

} // namespace mlir::qat

#endif // QAT_LIB_EXECUTION_JIT_H
