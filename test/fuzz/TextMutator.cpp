//===- TextMutator.cpp - mutants of MLIR text that still parse ------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// Changed bytes seldom get past the parser. These mutants keep the text's
/// words whole: numbers become others, words trade places, lines move. Half of
/// the mutants are still libFuzzer's own.
///
//===----------------------------------------------------------------------===//

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"

#include <algorithm>
#include <random>
#include <string>

using namespace llvm;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

using Random = std::minstd_rand;

static size_t pick(Random &random, size_t count) {
  return std::uniform_int_distribution<size_t>(0, count - 1)(random);
}

/// The words of `text`: runs of what names, numbers and types are made of.
static SmallVector<StringRef> findWords(StringRef text) {
  SmallVector<StringRef> words;
  auto isWord = [](char c) {
    return isAlnum(c) || StringRef("_.%@#!$").contains(c);
  };
  while (true) {
    text = text.drop_until(isWord);
    if (text.empty())
      return words;
    words.push_back(text.take_while(isWord));
    text = text.drop_front(words.back().size());
  }
}

static std::string replace(StringRef text, StringRef part, StringRef by) {
  return (text.take_front(part.data() - text.data()) + by +
          text.drop_front(part.end() - text.data()))
      .str();
}

static std::string changeNumber(StringRef text, Random &random) {
  static const StringRef integers[] = {
      "0", "1",   "2",   "3",     "4",          "7",          "8",
      "9", "127", "255", "65536", "2147483647", "4294967296", "-1"};
  static const StringRef reals[] = {"0.0",     "-1.0", "1.0e+38",
                                    "1.0e-45", "0.1",  "255.0"};
  SmallVector<StringRef> numbers;
  for (StringRef word : findWords(text)) {
    if (isDigit(word.front()) && word.size() < 40)
      numbers.push_back(word);
  }
  if (numbers.empty())
    return text.str();
  StringRef number = numbers[pick(random, numbers.size())];
  if (number.contains('.'))
    return replace(text, number, reals[pick(random, std::size(reals))]);
  // One dimension of a shape, 1x8x8x3xf32.
  SmallVector<StringRef> dims;
  number.split(dims, 'x');
  StringRef dim = dims[pick(random, dims.size())];
  if (dim.empty() || !all_of(dim, isDigit))
    dim = dims.front();
  return replace(text, dim, integers[pick(random, std::size(integers))]);
}

static std::string changeWord(StringRef text, Random &random) {
  SmallVector<StringRef> words = findWords(text);
  if (words.empty())
    return text.str();
  StringRef from = words[pick(random, words.size())];
  StringRef to = words[pick(random, words.size())];
  return to.size() > 200 ? text.str() : replace(text, from, to);
}

static std::string changeLines(StringRef text, Random &random) {
  SmallVector<StringRef> lines;
  text.split(lines, '\n');
  size_t a = pick(random, lines.size()), b = pick(random, lines.size());
  switch (pick(random, 3)) {
  case 0:
    lines.erase(lines.begin() + a);
    break;
  case 1:
    lines.insert(lines.begin() + b, StringRef(lines[a]));
    break;
  default:
    std::swap(lines[a], lines[b]);
  }
  return join(lines, "\n");
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  Random random(seed);
  if (size == 0 || pick(random, 2) == 0)
    return LLVMFuzzerMutate(data, size, maxSize);
  std::string text(reinterpret_cast<const char *>(data), size);
  for (size_t i = 0, count = 1 + pick(random, 3); i < count; ++i) {
    switch (pick(random, 5)) {
    case 0:
    case 1:
      text = changeNumber(text, random);
      break;
    case 2:
    case 3:
      text = changeWord(text, random);
      break;
    default:
      text = changeLines(text, random);
    }
  }
  size_t length = std::min(text.size(), maxSize);
  std::copy_n(text.begin(), length, data);
  return length;
}
