//===- PlanReport.h - an assignment as a table and as JSON ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_ASSIGNMENT_PLANREPORT_H
#define QAT_ASSIGNMENT_PLANREPORT_H

#include "qat/Assignment/AssignPrecision.h"

#include "llvm/Support/JSON.h"

namespace mlir::qat {

/// For people: a row a layer, and totals against the budgets, and up to eight
/// changes that help where one failed. Why it did is for explainAssignment to
/// say.
void printPlan(const PrecisionNetwork &network,
               const AssignmentOptions &options, const Assignment &assignment,
               llvm::raw_ostream &os);

/// For machines: `{"network", "policy", "status", "layers": [{"name", "w_bits",
/// "a_bits_in", "a_bits_out", "quant_type", "fold_type", "weight_bytes",
/// "extra_bytes"}], "rom_bytes", "ram_bytes", "message"}`. Bytes may have
/// eighths. What a layer has not, or a stage that did not run would give, is
/// null; `a_bits_in` is a list where a layer reads several tensors.
llvm::json::Value planToJson(llvm::StringRef networkName,
                             const PrecisionNetwork &network,
                             const AssignmentOptions &options,
                             const Assignment &assignment);

} // namespace mlir::qat

#endif // QAT_ASSIGNMENT_PLANREPORT_H
