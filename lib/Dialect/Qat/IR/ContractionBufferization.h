//===- ContractionBufferization.h - contractions on buffers -----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DIALECT_QAT_IR_CONTRACTIONBUFFERIZATION_H
#define QAT_LIB_DIALECT_QAT_IR_CONTRACTIONBUFFERIZATION_H

namespace mlir {
class MLIRContext;
} // namespace mlir

namespace mlir::qat {

/// Gives qat.contraction its BufferizableOpInterface. The header of that
/// interface is large, so the op does not name it in its declaration.
void attachContractionBufferization(MLIRContext &context);

} // namespace mlir::qat

#endif // QAT_LIB_DIALECT_QAT_IR_CONTRACTIONBUFFERIZATION_H
