//===- Boards.h - the simulated boards --------------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_SIMULATOR_BOARDS_H
#define QAT_LIB_SIMULATOR_BOARDS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>

namespace mlir::qat {

struct MemoryRegion {
  uint64_t origin, length;
};

/// A target of `qat deploy`, and the board of QEMU that stands for it. A new
/// board is a row of the table in Boards.cpp.
struct Board {
  llvm::StringLiteral target;
  /// As QEMU names it.
  llvm::StringLiteral machine;
  /// For the compiler, separated by spaces.
  llvm::StringLiteral flags;
  /// Holds the vectors at its start, code and constants.
  MemoryRegion code;
  /// Stack and variables. What lies below it must be unmapped, so that a stack
  /// that is too small is noticed.
  MemoryRegion data;
  /// Takes weights and arena where they do not fit the others.
  MemoryRegion large;
};

llvm::ArrayRef<Board> getBoards();

/// The board of a target, or null.
const Board *findBoard(llvm::StringRef target);

/// The linker script of a program with so many bytes of constants and of
/// zero-initialized variables on `board`.
std::string getLinkerScript(const Board &board, uint64_t constantBytes,
                            uint64_t variableBytes);

} // namespace mlir::qat

#endif // QAT_LIB_SIMULATOR_BOARDS_H
