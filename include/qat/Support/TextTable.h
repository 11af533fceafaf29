//===- TextTable.h - columns for people -------------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_TEXTTABLE_H
#define QAT_SUPPORT_TEXTTABLE_H

#include "llvm/Support/raw_ostream.h"

#include <string>
#include <vector>

namespace mlir::qat {

/// Prints rows, all of one length, in columns as wide as their widest cell; the
/// last `rightAligned` columns hold numbers.
void printTable(const std::vector<std::vector<std::string>> &rows,
                size_t rightAligned, llvm::raw_ostream &os);

} // namespace mlir::qat

#endif // QAT_SUPPORT_TEXTTABLE_H
