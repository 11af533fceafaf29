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
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"

#include <optional>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace mlir::qat {

/// As what a network is computed: in floating point without quantizers, as the
/// fake-quantized graph of the frozen network, or in integers.
enum class ComputedForm { Float, Fake, Integer };

/// How the layers of the fake-quantized graph are computed (docs/Spec.md,
/// section 5): by float sums of fake-quantized numbers, or on their exact
/// integers.
enum class ForwardKind { Float, Integer };

/// "float", "fake" or "integer".
llvm::StringRef stringifyComputedForm(ComputedForm form);

/// `wanted`, or, without it, what suits the network best: form F is float, form
/// Q fake and form I integer. Fails where the network, which is called `path`,
/// has no such form: F is float alone and I integer alone.
llvm::Expected<ComputedForm>
chooseComputedForm(ModuleOp module, llvm::StringRef path,
                   std::optional<ComputedForm> wanted);

/// Adds the passes that make `form`, one that `module` has, of it. `forward`
/// counts for the fake-quantized graph of a network that is yet to be frozen.
void addFormPasses(OpPassManager &manager, ModuleOp module, ComputedForm form,
                   ForwardKind forward = ForwardKind::Float);

/// The option --forward of the commands that compute networks, with what holds
/// without it.
class ForwardOption : public llvm::cl::opt<ForwardKind> {
public:
  explicit ForwardOption(llvm::cl::OptionCategory &category,
                         ForwardKind standard = ForwardKind::Float);
};

} // namespace mlir::qat

#endif // QAT_EVALUATION_COMPUTEDFORM_H
