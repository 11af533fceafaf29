//===- Freezer.h - writes the integer function of form Q --------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DIALECT_QAT_TRANSFORMS_FREEZER_H
#define QAT_LIB_DIALECT_QAT_TRANSFORMS_FREEZER_H

#include "LayerQuantizer.h"

#include "qat/Dialect/Qat/IR/ChannelAxes.h"
#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Support/AddRule.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"

namespace mlir::qat {

/// Writes the integer function of one function of form Q.
class Freezer {
public:
  Freezer(func::FuncOp function, unsigned biasBits);

  /// Builds the integer function before the old one, which it replaces.
  LogicalResult run();

private:
  LogicalResult visit(Operation *op);
  LogicalResult visitInput(QuantizeInputOp op);
  LogicalResult visitWeighted(Operation *op);
  LogicalResult visitAdd(tosa::AddOp op);
  LogicalResult visitRequantize(ActivationQuantizerOpInterface op);
  LogicalResult visitPool(tosa::AvgPool2dOp op);
  LogicalResult visitPool(tosa::MaxPool2dOp op);
  LogicalResult visitConcat(tosa::ConcatOp op);
  LogicalResult visitPad(tosa::PadOp op);
  LogicalResult visitReturn(func::ReturnOp op);

  FailureOr<Value> buildLayer(Operation *op, Value input, Type resultElement,
                              const LayerIntegers &layer);
  FailureOr<Value> buildWeights(Operation *op, const QuantizedWeights &weights,
                                bool dense);

  /// `value` with another shape of as many elements.
  Value reshape(Location location, Value value, ArrayRef<int64_t> shape);
  /// The integer value that stands for the float `value`, in its shape; an
  /// error on `user` where there is none.
  FailureOr<Value> lookup(Operation *user, Value value);
  void define(Value value, Value integer) { integers[value] = integer; }
  /// `integer` stands for the end of `group`, whose other ops are done.
  void defineGroup(const LayerGroup &group, Value integer);

  /// `value` moved to `grid` where it is on another one, as a layer `name`.
  FailureOr<Value> moveToGrid(Operation *op, Value value,
                              quant::UniformQuantizedType grid,
                              Rounding rounding, const Twine &name);

  func::FuncOp function;
  LayerQuantizer quantizer;
  OpBuilder builder;
  func::FuncOp frozen;
  DenseMap<Value, Value> integers;
  DenseSet<Operation *> done;
};

/// The grid of a tensor of form I.
quant::UniformQuantizedType gridTypeOf(Value value);

} // namespace mlir::qat

#endif // QAT_LIB_DIALECT_QAT_TRANSFORMS_FREEZER_H
