//===- MemorySizes.h - budgets as people write them -------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_ASSIGNMENT_MEMORYSIZES_H
#define QAT_ASSIGNMENT_MEMORYSIZES_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>

namespace mlir::qat {

/// The bytes that `text` says: "65536", "64k", "64kB", "64KiB", "1.5M", "2MiB";
/// k is 1024 bytes, M 1024 k, and case does not matter. Fails, with one line,
/// where that is not a whole number from 0 to 2^50.
llvm::Expected<int64_t> parseMemorySize(llvm::StringRef text);

struct MemoryBudget {
  int64_t romBytes = 0, ramBytes = 0;
};

/// ROM and RAM: "[2M,512k]", "2M,512k" or a JSON list of numbers or strings.
llvm::Expected<MemoryBudget> parseMemoryBudget(llvm::StringRef text);

} // namespace mlir::qat

#endif // QAT_ASSIGNMENT_MEMORYSIZES_H
