//===- StoredWeights.h - the integers of a layer's weights -----------*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_IR_STOREDWEIGHTS_H
#define QAT_DIALECT_QAT_IR_STOREDWEIGHTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <cstdint>

namespace mlir::qat {

/// The constant behind the quant.scast that gives `weights`: stored integers,
/// zero point included. Null where they are not constant.
ElementsAttr getStoredWeights(Value weights);

/// Calls `f(flat index, stored value)` for every element. `isSigned` is that of
/// the storage type, which the attribute does not know. False, without a call,
/// where the elements cannot be read (a resource that is missing, or one not of
/// bytes).
bool forEachStored(ElementsAttr stored, bool isSigned,
                   llvm::function_ref<void(int64_t, int64_t)> f);

/// Emits an error where `layer` is a layer with constant weights, one of which
/// lies outside of the storage range of its type, `i8<-1:1>` for example: host
/// and C would compute different numbers. This reads all weights of a range
/// that is narrower than its integers, so passes that read weights call it and
/// verifiers do not.
LogicalResult verifyStoredWeights(Operation *layer);

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_IR_STOREDWEIGHTS_H
