//===- TosaDerivatives.h - derivatives of TOSA ops --------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_IR_TOSADERIVATIVES_H
#define QAT_DIALECT_QAT_IR_TOSADERIVATIVES_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace mlir::qat {

/// Attaches DifferentiableOpInterface to the TOSA ops of form F, once TOSA is
/// loaded: add, avg_pool2d, clamp, concat, conv2d, depthwise_conv2d,
/// max_pool2d, mul, pad, reshape, slice, sub and transpose.
void registerTosaDerivatives(DialectRegistry &registry);

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_IR_TOSADERIVATIVES_H
