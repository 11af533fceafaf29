//===- DerivativeBuilders.h - what derivatives share ------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DIALECT_QAT_IR_DERIVATIVEBUILDERS_H
#define QAT_LIB_DIALECT_QAT_IR_DERIVATIVEBUILDERS_H

#include "mlir/IR/Builders.h"

namespace mlir::qat {

/// A convolution as its gradients see it.
struct Convolution {
  Value input, weight, bias;
  ArrayRef<int64_t> pad, stride, dilation;
  int64_t groups = 1;
  bool depthwise = false;
};

/// The gradients of input, weight and bias, in this order, where `wanted`.
void buildConvolutionGradients(OpBuilder &builder, Location loc,
                               const Convolution &conv, Value upstream,
                               ArrayRef<bool> wanted,
                               MutableArrayRef<Value> gradients);

/// `value` as a tensor of `shape`.
Value buildReshape(OpBuilder &builder, Location loc, Value value,
                   ArrayRef<int64_t> shape);

/// `gradient`, of the shape that `operand` was broadcast to, summed to the type
/// of `operand`.
Value buildSumTo(OpBuilder &builder, Location loc, Value gradient,
                 Value operand);

/// `value` times a factor a channel: gamma / sqrt(variance + epsilon).
Value buildFrozenScale(OpBuilder &builder, Location loc, Value value,
                       Value gamma, Value variance, FloatAttr epsilon);

} // namespace mlir::qat

#endif // QAT_LIB_DIALECT_QAT_IR_DERIVATIVEBUILDERS_H
