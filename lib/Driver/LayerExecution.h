//===- LayerExecution.h - every layer's output on the host ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DRIVER_LAYEREXECUTION_H
#define QAT_LIB_DRIVER_LAYEREXECUTION_H

#include "qat/Target/C/CProject.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <functional>
#include <vector>

namespace mlir::qat {

/// Compiles a network in form I for this machine such that one run gives the
/// output of every integer layer, in the order of the module; layers that do
/// not contribute to the result are left out. `formI` is not changed, and must
/// outlive the function that is returned.
llvm::Expected<std::function<llvm::Error(const StoredTensor &input,
                                         std::vector<StoredTensor> &outputs)>>
compileLayers(ModuleOp formI);

} // namespace mlir::qat

#endif // QAT_LIB_DRIVER_LAYEREXECUTION_H
