//===- BufferizeHostCalls.h - qat.host_call on buffers ----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_EXECUTION_BUFFERIZEHOSTCALLS_H
#define QAT_LIB_EXECUTION_BUFFERIZEHOSTCALLS_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace mlir::qat {

/// Lets one-shot bufferization turn a qat.host_call into a call of its kernel
/// with the addresses of the operands, of scratch memory and of the output.
void registerHostCallBufferization(DialectRegistry &registry);

} // namespace mlir::qat

#endif // QAT_LIB_EXECUTION_BUFFERIZEHOSTCALLS_H
