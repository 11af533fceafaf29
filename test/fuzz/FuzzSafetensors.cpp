//===- FuzzSafetensors.cpp - named arrays of the safetensors format -------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/Safetensors.h"

#include "llvm/ADT/StringRef.h"

#include <cstdlib>

using namespace llvm;
using namespace mlir::qat;

// What is read has no more bytes than the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StringRef bytes(reinterpret_cast<const char *>(data), size);
  Expected<std::vector<NamedArray>> arrays =
      parseSafetensors(MemoryBufferRef(bytes, "p.safetensors"));
  if (!arrays) {
    consumeError(arrays.takeError());
    return 0;
  }
  size_t total = 0;
  for (const NamedArray &named : *arrays)
    total += named.array.byteSize();
  if (total > size)
    abort();
  return 0;
}
