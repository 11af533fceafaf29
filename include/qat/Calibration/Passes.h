//===- Passes.h - passes that run the network on data ---------------*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_CALIBRATION_PASSES_H
#define QAT_CALIBRATION_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MLProgram/IR/MLProgram.h"
#include "mlir/Pass/Pass.h"

namespace mlir::qat {

#define GEN_PASS_DECL
#include "qat/Calibration/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "qat/Calibration/Passes.h.inc"

} // namespace mlir::qat

#endif // QAT_CALIBRATION_PASSES_H
