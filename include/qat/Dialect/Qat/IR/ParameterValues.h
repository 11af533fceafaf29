//===- ParameterValues.h - values that a network cannot have -----*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_IR_PARAMETERVALUES_H
#define QAT_DIALECT_QAT_IR_PARAMETERVALUES_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

namespace mlir::qat {

/// Looks for values that no trained network has, before they spread through
/// every later form: parameters (f32 elements of ml_program.global) and
/// constants that are NaN or infinite, variances of qat.batch_norm that are
/// negative, or 0 without an epsilon. The error names the parameter and the
/// element.
llvm::Error checkParameterValues(ModuleOp module);

/// Refuses tensors of more than 2^31-1 elements, which no form serves, before
/// anything allocates them. The error names the layer.
llvm::Error checkTensorSizes(ModuleOp module);

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_IR_PARAMETERVALUES_H
