//===- LayerFields.h - what a layer tells its kernel -----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_C_LAYERFIELDS_H
#define QAT_LIB_TARGET_C_LAYERFIELDS_H

#include "ChooseStorage.h"
#include "ConcatParts.h"
#include "KernelFields.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::qat {

/// Fills `fields` with what the integer layer `op` tells its kernel: sizes,
/// grids, and its constants, which become globals before `function` whose names
/// begin with `layer`. Gives the elements of one window of one group (0 for
/// layers without windows), by which a kernel's scratch is sized. Fails, with
/// an error on `op`, where the kernels' limits are exceeded or weights are not
/// constant.
FailureOr<int64_t> setLayerFields(Operation *op, StringRef layer,
                                  const StorageChoice &choice,
                                  func::FuncOp function, KernelFields &fields);

/// The fields of a kernel that writes a part of a larger output.
void setPartFields(const ConcatPart &part, KernelFields &fields);

} // namespace mlir::qat

#endif // QAT_LIB_TARGET_C_LAYERFIELDS_H
