//===- FakeAgainstInteger.h - fake layers fed with integers -----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TEST_RANDOM_FAKEAGAINSTINTEGER_H
#define QAT_TEST_RANDOM_FAKEAGAINSTINTEGER_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::qat {

/// What was compared, of one network or of many.
struct FakeCounts {
  uint64_t elements = 0, differing = 0;
  /// Numbers of networks frozen for training that were compared.
  uint64_t frozen = 0;
  /// The largest distance from a step's edge, in steps, of an element that
  /// differs: of layers that add or requantize, and of all others.
  double farthest = 0, farthestAdd = 0;

  FakeCounts &operator+=(const FakeCounts &other);
};

/// Runs the integer network of form Q on a random input, gives every layer of
/// the fake-quantized network what the integer layers before it computed, and
/// compares what it makes of that: at most one step apart, and that only where
/// the float number lies within 1e-4 of a step's edge (1e-3 after an add or a
/// requantization, whose multipliers are rounded to 20 bits; 1e-4 times the
/// factor of a batch norm above 1, which the rounding of sums is multiplied
/// by). Pools and concats are equal. `message` says what differs; it stays
/// empty otherwise.
llvm::Expected<FakeCounts> compareFakeLayers(ModuleOp formQ, uint64_t seed,
                                             std::string &message);

} // namespace mlir::qat

#endif // QAT_TEST_RANDOM_FAKEAGAINSTINTEGER_H
