//===- IntegerConstants.cpp - stored values of constants ------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntegerConstants.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

std::optional<std::vector<int32_t>> qat::getIntegers(ElementsAttr attr,
                                                     bool isSigned) {
  auto element = dyn_cast<IntegerType>(attr.getElementType());
  if (!element || element.getWidth() > 32)
    return std::nullopt;
  unsigned width = element.getWidth();
  std::vector<int32_t> values;
  values.reserve(attr.getNumElements());

  if (auto dense = dyn_cast<DenseElementsAttr>(attr)) {
    for (const APInt &value : dense.getValues<APInt>())
      values.push_back(isSigned ? value.getSExtValue() : value.getZExtValue());
    return values;
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(attr);
  if (!resource)
    return std::nullopt;
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  int64_t count = attr.getNumElements();
  if (!blob || (width != 8 && width != 32) ||
      static_cast<int64_t>(blob->getData().size()) != count * (width / 8))
    return std::nullopt;
  const char *data = blob->getData().data();
  for (int64_t i = 0; i < count; ++i) {
    uint32_t bits = 0;
    memcpy(&bits, data + i * (width / 8), width / 8); // little-endian hosts
    if (isSigned && width == 8)
      bits = static_cast<uint32_t>(static_cast<int8_t>(bits));
    values.push_back(static_cast<int32_t>(bits));
  }
  return values;
}
