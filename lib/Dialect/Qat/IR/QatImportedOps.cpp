//===- QatImportedOps.cpp - verifiers of layers of imported networks ------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntegerVerifiers.h"

#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Dialect/Qat/IR/ScaleRounding.h"

#include <algorithm>

using namespace mlir;
using namespace mlir::qat;
using quant::UniformQuantizedType;

/// The first two constraints of an elementwise layer: one shape, 8 bits, and
/// the zero points.
static LogicalResult verifyElementwise(Operation *op) {
  Value result = op->getResult(0);
  for (Value operand : op->getOperands())
    if (tensorType(operand).getShape() != tensorType(result).getShape())
      return op->emitOpError("expects operands of the result's shape [")
             << tensorType(result).getShape() << "], but got ["
             << tensorType(operand).getShape() << "]";
  for (Value operand : op->getOperands())
    if (gridOf(operand).getStorageTypeIntegralWidth() > 8)
      return op->emitOpError("expects operands of at most 8 bits, but got ")
             << gridOf(operand).getStorageType();
  if (gridOf(result).getStorageTypeIntegralWidth() > 8)
    return op->emitOpError("expects a result of at most 8 bits, but got ")
           << gridOf(result).getStorageType();
  return verifyZeroPoints(op);
}

//===----------------------------------------------------------------------===//
// rescaled_add
//===----------------------------------------------------------------------===//

static LogicalResult verifyScale(Operation *op, int64_t multiplier,
                                 int64_t shift) {
  if (multiplier < 0) // rescaled_add_c3
    return op->emitOpError("expects no negative multiplier, but got ")
           << multiplier;
  if (shift < 2 || shift > 62) // rescaled_add_c3
    return op->emitOpError("expects shifts between 2 and 62, but got ")
           << shift;
  return success();
}

static bool fitsInt32(int64_t value) {
  return value == static_cast<int32_t>(value);
}

/// The smallest and the largest value that the operand takes once it is scaled.
/// Scaling with multipliers that are not negative keeps the order.
static FailureOr<std::pair<int64_t, int64_t>>
getScaledRange(RescaledAddOp op, UniformQuantizedType grid,
               ArrayRef<int32_t> multipliers, ArrayRef<int8_t> shifts) {
  int64_t ends[2] = {grid.getStorageTypeMin() - grid.getZeroPoint(),
                     grid.getStorageTypeMax() - grid.getZeroPoint()};
  for (auto [multiplier, shift] : llvm::zip_equal(multipliers, shifts))
    for (int64_t &end : ends) {
      end = applyMultiplier(end, {multiplier, shift},
                            getScaleRounding(op.getRounding()));
      if (!fitsInt32(end)) // c5
        return op.emitOpError("expects scaled operands that fit int32, but one "
                              "reaches ")
               << end;
    }
  return std::make_pair(ends[0], ends[1]);
}

LogicalResult RescaledAddOp::verify() {
  if (failed(verifyElementwise(*this))) // c1, c4, c6
    return failure();
  for (auto [multipliers, shifts, what] :
       {std::tuple<ArrayRef<int32_t>, ArrayRef<int8_t>, StringRef>(
            getLhsMultiplier(), getLhsShift(), "lhs"),
        {getRhsMultiplier(), getRhsShift(), "rhs"}}) {
    if (multipliers.empty() || multipliers.size() > 2 ||
        multipliers.size() != shifts.size()) // c2
      return emitOpError("expects '")
             << what << "_multiplier' and '" << what
             << "_shift' to have 1 or 2 elements, but got "
             << multipliers.size() << " and " << shifts.size();
    for (auto [multiplier, shift] : llvm::zip_equal(multipliers, shifts))
      if (failed(verifyScale(*this, multiplier, shift)))
        return failure();
  }
  if (getRounding() == ScaleRoundingMode::Floor) // c3
    return emitOpError("expects 'rounding' single_round or double_round");
  int32_t multiplier = getMultiplierAttr().getInt();
  int32_t shift = getShiftAttr().getInt();
  if (failed(verifyScale(*this, multiplier, shift)))
    return failure();
  auto lhs = getScaledRange(*this, gridOf(getLhs()), getLhsMultiplier(),
                            getLhsShift());
  if (failed(lhs))
    return failure();
  auto rhs = getScaledRange(*this, gridOf(getRhs()), getRhsMultiplier(),
                            getRhsShift());
  if (failed(rhs))
    return failure();
  for (int64_t sum : {lhs->first + rhs->first, lhs->second + rhs->second}) {
    int64_t scaled = applyMultiplier(sum, {multiplier, shift},
                                     getScaleRounding(getRounding()));
    if (!fitsInt32(sum) || !fitsInt32(scaled)) // c5
      return emitOpError("expects a sum that fits int32, also scaled, but it "
                         "reaches ")
             << sum << ", scaled " << scaled;
  }
  return success();
}

Value RescaledAddOp::getInPlaceOperand() { return getLhs(); }

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

/// One element for every stored value of `grid`.
static LogicalResult verifyTableSize(Operation *op, StringRef name, size_t size,
                                     UniformQuantizedType grid) {
  int64_t expected = grid.getStorageTypeMax() - grid.getStorageTypeMin() + 1;
  if (static_cast<int64_t>(size) == expected)
    return success();
  return op->emitOpError("expects '")
         << name << "' to have one element for every stored value (" << expected
         << "), but got " << size;
}

LogicalResult TableOp::verify() {
  if (failed(verifyElementwise(*this)) || // c1, c2, c4
      failed(verifyTableSize(*this, "values", getValues().size(),
                             gridOf(getInput())))) // c3
    return failure();
  UniformQuantizedType grid = gridOf(getResult());
  for (int32_t value : getValues())
    if (value < grid.getStorageTypeMin() || value > grid.getStorageTypeMax())
      return emitOpError(
                 "expects 'values' in the storage range of the result [")
             << grid.getStorageTypeMin() << ", " << grid.getStorageTypeMax()
             << "], but got " << value; // c3
  return success();
}

Value TableOp::getInPlaceOperand() { return getInput(); }

LogicalResult TableSoftmaxOp::verify() {
  if (tensorType(getInput()).getRank() == 0) // c1
    return emitOpError("expects an input of rank 1 or more");
  if (failed(verifyElementwise(*this)) || // c1, c2, c5
      failed(verifyTableSize(*this, "table", getTable().size(),
                             gridOf(getInput())))) // c3
    return failure();
  int32_t smallest = *std::min_element(getTable().begin(), getTable().end());
  int64_t largest = *std::max_element(getTable().begin(), getTable().end());
  if (smallest < 0 || getTable().front() < (1 << 12)) // c3
    return emitOpError("expects 'table' without negative elements, the first "
                       "at least 4096, but got ")
           << (smallest < 0 ? smallest : getTable().front());
  int64_t channels = tensorType(getInput()).getShape().back();
  if (channels * ((largest + (1 << 11)) >> 12) >= int64_t(1) << 28) // c4
    return emitOpError("expects a sum of exponentials below 2^28, but ")
           << channels << " of " << largest << " reach it";
  return success();
}
