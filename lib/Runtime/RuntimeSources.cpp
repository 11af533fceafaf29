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

/// The kernel that a line defines, for example
/// `QAT_CONV2D_KERNEL(qat_conv2d_u8_u8_u8, u8, u8, u8, QAT_ACC32)`; empty where
/// a line is anything else.
static StringRef getDefinedKernel(StringRef line) {
  auto [macro, arguments] = line.split('(');
  if (!macro.starts_with("QAT_") || !macro.ends_with("_KERNEL"))
    return {};
  return arguments.split(',').first.trim();
}

/// Which file defines which kernel.
static const std::map<StringRef, const EmbeddedFile *> &getKernels() {
  static const std::map<StringRef, const EmbeddedFile *> kernels = [] {
    std::map<StringRef, const EmbeddedFile *> result;
    for (const EmbeddedFile &file : files)
      if (file.name.ends_with(".c"))
        for (StringRef line : split(file.text, '\n'))
          if (StringRef kernel = getDefinedKernel(line); !kernel.empty())
            result[kernel] = &file;
    return result;
  }();
  return kernels;
}

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

bool mlir::qat::hasRuntimeKernel(StringRef kernel) {
  return getKernels().count(kernel);
}

Expected<std::vector<RuntimeFile>>
mlir::qat::getRuntimeFilesForKernels(ArrayRef<StringRef> kernels) {
  std::map<StringRef, std::string> chosen;
  SmallVector<StringRef> worklist;
  for (StringRef kernel : kernels) {
    auto found = getKernels().find(kernel);
    if (found == getKernels().end())
      return createStringError("the runtime has no kernel '" + kernel + "'");
    const EmbeddedFile &file = *found->second;
    if (!chosen.try_emplace(file.name).second)
      continue;
    for (StringRef line : split(file.text.rtrim('\n'), '\n'))
      if (StringRef defined = getDefinedKernel(line);
          defined.empty() || is_contained(kernels, defined))
        chosen[file.name] += (line + "\n").str();
    worklist.push_back(file.name);
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
