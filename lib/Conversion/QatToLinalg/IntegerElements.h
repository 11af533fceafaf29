//===- IntegerElements.h - stored values as exact integers ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_CONVERSION_QATTOLINALG_INTEGERELEMENTS_H
#define QAT_LIB_CONVERSION_QATTOLINALG_INTEGERELEMENTS_H

#include "LinalgBuilders.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Quant/IR/QuantTypes.h"

namespace mlir {
class RewritePatternSet;
class TypeConverter;
} // namespace mlir

namespace mlir::qat {

/// The quantized element type of a tensor, before its conversion.
quant::QuantizedType getQuantizedElement(Value value);
/// The same of a tensor with one scale.
quant::UniformQuantizedType getUniform(Value value);

/// The zero point of each channel of `type`, or the one of all.
SmallVector<int64_t> getZeroPoints(quant::QuantizedType type);

/// The largest |stored - zero point| that `type` allows.
int64_t getMaxMagnitude(quant::QuantizedType type);

/// The type in which differences stored - zero point are kept: i16 for storage
/// of up to 8 bits (which leaves products in 32 bits), else i64.
IntegerType getDifferenceType(quant::QuantizedType type);

/// stored - zeroPoint as an integer of type `type`, the stored value extended
/// by the signedness of `quantized`.
Value buildDifference(ImplicitLocOpBuilder &b, Value stored,
                      quant::QuantizedType quantized, int64_t zeroPoint,
                      IntegerType type);

/// clamp(value + zero point, storage range) of `quantized`, as an element of
/// the type `container`. `value` is i32 or i64; the sum cannot overflow.
Value buildStored(ImplicitLocOpBuilder &b, Value value,
                  quant::UniformQuantizedType quantized, Type container);

/// (x * multiplier + r) >> shift, where `rounding` says what r is (see
/// qat.rescaled_add). All have one type, wide enough for the product plus r.
Value buildRoundedScale(ImplicitLocOpBuilder &b, Value x, Value multiplier,
                        Value shift, ScaleRoundingMode rounding);

/// NHWC `input` minus its zero point, with `pads` (top, bottom, left, right) of
/// `fill` around it.
Value buildPadded(ImplicitLocOpBuilder &b, Value input,
                  quant::QuantizedType quantized, int64_t zeroPoint,
                  ArrayRef<int64_t> pads, IntegerType type, int64_t fill);

/// Sign extension, or nothing where `value` has the type.
Value extend(ImplicitLocOpBuilder &b, Value value, Type type);

/// The layers with weights, those that move values, the pools and those that
/// come with imported networks; the other integer layers come with
/// populateQatIntegerToLinalgPatterns.
void populateWeightedLayerPatterns(const TypeConverter &converter,
                                   RewritePatternSet &patterns);
void populateMovingLayerPatterns(const TypeConverter &converter,
                                 RewritePatternSet &patterns);
void populatePoolPatterns(const TypeConverter &converter,
                          RewritePatternSet &patterns);
void populateImportedLayerPatterns(const TypeConverter &converter,
                                   RewritePatternSet &patterns);

} // namespace mlir::qat

#endif // QAT_LIB_CONVERSION_QATTOLINALG_INTEGERELEMENTS_H
