//===- ChooseStorage.h - how each tensor lies in memory ---------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_C_CHOOSESTORAGE_H
#define QAT_LIB_TARGET_C_CHOOSESTORAGE_H

#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Target/C/KernelInfo.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace mlir::qat {

/// The storage of every activation and the kernel of every layer.
struct StorageChoice {
  DenseMap<Value, Storage> storages;
  DenseMap<Operation *, const KernelInfo *> kernels;
};

/// Starts with the narrowest storage of every tensor and widens to bytes where
/// a layer has no kernel for it. Weights are widened before activations. Fails,
/// with an error at the layer, where bytes do not help either.
FailureOr<StorageChoice> chooseStorage(func::FuncOp function, StringRef target);

/// The kind of kernel that a layer needs; none for other ops.
std::optional<KernelKind> getKernelKind(Operation *op);

} // namespace mlir::qat

#endif // QAT_LIB_TARGET_C_CHOOSESTORAGE_H
