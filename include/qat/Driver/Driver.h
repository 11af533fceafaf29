//===- Driver.h - the qat command -------------------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DRIVER_DRIVER_H
#define QAT_DRIVER_DRIVER_H

namespace mlir::qat {

/// Runs `qat COMMAND ...`. Returns the exit status of docs/Commands.md: 0 done,
/// 1 the input or the request cannot be served, 2 wrong usage.
int runDriver(int argc, char **argv);

} // namespace mlir::qat

#endif // QAT_DRIVER_DRIVER_H
