//===- Constants.cpp - what a TOSA network holds as constants -------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constants.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/STLExtras.h"

#include <cstring>

using namespace mlir;
using namespace mlir::qat;

/// Bytes of an element, 0 for types that are not read here.
static size_t getElementSize(Type type) {
  if (type.isF32())
    return 4;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer || !llvm::is_contained({8u, 16u, 32u, 64u}, integer.getWidth()))
    return 0;
  return integer.getWidth() / 8;
}

std::optional<std::vector<char>> qat::getElementBytes(ElementsAttr elements) {
  size_t size = elements ? getElementSize(elements.getElementType()) : 0;
  if (!size)
    return std::nullopt;
  size_t count = elements.getNumElements();
  if (auto dense = dyn_cast<DenseElementsAttr>(elements)) {
    ArrayRef<char> raw = dense.getRawData();
    if (!dense.isSplat())
      return std::vector<char>(raw.begin(), raw.end());
    std::vector<char> bytes(count * size);
    for (size_t i = 0; i < count; ++i)
      std::memcpy(bytes.data() + i * size, raw.data(), size);
    return bytes;
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(elements);
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob || blob->getData().size() != count * size)
    return std::nullopt;
  return std::vector<char>(blob->getData().begin(), blob->getData().end());
}

ElementsAttr qat::makeElements(RankedTensorType type, ArrayRef<char> bytes) {
  if (type.getNumElements() <= 64)
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  return DenseResourceElementsAttr::get(
      type, "constant",
      HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, /*align=*/8,
                                                    /*dataIsMutable=*/false));
}

template <typename T>
static std::vector<int64_t> widen(ArrayRef<char> bytes, size_t count) {
  std::vector<T> values(count);
  std::memcpy(values.data(), bytes.data(), count * sizeof(T));
  return std::vector<int64_t>(values.begin(), values.end());
}

std::optional<std::vector<int64_t>> qat::getIntegers(Value value) {
  ElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)))
    return std::nullopt;
  if (elements.getElementType().isIndex()) { // tosa.const_shape
    std::vector<int64_t> values;
    if (auto dense = dyn_cast<DenseIntElementsAttr>(elements))
      for (const APInt &element : dense.getValues<APInt>())
        values.push_back(element.getSExtValue());
    return values;
  }
  auto type = dyn_cast<IntegerType>(elements.getElementType());
  std::optional<std::vector<char>> bytes = getElementBytes(elements);
  if (!type || !bytes)
    return std::nullopt;
  size_t count = elements.getNumElements();
  switch (type.getWidth()) {
  case 8:
    return widen<int8_t>(*bytes, count);
  case 16:
    return widen<int16_t>(*bytes, count);
  case 32:
    return widen<int32_t>(*bytes, count);
  default:
    return widen<int64_t>(*bytes, count);
  }
}

std::optional<int64_t> qat::getSplatInteger(Value value) {
  std::optional<std::vector<int64_t>> values = getIntegers(value);
  if (!values || values->empty() || !llvm::all_equal(*values))
    return std::nullopt;
  return values->front();
}

bool qat::isZeroConstant(Value value) {
  ElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)))
    return false;
  std::optional<std::vector<char>> bytes = getElementBytes(elements);
  if (!bytes)
    return false;
  if (!elements.getElementType().isF32())
    return llvm::all_of(*bytes, [](char byte) { return byte == 0; });
  // -0 is a zero too.
  for (size_t at = 0; at < bytes->size(); at += 4) {
    float element;
    std::memcpy(&element, bytes->data() + at, 4);
    if (element != 0)
      return false;
  }
  return true;
}
