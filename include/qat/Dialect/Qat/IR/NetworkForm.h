//===- NetworkForm.h - which form a network is in --------------------*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_IR_NETWORKFORM_H
#define QAT_DIALECT_QAT_IR_NETWORKFORM_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::qat {

/// The forms of docs/Overview.md that a file can hold.
enum class NetworkForm { Float, FakeQuantized, Integer };

/// The form of `@main` of `module`: integer where its input is of quantized
/// type, fake-quantized where it has activation quantizers, else float.
NetworkForm getNetworkForm(ModuleOp module);

/// The attribute that qat-insert-quantizers leaves on the module and freezing
/// takes off: the rounding of what has no quantizer of its own, pools and the
/// last layer.
inline constexpr StringLiteral kRoundingAttribute = "qat.rounding";

/// The attribute (unit) that qat-correct-biases leaves on the module: without
/// its quantizers the network is no longer the one that was trained.
inline constexpr StringLiteral kCorrectedAttribute = "qat.corrected";

/// Whether a network with activation quantizers stands as it did before
/// freezing: its weights are quantized in it, or its pools have yet to round.
/// qat-freeze-fake-quantization leaves neither.
bool awaitsFreezing(ModuleOp module);

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_IR_NETWORKFORM_H
