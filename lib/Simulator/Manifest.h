//===- Manifest.h - what a generated project says of itself -----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_SIMULATOR_MANIFEST_H
#define QAT_LIB_SIMULATOR_MANIFEST_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace mlir::qat {

/// N.json of a generated project.
struct Manifest {
  struct Layer {
    std::string name, kind;
    uint64_t macs = 0;
    uint64_t outputBytes = 0;
  };
  std::string name, target;
  uint64_t inputBytes = 0, outputBytes = 0;
  std::vector<Layer> layers;
};

/// Reads the one manifest in the folder `dir`.
llvm::Expected<Manifest> readManifest(llvm::StringRef dir);

} // namespace mlir::qat

#endif // QAT_LIB_SIMULATOR_MANIFEST_H
