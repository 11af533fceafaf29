//===- ConstantValues.cpp - numbers out of constants ------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/ConstantValues.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

#include <cstring>

using namespace mlir;
using namespace mlir::qat;

std::optional<std::vector<float>> qat::getFloatElements(Attribute attribute) {
  auto elements = dyn_cast_if_present<ElementsAttr>(attribute);
  if (!elements || !elements.getElementType().isF32())
    return std::nullopt;
  if (auto dense = dyn_cast<DenseElementsAttr>(attribute)) {
    auto values = dense.getValues<float>();
    return std::vector<float>(values.begin(), values.end());
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(attribute);
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob ||
      blob->getData().size() !=
          static_cast<size_t>(elements.getNumElements()) * sizeof(float))
    return std::nullopt;
  // A blob may begin at any byte.
  std::vector<float> values(elements.getNumElements());
  std::memcpy(values.data(), blob->getData().data(), blob->getData().size());
  return values;
}

ElementsAttr qat::getConstant(Value value) {
  ElementsAttr constant;
  if (matchPattern(value, m_Constant(&constant)))
    return constant;
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumResults() != 1 ||
      op->getName().getDialectNamespace() != StringRef("qat"))
    return {};
  SmallVector<Attribute> operands;
  for (Value operand : op->getOperands()) {
    operands.push_back(getConstant(operand));
    if (!operands.back())
      return {};
  }
  SmallVector<OpFoldResult> results;
  if (failed(op->fold(operands, results)) || results.size() != 1)
    return {};
  return dyn_cast_if_present<ElementsAttr>(dyn_cast<Attribute>(results[0]));
}

std::optional<std::vector<float>> qat::getConstantFloats(Value value) {
  return getFloatElements(getConstant(value));
}

/// Whether the data of `resource`, an attribute of `op`, is all there.
static LogicalResult verifyResource(Operation *op,
                                    DenseResourceElementsAttr resource) {
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  StringRef key = resource.getRawHandle().getKey();
  if (!blob)
    return op->emitError("resource '") << key << "' has no data in the file";
  Type element = resource.getElementType();
  int64_t bits = element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 0;
  // Below 8 bits an element takes a byte.
  int64_t expected =
      resource.getType().getNumElements() * std::max<int64_t>(bits / 8, 1);
  int64_t bytes = blob->getData().size();
  if (bytes == expected)
    return success();
  return op->emitError("resource '")
         << key << "' holds " << bytes << " bytes, but " << resource.getType()
         << " takes " << expected;
}

/// Whether the elements of `dense`, an attribute of `op`, are all there: MLIR
/// parses `dense<"0x"> : tensor<4xf32>` to an attribute without data.
static LogicalResult verifyDense(Operation *op, DenseElementsAttr dense) {
  if (isa<DenseStringElementsAttr>(dense) || !dense.getRawData().empty() ||
      dense.getNumElements() == 0)
    return success();
  // Not on the operation: that would print it, and read what is not there.
  return emitError(op->getLoc(), "a constant of ")
         << dense.getType() << " has no data";
}

LogicalResult qat::verifyResources(Operation *module) {
  WalkResult result = module->walk([&](Operation *op) {
    for (NamedAttribute attribute : op->getAttrs()) {
      WalkResult inner = attribute.getValue().walk([&](Attribute value) {
        LogicalResult isWhole = success();
        if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
          isWhole = verifyResource(op, resource);
        else if (auto dense = dyn_cast<DenseElementsAttr>(value))
          isWhole = verifyDense(op, dense);
        return failed(isWhole) ? WalkResult::interrupt()
                               : WalkResult::advance();
      });
      if (inner.wasInterrupted())
        return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// For each element of the row-major array its place in channel-major order.
static std::vector<int64_t> getChannelMajorOrder(ArrayRef<int64_t> shape,
                                                 ArrayRef<int64_t> axes) {
  SmallVector<int64_t> order(axes.begin(), axes.end());
  for (int64_t axis = 0, rank = shape.size(); axis < rank; ++axis)
    if (!llvm::is_contained(axes, axis))
      order.push_back(axis);
  // Strides of the permuted array, by original axis.
  SmallVector<int64_t> strides(shape.size());
  int64_t count = 1;
  for (int64_t axis : llvm::reverse(order)) {
    strides[axis] = count;
    count *= shape[axis];
  }
  std::vector<int64_t> places(count);
  SmallVector<int64_t> index(shape.size(), 0);
  int64_t place = 0;
  for (int64_t &out : places) {
    out = place;
    for (int64_t axis = shape.size() - 1; axis >= 0; --axis) {
      place += strides[axis];
      if (++index[axis] < shape[axis])
        break;
      place -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return places;
}

template <typename T>
std::vector<T> qat::toChannelMajor(ArrayRef<T> elements,
                                   ArrayRef<int64_t> shape,
                                   ArrayRef<int64_t> axes) {
  std::vector<T> result(elements.size());
  for (auto [place, element] :
       llvm::zip_equal(getChannelMajorOrder(shape, axes), elements))
    result[place] = element;
  return result;
}

template <typename T>
std::vector<T> qat::fromChannelMajor(ArrayRef<T> elements,
                                     ArrayRef<int64_t> shape,
                                     ArrayRef<int64_t> axes) {
  std::vector<T> result;
  result.reserve(elements.size());
  for (int64_t place : getChannelMajorOrder(shape, axes))
    result.push_back(elements[place]);
  return result;
}

template std::vector<float>
    qat::toChannelMajor(ArrayRef<float>, ArrayRef<int64_t>, ArrayRef<int64_t>);
template std::vector<float> qat::fromChannelMajor(ArrayRef<float>,
                                                  ArrayRef<int64_t>,
                                                  ArrayRef<int64_t>);
template std::vector<int32_t> qat::fromChannelMajor(ArrayRef<int32_t>,
                                                    ArrayRef<int64_t>,
                                                    ArrayRef<int64_t>);
