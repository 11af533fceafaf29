//===- ComputedForm.h - a network computed in one of its forms --*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_EVALUATION_COMPUTEDFORM_H
#define QAT_EVALUATION_COMPUTEDFORM_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <optional>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace mlir::qat {

/// As what a network is computed: in floating point without quantizers, as the
/// fake-quantized graph of the frozen network, or in integers.
enum class ComputedForm { Float, Fake, Integer };

/// "float", "fake" or "integer".
llvm::StringRef stringifyComputedForm(ComputedForm form);

/// `wanted`, or, without it, what suits the network best: form F is float, form
/// Q fake and form I integer. Fails where the network, which is called `path`,
/// has no such form: F is float alone and I integer alone.
llvm::Expected<ComputedForm>
chooseComputedForm(ModuleOp module, llvm::StringRef path,
                   std::optional<ComputedForm> wanted);

/// Adds the passes that make `form`, one that `module` has, of it.
void addFormPasses(OpPassManager &manager, ModuleOp module, ComputedForm form);

} // namespace mlir::qat

#endif // QAT_EVALUATION_COMPUTEDFORM_H
