//===- MemorySizes.cpp - budgets as people write them ---------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Assignment/MemorySizes.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <cmath>

using namespace llvm;
using namespace mlir::qat;

Expected<int64_t> mlir::qat::parseMemorySize(StringRef text) {
  auto fail = [&] {
    return createStringError(
        "expects a size in bytes such as 65536, 64k or 1.5M, but got '" + text +
        "'");
  };
  StringRef number =
      text.take_while([](char c) { return isDigit(c) || c == '.'; });
  std::string suffix = text.drop_front(number.size()).trim().lower();
  double unit = StringSwitch<double>(suffix)
                    .Cases({"", "b"}, 1)
                    .Cases({"k", "kb", "kib"}, 1024)
                    .Cases({"m", "mb", "mib"}, 1024 * 1024)
                    .Cases({"g", "gb", "gib"}, 1024 * 1024 * 1024)
                    .Default(0);
  double value = 0;
  if (number.empty() || unit == 0 || number.getAsDouble(value))
    return fail();
  double bytes = value * unit;
  if (!(bytes <= 0x1p50) || std::floor(bytes) != bytes)
    return fail();
  return static_cast<int64_t>(bytes);
}

Expected<MemoryBudget> mlir::qat::parseMemoryBudget(StringRef text) {
  StringRef list = text.trim();
  bool opens = list.consume_front("["), closes = list.consume_back("]");
  SmallVector<StringRef> parts;
  list.split(parts, ',');
  if (opens != closes || parts.size() != 2)
    return createStringError("expects [ROM,RAM] in bytes, such as [2M,512k], "
                             "but got '" +
                             text + "'");
  int64_t sizes[2];
  for (auto [part, size] : zip_equal(parts, sizes)) {
    StringRef word = part.trim();
    if (word.size() >= 2 && (word[0] == '"' || word[0] == '\'') &&
        word.back() == word[0])
      word = word.drop_front().drop_back().trim();
    Expected<int64_t> bytes = parseMemorySize(word);
    if (!bytes)
      return bytes.takeError();
    size = *bytes;
  }
  return MemoryBudget{sizes[0], sizes[1]};
}
