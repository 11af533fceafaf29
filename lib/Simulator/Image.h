//===- Image.h - what an ELF file tells -------------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_SIMULATOR_IMAGE_H
#define QAT_LIB_SIMULATOR_IMAGE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>

namespace mlir::qat {

/// Sizes in bytes, by the sections of lib/Runtime/Boards/sections.ld and the
/// names of symbols. In a relocatable object, by the kind of its sections.
struct ImageSizes {
  uint64_t code = 0;
  uint64_t weights = 0;
  uint64_t constants = 0; ///< that are not weights
  uint64_t arena = 0;
  uint64_t variables = 0; ///< that are not the arena
};

llvm::Expected<ImageSizes> measureImage(llvm::StringRef path);

/// The address of a symbol. Fails where there is none.
llvm::Expected<uint64_t> findSymbol(llvm::StringRef path,
                                    llvm::StringRef symbol);

/// The function that `address` lies in; empty if in none.
std::string findFunction(llvm::StringRef path, uint64_t address);

} // namespace mlir::qat

#endif // QAT_LIB_SIMULATOR_IMAGE_H
