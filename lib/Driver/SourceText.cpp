//===- SourceText.cpp - is a file MLIR at all -----------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SourceText.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"

using namespace llvm;

static constexpr StringLiteral kBytecodeMagic = "ML\xefR";

/// Each level takes some hundred bytes to a few kilobytes of the parser's
/// stack; a network of ours has about ten.
static constexpr unsigned kDeepest = 500;

/// The line in which brackets outside of strings and comments are nested too
/// deep, or 0. An arrow's `>` closes nothing; a comparison's may, which only
/// lessens the depth.
static size_t findDeepNesting(StringRef text) {
  unsigned depth = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (inString) {
      if (c == '\\')
        ++i; // whatever it escapes
      else if (c == '"' || c == '\n')
        inString = false;
      continue;
    }
    if (c == '"')
      inString = true;
    else if (c == '/' && text.substr(i).starts_with("//"))
      i = std::min(text.find('\n', i), text.size());
    else if (c == '(' || c == '[' || c == '{' || c == '<')
      ++depth;
    else if (c == ')' || c == ']' || c == '}' ||
             (c == '>' && (i == 0 || text[i - 1] != '-')))
      depth -= depth != 0;
    if (depth > kDeepest)
      return text.take_front(i).count('\n') + 1;
  }
  return 0;
}

/// Whether a resource in the section at the end states the alignment 0, its
/// first four bytes, which upstream's allocation does not survive.
static bool hasUnalignedResource(StringRef text) {
  size_t section = text.rfind("{-#");
  return section != StringRef::npos &&
         text.find("\"0x00000000", section) != StringRef::npos;
}

Error mlir::qat::checkSourceText(StringRef path, StringRef text) {
  if (text.starts_with(kBytecodeMagic))
    return Error::success();
  if (text.starts_with("\x93NUMPY"))
    return createStringError("'" + path +
                             "' is an array (.npy), not a network");
  if (text.take_front(4096).contains('\0'))
    return createStringError("'" + path +
                             "' is neither MLIR text nor bytecode; `qat "
                             "import` reads models of other formats, told by "
                             "the name's ending");
  if (size_t line = findDeepNesting(text))
    return createStringError("'" + path + "': brackets are nested more than " +
                             Twine(kDeepest) + " deep in line " + Twine(line) +
                             "; no network needs that");
  if (hasUnalignedResource(text))
    return createStringError("'" + path +
                             "': a resource has the alignment 0; the first "
                             "four bytes of its data state it");
  return Error::success();
}
