//===- RuntimeSources.cpp - the C runtime as text -------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Runtime/RuntimeSources.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include <map>
#include <set>

using namespace llvm;
using namespace mlir::qat;

namespace {
struct EmbeddedFile {
  StringLiteral name;
  StringLiteral text;
};
} // namespace

static constexpr EmbeddedFile files[] = {
#include "RuntimeSources.inc"
};

std::optional<StringRef> mlir::qat::getRuntimeSource(StringRef name) {
  for (const EmbeddedFile &file : files)
    if (file.name == name)
      return file.text;
  return std::nullopt;
}

ArrayRef<StringRef> mlir::qat::getRuntimeSourceNames() {
  static const std::vector<StringRef> names = [] {
    std::vector<StringRef> result;
    for (const EmbeddedFile &file : files)
      result.push_back(file.name);
    return result;
  }();
  return names;
}

Expected<std::vector<RuntimeFile>>
mlir::qat::getRuntimeFilesForKernels(ArrayRef<RuntimeKernel> kernels) {
  std::map<StringRef, std::string> chosen;
  SmallVector<StringRef> worklist;
  std::map<StringRef, std::set<StringRef>> definitions;
  for (const RuntimeKernel &kernel : kernels)
    definitions[kernel.source].insert(kernel.definition);
  for (const auto &[source, lines] : definitions) {
    std::optional<StringRef> text = getRuntimeSource(source);
    if (!text)
      return createStringError("the runtime has no source '" + source + "'");
    chosen[source] =
        (text->rtrim('\n') + "\n\n" + join(lines, "\n") + "\n").str();
    worklist.push_back(source);
  }
  while (!worklist.empty()) {
    std::string text = chosen[worklist.pop_back_val()];
    for (StringRef line : split(text, '\n')) {
      if (!line.consume_front("#include \""))
        continue;
      for (const EmbeddedFile &file : files)
        if (file.name == line.split('"').first &&
            chosen.try_emplace(file.name, file.text.str()).second)
          worklist.push_back(file.name);
    }
  }
  std::vector<RuntimeFile> result;
  for (auto &[name, text] : chosen)
    result.push_back({name.str(), text});
  return result;
}
