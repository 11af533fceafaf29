//===- RaiserGrids.cpp - grids and constants of a raised network ----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "Raiser.h"

#include "qat/Dialect/Qat/IR/LayerName.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/Matchers.h"

#include <functional>

using namespace mlir;
using namespace mlir::qat;
using quant::UniformQuantizedPerAxisType;
using quant::UniformQuantizedType;
using quant::QuantizationFlags::Signed;

UniformQuantizedType Raiser::getGrid(StringRef tensor, int64_t zeroPoint) {
  double scale = 1.0;
  // The zero point that the ops compute with is right in any case; a grid that
  // says another one is not this tensor's.
  if (grids && !tensor.empty())
    if (auto type = grids.getAs<TypeAttr>(tensor))
      if (auto grid = dyn_cast<UniformQuantizedType>(type.getValue()))
        if (grid.getZeroPoint() == zeroPoint)
          scale = grid.getScale();
  return UniformQuantizedType::get(Signed, builder.getI8Type(),
                                   builder.getF32Type(), scale, zeroPoint,
                                   INT8_MIN, INT8_MAX);
}

quant::QuantizedType Raiser::getWeightGrid(Value weights, int64_t zeroPoint,
                                           int64_t channels, int32_t axis) {
  Type f32 = builder.getF32Type(), i8 = builder.getI8Type();
  double scale = 1.0;
  StringRef name = getLayerName(weights.getLoc());
  if (auto type =
          grids && !name.empty() ? grids.getAs<TypeAttr>(name) : TypeAttr()) {
    if (auto grid = dyn_cast<UniformQuantizedType>(type.getValue()))
      scale = grid.getScale();
    auto perAxis = dyn_cast<UniformQuantizedPerAxisType>(type.getValue());
    if (perAxis && static_cast<int64_t>(perAxis.getScales().size()) == channels)
      return UniformQuantizedPerAxisType::get(
          Signed, i8, f32, perAxis.getScales(),
          SmallVector<int64_t>(channels, zeroPoint), axis, INT8_MIN, INT8_MAX);
  }
  return UniformQuantizedType::get(Signed, i8, f32, scale, zeroPoint, INT8_MIN,
                                   INT8_MAX);
}

std::optional<int64_t> Raiser::getZeroPointOfUsers(Value value) {
  std::optional<int64_t> found;
  bool differ = false;
  std::function<void(Value)> visit = [&](Value current) {
    for (OpOperand &use : current.getUses()) {
      Value zero;
      Operation *user = use.getOwner();
      if (auto conv = dyn_cast<tosa::Conv2DOp>(user))
        zero = conv.getInputZp();
      else if (auto conv = dyn_cast<tosa::DepthwiseConv2DOp>(user))
        zero = conv.getInputZp();
      else if (auto rescale = dyn_cast<tosa::RescaleOp>(user))
        zero = rescale.getInputZp();
      else if (isa<tosa::ReshapeOp, tosa::SliceOp, tosa::MaxPool2dOp,
                   tosa::AvgPool2dOp, tosa::ConcatOp, tosa::PadOp,
                   tosa::ClampOp>(user))
        visit(user->getResult(0));
      if (!zero || use.getOperandNumber() != 0)
        continue;
      std::optional<int64_t> here = getSplatInteger(zero);
      differ |= found && found != here;
      found = here;
    }
  };
  visit(value);
  if (differ)
    return std::nullopt;
  return found.value_or(0);
}

Value Raiser::makeWeights(Location loc, Value weights, ArrayRef<int64_t> shape,
                          quant::QuantizedType grid) {
  ElementsAttr elements;
  if (!isInteger(weights, 8) || !matchPattern(weights, m_Constant(&elements)))
    return {};
  std::optional<std::vector<char>> bytes = getElementBytes(elements);
  if (!bytes)
    return {};
  auto type = RankedTensorType::get(shape, builder.getI8Type());
  Value constant = arith::ConstantOp::create(
      builder, loc, type, cast<TypedAttr>(makeElements(type, *bytes)));
  return quant::StorageCastOp::create(builder, loc, type.clone(grid), constant);
}

Value Raiser::makeBias(Location loc, Value bias, int64_t channels) {
  std::optional<std::vector<int64_t>> values = getIntegers(bias);
  if (!values || !isInteger(bias, 32))
    return {};
  SmallVector<int32_t> elements(values->begin(), values->end());
  if (elements.size() == 1)
    elements.resize(channels, elements.front());
  if (static_cast<int64_t>(elements.size()) != channels)
    return {};
  return arith::ConstantOp::create(builder, loc,
                                   builder.getI32TensorAttr(elements));
}

Value Raiser::reshape(Location loc, Value value, ArrayRef<int64_t> shape) {
  RankedTensorType from = tensorType(value), to = from.clone(shape);
  if (from == to)
    return value;
  if (auto groups = getReassociationIndicesForReshape(from, to)) {
    if (from.getRank() > to.getRank())
      return tensor::CollapseShapeOp::create(builder, loc, to, value, *groups);
    return tensor::ExpandShapeOp::create(builder, loc, to, value, *groups);
  }
  // By way of one dimension.
  return reshape(loc, reshape(loc, value, {from.getNumElements()}), shape);
}
