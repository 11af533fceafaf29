//===- ConcatParts.cpp - where the operands of a concat go ----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ConcatParts.h"

using namespace mlir;
using namespace mlir::qat;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static int64_t product(ArrayRef<int64_t> sizes) {
  int64_t result = 1;
  for (int64_t size : sizes)
    result *= size;
  return result;
}

ConcatPart mlir::qat::getWholePart(RankedTensorType type) {
  // Rows are those of TensorLayout.
  ArrayRef<int64_t> shape = type.getShape();
  int64_t width = type.getRank() == 4 ? shape[2] : 1;
  int64_t rows = 1;
  if (type.getRank() == 4)
    rows = shape[0] * shape[1];
  else if (type.getRank() == 2)
    rows = shape[0];
  int64_t channels = type.getNumElements() / (rows * width);
  return {width, channels, channels, 0, 0};
}

ConcatPart mlir::qat::getConcatPart(ConcatOp op, unsigned index) {
  int64_t axis = op.getAxis(), offset = 0;
  for (Value input : op.getInputs().take_front(index))
    offset += typeOf(input).getDimSize(axis);
  ArrayRef<int64_t> shape = typeOf(op.getInputs()[index]).getShape();
  ArrayRef<int64_t> result = typeOf(op.getResult()).getShape();
  int64_t inner = product(shape.drop_front(axis + 1));
  if (shape.size() == 4 && axis == 1)
    return {1, inner, inner, 0, offset};
  // The dimensions between the rows and the axis.
  unsigned outer = shape.size() == 4 ? 2 : shape.size() == 2 ? 1 : 0;
  return {product(shape.take_front(axis).drop_front(outer)),
          shape[axis] * inner, result[axis] * inner, offset * inner, 0};
}

OpOperand *mlir::qat::getConcatOperand(RequantizeOp op) {
  if (!op->hasOneUse())
    return nullptr;
  OpOperand &use = *op->use_begin();
  return isa<ConcatOp>(use.getOwner()) ? &use : nullptr;
}

bool mlir::qat::isComputedInPlace(ConcatOp op, unsigned index) {
  auto requantize = op.getInputs()[index].getDefiningOp<RequantizeOp>();
  return requantize && getConcatOperand(requantize);
}
