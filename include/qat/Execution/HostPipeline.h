//===- HostPipeline.h - from a network to the host's LLVM IR ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_EXECUTION_HOSTPIPELINE_H
#define QAT_EXECUTION_HOSTPIPELINE_H

#include "llvm/ADT/StringRef.h"

namespace mlir {
class DialectRegistry;
class OpPassManager;
} // namespace mlir

namespace mlir::qat {

/// From a module in form F, Q or I to loops over buffers. Parameters become
/// constants (qat-bind-parameters); `@main` takes a buffer for every argument,
/// then one for every result, all of static shape and identity layout, and
/// frees what it allocates. `liftConstants` adds the large constants as
/// arguments (qat-lift-constants). `kernels` is the option of
/// convert-qat-to-linalg; the process that runs the code has to offer them.
void buildHostLoopsPipeline(OpPassManager &manager, bool liftConstants,
                            llvm::StringRef kernels);

/// From there to the LLVM dialect. A buffer is passed as one pointer.
void buildHostLLVMPipeline(OpPassManager &manager);

/// Both, constants as globals: the named pipeline `qat-host-pipeline`.
void buildHostPipeline(OpPassManager &manager, llvm::StringRef kernels = "");

/// Registers `qat-host-pipeline`.
void registerHostPipelines();

/// Adds the dialects, external models and translations that the pipelines and
/// the compilation after them use.
void registerHostDialects(DialectRegistry &registry);

} // namespace mlir::qat

#endif // QAT_EXECUTION_HOSTPIPELINE_H
