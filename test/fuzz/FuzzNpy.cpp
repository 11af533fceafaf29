//===- FuzzNpy.cpp - arrays as .npy ---------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/Npy.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace llvm;
using namespace mlir::qat;

// What is read can be written, and is then read as the same array.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StringRef bytes(reinterpret_cast<const char *>(data), size);
  Expected<NdArray> array = parseNpy(MemoryBufferRef(bytes, "x.npy"));
  if (!array) {
    consumeError(array.takeError());
    return 0;
  }
  std::string text;
  raw_string_ostream os(text);
  if (Error error = writeNpy(os, *array)) {
    consumeError(std::move(error));
    return 0;
  }
  Expected<NdArray> again = parseNpy(MemoryBufferRef(text, "y.npy"));
  if (!again || again->kind() != array->kind() ||
      again->shape() != array->shape() || again->bytes() != array->bytes())
    abort();
  return 0;
}
