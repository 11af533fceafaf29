//===- PrecisionPlan.h - bits of a network by the memory there is -*- C++ -*-=//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_TRANSFORMS_PRECISIONPLAN_H
#define QAT_DIALECT_QAT_TRANSFORMS_PRECISIONPLAN_H

#include "qat/Assignment/AssignPrecision.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"

namespace mlir::qat {

/// What qat-assign-precision decides.
struct PrecisionPlan {
  PrecisionNetwork network;
  AssignmentOptions options;
  Assignment assignment;
  /// The op that begins each step of `network`.
  SmallVector<Operation *> layers;
};

/// Assigns bits to the layers of the one function of `module`, which stays as
/// it is. A budget that cannot be met is a status of the assignment; emits an
/// error where the options or the configuration mean nothing or the network
/// has no integer form.
FailureOr<PrecisionPlan>
planPrecision(ModuleOp module, const QatAssignPrecisionOptions &options);

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_TRANSFORMS_PRECISIONPLAN_H
