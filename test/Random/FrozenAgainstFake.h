//===- FrozenAgainstFake.h - networks frozen for training -------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TEST_RANDOM_FROZENAGAINSTFAKE_H
#define QAT_TEST_RANDOM_FROZENAGAINSTFAKE_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::qat {

/// Freezes form Q for training (qat-freeze-for-training) and compares: weights,
/// bias and scale of every layer with the constants of the fake-quantized graph
/// that qat-fake-pipeline makes, bit by bit; the outputs for a random input,
/// likewise where nothing is moved onto the grid on which it lies already; and
/// the integer network that qat-integer-pipeline makes of either, as text. On
/// exact integers (qat-integer-forward) the outputs are the integer network's.
/// Returns how many numbers were compared. `message` says what differs; it
/// stays empty otherwise.
llvm::Expected<uint64_t> compareFrozen(ModuleOp formQ, uint64_t seed,
                                       std::string &message);

} // namespace mlir::qat

#endif // QAT_TEST_RANDOM_FROZENAGAINSTFAKE_H
