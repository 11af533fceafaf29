//===- TextTable.cpp - columns for people ---------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/TextTable.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

using namespace llvm;

void mlir::qat::printTable(const std::vector<std::vector<std::string>> &rows,
                           size_t rightAligned, raw_ostream &os) {
  if (rows.empty())
    return;
  std::vector<size_t> widths(rows.front().size());
  for (const auto &row : rows)
    for (auto [column, cell] : enumerate(row))
      widths[column] = std::max(widths[column], cell.size());
  for (const auto &row : rows) {
    std::string line;
    for (auto [column, cell] : enumerate(row)) {
      std::string padding(widths[column] - cell.size(), ' ');
      bool isRight = column + rightAligned >= row.size();
      line +=
          (column ? "  " : "") + (isRight ? padding + cell : cell + padding);
    }
    os << StringRef(line).rtrim() << "\n";
  }
}
