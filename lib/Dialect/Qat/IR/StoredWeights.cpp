//===- StoredWeights.cpp - the integers of a layer's weights ----------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/StoredWeights.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::qat;

ElementsAttr qat::getStoredWeights(Value weights) {
  auto cast = weights.getDefiningOp<quant::StorageCastOp>();
  ElementsAttr constant;
  if (!cast || !matchPattern(cast.getInput(), m_Constant(&constant)))
    return {};
  return constant;
}

bool qat::forEachStored(ElementsAttr stored, bool isSigned,
                        llvm::function_ref<void(int64_t, int64_t)> f) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(stored)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    int64_t count = stored.getNumElements();
    if (!blob || !stored.getElementType().isInteger(8) ||
        static_cast<int64_t>(blob->getData().size()) != count)
      return false;
    for (auto [index, byte] : llvm::enumerate(blob->getData()))
      f(index, isSigned ? static_cast<int64_t>(static_cast<int8_t>(byte))
                        : static_cast<int64_t>(static_cast<uint8_t>(byte)));
    return true;
  }
  auto values = stored.tryGetValues<APInt>();
  if (!values)
    return false;
  for (auto [index, value] : llvm::enumerate(*values))
    f(index, isSigned ? value.getSExtValue()
                      : static_cast<int64_t>(value.getZExtValue()));
  return true;
}

LogicalResult qat::verifyStoredWeights(Operation *layer) {
  if (!isa<Conv2DOp, DepthwiseConv2DOp, FullyConnectedOp>(layer))
    return success();
  Value weights = layer->getOperand(1);
  auto type = cast<quant::QuantizedType>(
      cast<RankedTensorType>(weights.getType()).getElementType());
  int64_t low = type.getStorageTypeMin(), high = type.getStorageTypeMax();
  unsigned width = type.getStorageTypeIntegralWidth();
  bool isWhole = low == quant::QuantizedType::getDefaultMinimumForInteger(
                            type.isSigned(), width) &&
                 high == quant::QuantizedType::getDefaultMaximumForInteger(
                             type.isSigned(), width);
  ElementsAttr stored = isWhole ? ElementsAttr() : getStoredWeights(weights);
  if (!stored)
    return success();
  std::optional<int64_t> outside;
  forEachStored(stored, type.isSigned(), [&](int64_t, int64_t value) {
    if (!outside && (value < low || value > high))
      outside = value;
  });
  if (!outside)
    return success();
  return layer->emitError("expects weights in their storage range [")
         << low << ", " << high << "], but got " << *outside;
}
