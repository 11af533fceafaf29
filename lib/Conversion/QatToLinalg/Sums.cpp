//===- Sums.cpp - sums whose order is part of the contract ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sums.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::qat;

using utils::IteratorType;

Value mlir::qat::widen(ImplicitLocOpBuilder &b, Value value) {
  if (value.getType().isF64())
    return value;
  return arith::ExtFOp::create(b, b.getF64Type(), value);
}

Value mlir::qat::narrow(ImplicitLocOpBuilder &b, Value value, Type type) {
  if (value.getType() == type)
    return value;
  return arith::TruncFOp::create(b, type, value);
}

Value mlir::qat::sumTermsWide(ImplicitLocOpBuilder &b, ValueRange inputs,
                              ElementBuilder term) {
  Type f64 = b.getF64Type();
  Value zero = buildFloat(b, f64, 0.0);
  auto type = cast<RankedTensorType>(inputs[0].getType());
  unsigned rank = type.getRank();
  SmallVector<int64_t> columns;
  if (rank > 0)
    columns.push_back(rank - 1);
  SmallVector<AffineMap> maps(inputs.size(), b.getMultiDimIdentityMap(rank));
  maps.push_back(getAxesMap(b.getContext(), rank, columns));
  SmallVector<IteratorType> iterators(rank, IteratorType::reduction);
  SmallVector<int64_t> shape;
  for (int64_t column : columns) {
    iterators[column] = IteratorType::parallel;
    shape.push_back(type.getDimSize(column));
  }
  Value sum = buildLoops(
      b, inputs, buildFilled(b, RankedTensorType::get(shape, f64), zero), maps,
      iterators, [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
        return arith::AddFOp::create(e, v.back(),
                                     widen(e, term(e, v.drop_back())));
      });
  if (rank > 0)
    sum = buildLoops(
        b, sum, buildFilled(b, RankedTensorType::get({}, f64), zero),
        {b.getMultiDimIdentityMap(1), getAxesMap(b.getContext(), 1, {})},
        IteratorType::reduction,
        [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
          return arith::AddFOp::create(e, v[1], v[0]);
        });
  return sum;
}

Value mlir::qat::sumTerms(ImplicitLocOpBuilder &b, ValueRange inputs,
                          Type element, ElementBuilder term) {
  return mapElements(b, sumTermsWide(b, inputs, term),
                     RankedTensorType::get({}, element),
                     [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
                       return narrow(e, v[0], element);
                     });
}
