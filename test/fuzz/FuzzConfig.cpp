//===- FuzzConfig.cpp - the per-layer configuration as JSON ---------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/LayerConfig.h"
#include "qat/Support/Preprocessing.h"

#include "llvm/ADT/StringRef.h"

#include <cstdlib>

using namespace llvm;
using namespace mlir::qat;

// What is read is printed, and then read as the same; numbers of options, too,
// are text that users give.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StringRef text(reinterpret_cast<const char *>(data), size);
  if (auto numbers = parseNumberList(text); !numbers)
    consumeError(numbers.takeError());
  Expected<std::vector<LayerOverride>> config = parseLayerConfig(text);
  if (!config) {
    consumeError(config.takeError());
    return 0;
  }
  std::string printed = printLayerConfig(*config);
  Expected<std::vector<LayerOverride>> again = parseLayerConfig(printed);
  if (!again || printLayerConfig(*again) != printed)
    abort();
  return 0;
}
