//===- IntegerElements.cpp - stored values as exact integers ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntegerElements.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <algorithm>

using namespace mlir;
using namespace mlir::qat;

quant::QuantizedType mlir::qat::getQuantizedElement(Value value) {
  return cast<quant::QuantizedType>(getElementTypeOrSelf(value.getType()));
}

quant::UniformQuantizedType mlir::qat::getUniform(Value value) {
  return cast<quant::UniformQuantizedType>(getQuantizedElement(value));
}

SmallVector<int64_t> mlir::qat::getZeroPoints(quant::QuantizedType type) {
  if (auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type))
    return SmallVector<int64_t>(perAxis.getZeroPoints());
  return {cast<quant::UniformQuantizedType>(type).getZeroPoint()};
}

int64_t mlir::qat::getMaxMagnitude(quant::QuantizedType type) {
  int64_t magnitude = 0;
  for (int64_t zeroPoint : getZeroPoints(type))
    magnitude = std::max({magnitude, zeroPoint - type.getStorageTypeMin(),
                          type.getStorageTypeMax() - zeroPoint});
  return magnitude;
}

IntegerType mlir::qat::getDifferenceType(quant::QuantizedType type) {
  unsigned bits = type.getStorageTypeIntegralWidth() <= 8 ? 16 : 64;
  return IntegerType::get(type.getContext(), bits);
}

Value mlir::qat::extend(ImplicitLocOpBuilder &b, Value value, Type type) {
  if (value.getType() == type)
    return value;
  return arith::ExtSIOp::create(b, type, value);
}

Value mlir::qat::buildDifference(ImplicitLocOpBuilder &b, Value stored,
                                 quant::QuantizedType quantized,
                                 int64_t zeroPoint, IntegerType type) {
  Value wide = quantized.isSigned()
                   ? arith::ExtSIOp::create(b, type, stored).getResult()
                   : arith::ExtUIOp::create(b, type, stored).getResult();
  if (zeroPoint == 0)
    return wide;
  return arith::SubIOp::create(b, wide, buildScalar(b, type, zeroPoint));
}

Value mlir::qat::buildStored(ImplicitLocOpBuilder &b, Value value,
                             quant::UniformQuantizedType quantized,
                             Type container) {
  // Clamping before the zero point is added keeps every step in range.
  int64_t zeroPoint = quantized.getZeroPoint();
  Type wide = value.getType();
  auto bound = [&](int64_t stored) {
    return buildScalar(b, wide, stored - zeroPoint);
  };
  value =
      arith::MaxSIOp::create(b, value, bound(quantized.getStorageTypeMin()));
  value =
      arith::MinSIOp::create(b, value, bound(quantized.getStorageTypeMax()));
  // From here on only the low bits count, zero point included.
  if (wide != container)
    value = arith::TruncIOp::create(b, container, value);
  if (zeroPoint == 0)
    return value;
  unsigned width = container.getIntOrFloatBitWidth();
  APInt low(width, zeroPoint, /*isSigned=*/true, /*implicitTrunc=*/true);
  Value offset = arith::ConstantOp::create(b, b.getIntegerAttr(container, low));
  return arith::AddIOp::create(b, value, offset);
}

Value mlir::qat::buildRoundedScale(ImplicitLocOpBuilder &b, Value x,
                                   Value multiplier, Value shift,
                                   ScaleRoundingMode rounding) {
  Type type = x.getType();
  auto scalar = [&](int64_t value) { return buildScalar(b, type, value); };
  Value sum = arith::MulIOp::create(b, x, multiplier);
  if (rounding != ScaleRoundingMode::Floor) {
    Value half = arith::ShLIOp::create(
        b, scalar(1), arith::SubIOp::create(b, shift, scalar(1)));
    if (rounding == ScaleRoundingMode::DoubleRound) {
      Value isNegative =
          arith::CmpIOp::create(b, arith::CmpIPredicate::slt, x, scalar(0));
      Value isFar = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, shift,
                                          scalar(31));
      Value more = arith::SelectOp::create(b, isNegative, scalar(-(1 << 30)),
                                           scalar(1 << 30));
      half = arith::AddIOp::create(
          b, half, arith::SelectOp::create(b, isFar, more, scalar(0)));
    }
    sum = arith::AddIOp::create(b, sum, half);
  }
  return arith::ShRSIOp::create(b, sum, shift);
}

Value mlir::qat::buildPadded(ImplicitLocOpBuilder &b, Value input,
                             quant::QuantizedType quantized, int64_t zeroPoint,
                             ArrayRef<int64_t> pads, IntegerType type,
                             int64_t fill) {
  auto inputType = cast<RankedTensorType>(input.getType());
  auto widen = [&](ImplicitLocOpBuilder &e, ValueRange v) {
    return buildDifference(e, v[0], quantized, zeroPoint, type);
  };
  auto wideType = RankedTensorType::get(inputType.getShape(), type);
  if (llvm::all_of(pads, [](int64_t pad) { return pad == 0; }))
    return mapElements(b, input, wideType, widen);

  SmallVector<int64_t> shape(inputType.getShape());
  shape[1] += pads[0] + pads[1];
  shape[2] += pads[2] + pads[3];
  Value padded = buildFilled(b, RankedTensorType::get(shape, type),
                             buildScalar(b, type, fill));
  // Written through a slice, so that bufferization writes in place.
  SmallVector<OpFoldResult> offsets = {
      b.getIndexAttr(0), b.getIndexAttr(pads[0]), b.getIndexAttr(pads[2]),
      b.getIndexAttr(0)};
  SmallVector<OpFoldResult> sizes, strides(4, b.getIndexAttr(1));
  for (int64_t size : inputType.getShape())
    sizes.push_back(b.getIndexAttr(size));
  Value slice = tensor::ExtractSliceOp::create(b, wideType, padded, offsets,
                                               sizes, strides);
  Value inside = mapElementsInto(b, input, slice, widen);
  return tensor::InsertSliceOp::create(b, inside, padded, offsets, sizes,
                                       strides);
}
