//===- LinalgBuilders.cpp - loops over tensors, briefly ---------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LinalgBuilders.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::qat;

using utils::IteratorType;

Value mlir::qat::buildLoops(ImplicitLocOpBuilder &b, ValueRange inputs,
                            Value init, ArrayRef<AffineMap> maps,
                            ArrayRef<IteratorType> iterators,
                            ElementBuilder body) {
  return linalg::GenericOp::create(
             b, init.getType(), inputs, init, maps, iterators,
             [&](OpBuilder &nested, Location loc, ValueRange arguments) {
               ImplicitLocOpBuilder inner(loc, nested);
               linalg::YieldOp::create(inner, body(inner, arguments));
             })
      .getResult(0);
}

static Value mapInto(ImplicitLocOpBuilder &b, ValueRange inputs,
                     ArrayRef<AffineMap> inputMaps, Value init,
                     ElementBuilder body) {
  unsigned rank = cast<RankedTensorType>(init.getType()).getRank();
  SmallVector<AffineMap> maps(inputMaps);
  maps.push_back(b.getMultiDimIdentityMap(rank));
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  return buildLoops(b, inputs, init, maps, iterators, body);
}

Value mlir::qat::mapElements(ImplicitLocOpBuilder &b, ValueRange inputs,
                             ArrayRef<AffineMap> inputMaps,
                             RankedTensorType type, ElementBuilder body) {
  Value init =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  return mapInto(b, inputs, inputMaps, init, body);
}

Value mlir::qat::mapElements(ImplicitLocOpBuilder &b, ValueRange inputs,
                             RankedTensorType type, ElementBuilder body) {
  SmallVector<AffineMap> maps(inputs.size(),
                              b.getMultiDimIdentityMap(type.getRank()));
  return mapElements(b, inputs, maps, type, body);
}

Value mlir::qat::mapElementsInto(ImplicitLocOpBuilder &b, ValueRange inputs,
                                 Value init, ElementBuilder body) {
  unsigned rank = cast<RankedTensorType>(init.getType()).getRank();
  SmallVector<AffineMap> maps(inputs.size(), b.getMultiDimIdentityMap(rank));
  return mapInto(b, inputs, maps, init, body);
}

Value mlir::qat::buildFilled(ImplicitLocOpBuilder &b, RankedTensorType type,
                             Value value) {
  Value empty =
      tensor::EmptyOp::create(b, type.getShape(), type.getElementType());
  return linalg::FillOp::create(b, value, empty).getResult(0);
}

AffineMap mlir::qat::getAxesMap(MLIRContext *context, unsigned rank,
                                ArrayRef<int64_t> axes) {
  SmallVector<AffineExpr> results;
  for (int64_t axis : axes)
    results.push_back(getAffineDimExpr(axis, context));
  return AffineMap::get(rank, /*symbolCount=*/0, results, context);
}

Value mlir::qat::shapeAsChannels(ImplicitLocOpBuilder &b, Value vector,
                                 RankedTensorType type,
                                 ArrayRef<int64_t> axes) {
  if (axes.size() == 1)
    return vector;
  SmallVector<int64_t> shape;
  ReassociationIndices all;
  for (auto [index, axis] : llvm::enumerate(axes)) {
    shape.push_back(type.getDimSize(axis));
    all.push_back(index);
  }
  return tensor::ExpandShapeOp::create(
      b,
      RankedTensorType::get(
          shape, cast<RankedTensorType>(vector.getType()).getElementType()),
      vector,
      axes.empty() ? ArrayRef<ReassociationIndices>()
                   : ArrayRef<ReassociationIndices>(all));
}

Value mlir::qat::buildScalar(ImplicitLocOpBuilder &b, Type type,
                             int64_t value) {
  if (!type.isInteger())
    return arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
  // The builder would fill up a negative value of more than 64 bits with zeros.
  APInt bits(type.getIntOrFloatBitWidth(), value, /*isSigned=*/true,
             /*implicitTrunc=*/true);
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, bits));
}

Value mlir::qat::buildFloat(ImplicitLocOpBuilder &b, Type type, double value) {
  return arith::ConstantOp::create(b, b.getFloatAttr(type, value));
}
