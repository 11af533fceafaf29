//===- InitAll.h - what the tools register ------------------------*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_INITALL_H
#define QAT_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace mlir::qat {

/// Registers the qat dialect, the upstream dialects that its forms pass
/// through on the way to the host's machine code or to C, and the external
/// models (bufferization, conversion to LLVM) that the lowerings need.
void registerAllDialects(DialectRegistry &registry);

/// Registers the passes of this project, its named pipelines, and the upstream
/// passes that these pipelines are made of.
void registerAllPasses();

} // namespace mlir::qat

#endif // QAT_INITALL_H
