//===- LayerResults.h - what every layer computes ---------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DIALECT_QAT_TRANSFORMS_LAYERRESULTS_H
#define QAT_LIB_DIALECT_QAT_TRANSFORMS_LAYERRESULTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::qat {

/// The result of each layer of `main`, a function of one block, by the name of
/// the layer and in the order of the network: in form I that of the integer
/// layer, in forms F and Q that of the last op which carries the name. Integer
/// layers of one name are numbered. Parameters and what is done to them alone
/// are no layers.
llvm::MapVector<StringAttr, Value> collectLayerResults(func::FuncOp main);

/// The return of `main`; an error where it has not one block.
FailureOr<func::ReturnOp> getOnlyReturn(func::FuncOp main);

} // namespace mlir::qat

#endif // QAT_LIB_DIALECT_QAT_TRANSFORMS_LAYERRESULTS_H
