//===- TensorLayout.h - tensors as rows of fields in memory -----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_C_TENSORLAYOUT_H
#define QAT_LIB_TARGET_C_TENSORLAYOUT_H

#include "qat/Target/C/KernelInfo.h"

#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::qat {

/// How a tensor of one image lies in a buffer: rows of packed fields that start
/// on bytes (include/qat-rt/base.h). NHWC tensors have H rows, matrices one row
/// a vector, others a single row.
struct TensorLayout {
  int64_t rows = 1;
  int64_t rowElements = 1;
  Storage storage = Storage::U8;

  TensorLayout(RankedTensorType type, Storage storage) : storage(storage) {
    ArrayRef<int64_t> shape = type.getShape();
    if (type.getRank() == 4)
      rows = shape[0] * shape[1];
    else if (type.getRank() == 2)
      rows = shape[0];
    rowElements = rows ? type.getNumElements() / rows : 0;
  }

  int64_t getPitch() const {
    return llvm::divideCeil(rowElements * getBits(storage), 8);
  }
  int64_t getBytes() const { return rows * getPitch(); }
};

/// The narrowest storage of the elements of a quantized tensor.
inline std::optional<Storage> getNarrowestStorage(quant::QuantizedType type) {
  return getStorage(type.getStorageTypeIntegralWidth(), type.isSigned());
}

} // namespace mlir::qat

#endif // QAT_LIB_TARGET_C_TENSORLAYOUT_H
