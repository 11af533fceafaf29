//===- CText.cpp - pieces of C text ---------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CText.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <limits>

using namespace mlir::qat;
using llvm::ArrayRef;
using llvm::StringRef;

std::string mlir::qat::makeCComment(StringRef text) {
  std::string result;
  for (char c : text) {
    if (!llvm::isPrint(c))
      c = '?';
    // Apart, the characters of these pairs mean nothing.
    if (!result.empty() && ((result.back() == '*' && c == '/') ||
                            (result.back() == '/' && c == '*') ||
                            (result.back() == '?' && c == '?')))
      result += ' ';
    result += c;
  }
  return result;
}

std::string mlir::qat::makeCString(StringRef text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\' || c == '?')
      result += '\\';
    if (llvm::isPrint(c)) {
      result += c;
      continue;
    }
    // Three octal digits end by themselves, hexadecimal ones would not.
    auto byte = static_cast<unsigned char>(c);
    result += '\\';
    for (int shift : {6, 3, 0})
      result += static_cast<char>('0' + ((byte >> shift) & 7));
  }
  return result + "\"";
}

std::string mlir::qat::makeCInteger(int64_t value) {
  if (value == std::numeric_limits<int32_t>::min())
    return "INT32_MIN";
  return std::to_string(value);
}

std::string mlir::qat::makeCDouble(double value) {
  std::string text;
  for (int precision = 1; precision <= 17; ++precision) {
    text.clear();
    llvm::raw_string_ostream(text) << llvm::format("%.*g", precision, value);
    if (std::strtod(text.c_str(), nullptr) == value)
      break;
  }
  if (StringRef(text).find_first_of(".e") == StringRef::npos)
    text += ".0";
  return text;
}

void mlir::qat::printWrapped(llvm::raw_ostream &os, ArrayRef<std::string> items,
                             unsigned indent, unsigned column) {
  for (const auto &[index, item] : llvm::enumerate(items)) {
    bool isLast = index + 1 == items.size();
    size_t width = item.size() + !isLast;
    if (column == 0) {
      os.indent(indent);
      column = indent;
    } else if (index && column + 1 + width > 80) {
      os << "\n";
      os.indent(indent);
      column = indent;
    } else if (index) {
      os << " ";
      ++column;
    }
    os << item << (isLast ? "" : ",");
    column += width;
  }
}

void mlir::qat::printTable(llvm::raw_ostream &os,
                           ArrayRef<std::vector<std::string>> rows,
                           StringRef prefix) {
  std::vector<size_t> widths;
  for (const std::vector<std::string> &row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      if (i == widths.size())
        widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  for (const std::vector<std::string> &row : rows) {
    std::string line = prefix.str();
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      line.append(widths[i] - row[i].size() + 2, ' ');
    }
    os << StringRef(line).rtrim() << "\n";
  }
}
