//===- Freezer.h - writes the integer function of form Q --------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DIALECT_QAT_TRANSFORMS_FREEZER_H
#define QAT_LIB_DIALECT_QAT_TRANSFORMS_FREEZER_H

#include "LayerGroup.h"

#include "qat/Dialect/Qat/IR/ChannelAxes.h"
#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/LayerName.h"
#include "qat/Support/AddRule.h"
#include "qat/Support/IntegerBias.h"
#include "qat/Support/Thresholds.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"

namespace mlir::qat {

/// The integers of a layer with weights, as its op holds them.
struct LayerIntegers {
  QuantizedWeights weights;
  SmallVector<int32_t> biases;
  /// Empty: the result is the accumulator.
  SmallVector<Multiplier> multipliers;
  /// Of each channel, in the place of biases and multipliers (folding_thresh).
  SmallVector<ChannelThresholds> thresholds;
  /// The real value of a unit of the logits (last layers).
  float logitScale = 1;
};

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

  FailureOr<LayerIntegers> quantizeLayer(const LayerGroup &group, Grid input,
                                         std::optional<Grid> output);
  LogicalResult setLastLayer(Operation *op, ArrayRef<float> biases, Grid input,
                             LayerIntegers &layer);
  LogicalResult setHiddenLayer(const LayerGroup &group, ArrayRef<float> biases,
                               Grid input, Grid output, LayerIntegers &layer);
  LogicalResult setThresholds(Operation *op, Grid input, Grid output,
                              LayerIntegers &layer);
  FailureOr<Value> buildLayer(Operation *op, Value input, Type resultElement,
                              const LayerIntegers &layer);
  FailureOr<Value> buildWeights(Operation *op, const QuantizedWeights &weights,
                                bool dense);
  FailureOr<quant::UniformQuantizedType>
  getFrozenType(ActivationQuantizerOpInterface op);

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

  Rounding getRounding(const LayerGroup &group) const;

  func::FuncOp function;
  unsigned biasBits;
  RoundingMode moduleRounding = RoundingMode::Nearest;
  OpBuilder builder;
  func::FuncOp frozen;
  DenseMap<Value, Value> integers;
  DenseSet<Operation *> done;
};

/// The grid of a tensor of form I.
quant::UniformQuantizedType gridTypeOf(Value value);
Grid gridOf(quant::UniformQuantizedType type);

Rounding toRounding(RoundingMode mode);
/// How `quantizer` rounds; none where it has no choice, or is null.
std::optional<RoundingMode> getRoundingMode(Operation *quantizer);

} // namespace mlir::qat

#endif // QAT_LIB_DIALECT_QAT_TRANSFORMS_FREEZER_H
