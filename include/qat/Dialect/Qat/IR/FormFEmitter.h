//===- FormFEmitter.h - writes the ops of form F ----------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_IR_FORMFEMITTER_H
#define QAT_DIALECT_QAT_IR_FORMFEMITTER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::qat {

/// Writes ops at the end of `@main` and parameters before it.
class FormFEmitter {
public:
  FormFEmitter(ModuleOp module, func::FuncOp main);

  RankedTensorType type(ArrayRef<int64_t> shape);

  /// A new parameter `name` with its load. The load goes before `before`
  /// where that is given.
  Value parameter(Location loc, StringRef name, ArrayRef<int64_t> shape,
                  ArrayRef<float> values, Operation *before = nullptr);
  bool hasParameter(StringRef name) const { return parameters.contains(name); }
  /// The values of a parameter that was written.
  MutableArrayRef<float> values(StringRef name);

  /// A one-dimensional constant of `size` zeros: a zero point, or no bias.
  Value zeros(Location loc, int64_t size);
  Value shapeConstant(Location loc, ArrayRef<int64_t> values);
  Value reshape(Location loc, Value input, ArrayRef<int64_t> shape);
  Value transpose(Location loc, Value input, ArrayRef<int32_t> permutation);
  /// The first `shape` elements of every dimension.
  Value slice(Location loc, Value input, ArrayRef<int64_t> shape);

  /// `values` around `input`; pairs of before and after, by dimension.
  Value pad(Location loc, Value input, ArrayRef<int64_t> pads, float value);
  /// A 1x1 depthwise convolution of `image`, one `weight` a channel; without
  /// `bias`, zeros. Parameters `layer`.weight and .bias.
  Value scaleChannels(Location loc, StringRef layer, Value image,
                      ArrayRef<float> weight, ArrayRef<float> bias);

  OpBuilder builder;

private:
  func::FuncOp main;
  llvm::StringMap<DenseResourceElementsAttr> parameters;
};

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_IR_FORMFEMITTER_H
