//===- Safetensors.h - named arrays of the safetensors format ----*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_SAFETENSORS_H
#define QAT_SUPPORT_SAFETENSORS_H

#include "qat/Support/NdArray.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"

#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace mlir::qat {

struct NamedArray {
  std::string name;
  NdArray array;
};

/// Reads a safetensors file: 8 bytes with the size of a JSON header, the
/// header, the data; all little-endian. The arrays come in the order of their
/// data; `__metadata__` is skipped. Fails with one line that names the buffer:
/// a truncated file, a header that is not as the format has it, an element
/// type that `ElementKind` lacks (half precision among them), data that
/// overlaps, leaves holes or does not have the size of its shape. No
/// allocation exceeds the size of the buffer by more than a constant factor.
llvm::Expected<std::vector<NamedArray>>
parseSafetensors(llvm::MemoryBufferRef buffer);

/// The same from a file.
llvm::Expected<std::vector<NamedArray>> readSafetensors(llvm::StringRef path);

/// Writes `arrays` as a safetensors file, which appears whole or not at all
/// (AtomicFile.h; "-" is standard output). As the format's own writer does, the
/// widest elements come first, so that all are aligned; arrays of one width
/// keep their order. Fails for what the format has no place for: a name that is
/// there twice, is not UTF-8, or is `__metadata__`.
llvm::Error writeSafetensors(llvm::StringRef path,
                             llvm::ArrayRef<NamedArray> arrays);

/// The same to a stream; nothing is written where it fails.
llvm::Error writeSafetensors(llvm::raw_ostream &os,
                             llvm::ArrayRef<NamedArray> arrays);

} // namespace mlir::qat

#endif // QAT_SUPPORT_SAFETENSORS_H
