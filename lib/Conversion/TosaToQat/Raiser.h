//===- Raiser.h - raises one 8-bit TOSA function ----------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CONVERSION_TOSATOQAT_RAISER_H
#define QAT_LIB_CONVERSION_TOSATOQAT_RAISER_H

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::qat {

/// The module attribute with the grids of tensors: name -> !quant.uniform type.
inline constexpr llvm::StringLiteral kGridsAttrName = "qat.grids";

/// What a tosa.rescale computes: x -> scale(x - inputZero) + outputZero.
struct Rescale {
  SmallVector<int32_t> multipliers;
  SmallVector<int8_t> shifts;
  int64_t inputZero = 0;
  int64_t outputZero = 0;
  ScaleRoundingMode rounding = ScaleRoundingMode::SingleRound;
};

/// Writes the integer layers beside the TOSA ops, then removes those. An op
/// that cannot be raised is noted and what depends on it passed over, so that
/// one error lists all of them.
class Raiser {
public:
  explicit Raiser(func::FuncOp main);

  LogicalResult run();

private:
  /// Whether the op was raised, or may still be part of another's group.
  bool raise(Operation *op);
  bool raiseRescale(tosa::RescaleOp op);
  bool raiseClamp(tosa::ClampOp op);
  bool raiseReshape(tosa::ReshapeOp op);
  bool raiseSlice(tosa::SliceOp op);
  bool raiseAvgPool(tosa::AvgPool2dOp op);
  bool raiseMaxPool(tosa::MaxPool2dOp op);
  bool raiseTable(tosa::TableOp op);
  bool raiseConcat(tosa::ConcatOp op);
  bool raisePad(tosa::PadOp op);
  bool raiseAdd(tosa::RescaleOp op, tosa::AddOp add);
  bool raiseSoftmax(tosa::RescaleOp op);
  template <typename ConvOp>
  bool raiseWeighted(tosa::RescaleOp op, ConvOp conv);

  static RankedTensorType tensorType(Value value);
  static quant::UniformQuantizedType gridOf(Value value);
  static bool isInteger(Value value, unsigned bits);
  /// The size that a window op gives; TOSA's own ops divide exactly.
  static int64_t getWindowedSize(int64_t input, int64_t before, int64_t after,
                                 int64_t kernel, int64_t stride,
                                 int64_t dilation);

  /// The grid on which `value` lies: its zero point, and the scale of the
  /// tensor with the name of its op.
  quant::UniformQuantizedType getGrid(StringRef tensor, int64_t zeroPoint);
  /// The zero point that the users of `value` give it; nullopt where two of
  /// them differ.
  std::optional<int64_t> getZeroPointOfUsers(Value value);
  quant::QuantizedType getWeightGrid(Value weights, int64_t zeroPoint,
                                     int64_t channels, int32_t axis);
  /// Constant weights as a tensor of quantized elements of that shape.
  Value makeWeights(Location loc, Value weights, ArrayRef<int64_t> shape,
                    quant::QuantizedType grid);
  Value makeBias(Location loc, Value bias, int64_t channels);
  Value reshape(Location loc, Value value, ArrayRef<int64_t> shape);

  /// Limits the layer that computes `value`, and the reshapes behind it, to
  /// [low, high]; false where that is not the layer's alone.
  bool limit(Value value, int64_t low, int64_t high);
  /// A function of one stored value.
  bool makeTable(Operation *op, Value input, int64_t zeroPoint,
                 llvm::function_ref<int64_t(int64_t)> function);

  /// The raised value, null where there is none. A cut one (see raiseSlice) is
  /// given only to those that say that they take it.
  Value lookup(Value value, bool mayBeCut = false) const;
  void replace(Operation *op, Value value, ArrayRef<Operation *> group = {});
  LogicalResult reportRefused();

  func::FuncOp main;
  OpBuilder builder;
  DictionaryAttr grids;
  /// 8-bit TOSA values and what replaces them.
  DenseMap<Value, Value> raised;
  /// Results of slices that stand for the whole input.
  DenseSet<Value> cut;
  /// Ops that some layer stands for.
  DenseSet<Operation *> done;
};

} // namespace mlir::qat

#endif // QAT_LIB_CONVERSION_TOSATOQAT_RAISER_H
