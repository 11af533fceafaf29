//===- ScalarInterpreter.h - form I by the scalar reference ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Walks a network in form I and computes every layer with the plain loops of
// qat/Support/IntegerLayers.h: nothing is compiled, lowered or planned, so it
// can say whether the host's code and the emitted C are right.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TEST_RANDOM_SCALARINTERPRETER_H
#define QAT_TEST_RANDOM_SCALARINTERPRETER_H

#include "qat/Support/IntegerLayers.h"

#include "mlir/IR/BuiltinOps.h"

namespace mlir::qat {

/// The outputs of all integer layers of `@main`, in the order of the module,
/// for one input of stored values. Fails on an op that it does not know.
llvm::Expected<std::vector<IntegerTensor>>
interpretLayers(ModuleOp formI, const IntegerTensor &input);

/// As bytes: one an element, or four, little-endian, for 32-bit storage.
std::vector<uint8_t> toBytes(const IntegerTensor &tensor, bool isWide);

} // namespace mlir::qat

#endif // QAT_TEST_RANDOM_SCALARINTERPRETER_H
