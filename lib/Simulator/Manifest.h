//===- Manifest.h - what a generated project says of itself -----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_SIMULATOR_MANIFEST_H
#define QAT_LIB_SIMULATOR_MANIFEST_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace mlir::qat {

/// N.json of a generated project.
struct Manifest {
  /// How a tensor lies in a buffer: rows of packed fields that start on bytes.
  struct Tensor {
    uint64_t bytes = 0;
    /// Below 8 the fields are packed, and the members that follow count.
    unsigned bits = 8;
    bool isSigned = false;
    uint64_t rows = 0, rowElements = 0;

    bool isPacked() const { return bits < 8; }
    /// The stored values in place of the fields, one byte each; the bytes as
    /// they are where nothing is packed.
    std::vector<uint8_t> unpack(llvm::ArrayRef<uint8_t> fields) const;
    /// The inverse.
    std::vector<uint8_t> pack(llvm::ArrayRef<uint8_t> values) const;
    /// What `unpack` returns.
    uint64_t getValueBytes() const {
      return isPacked() ? rows * rowElements : bytes;
    }
  };
  struct Layer {
    std::string name, kind;
    uint64_t macs = 0;
    Tensor output;
    /// The place among the layers of the .mlirbc file.
    uint64_t moduleLayer = 0;
  };
  std::string name, target;
  Tensor input, output;
  std::vector<Layer> layers;
};

/// Reads the one manifest in the folder `dir`.
llvm::Expected<Manifest> readManifest(llvm::StringRef dir);

} // namespace mlir::qat

#endif // QAT_LIB_SIMULATOR_MANIFEST_H
