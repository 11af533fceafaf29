//===- Storage.h - how elements lie in memory -------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TARGET_C_STORAGE_H
#define QAT_TARGET_C_STORAGE_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>

namespace mlir::qat {

/// How an element lies in memory. Values of fewer bits live in the next wider
/// storage of their sign.
enum class Storage : uint8_t { U8, I8, U4, I4, U2, I2, I32 };

/// Bits of one field: 2, 4, 8 or 32.
unsigned getBits(Storage storage);
bool isSigned(Storage storage);
/// As in a kernel's name: "u8", "i4", "i32".
llvm::StringRef getName(Storage storage);
/// The type that C declares buffers of `storage` with: fields of less than a
/// byte are bytes.
llvm::StringRef getCType(Storage storage);
/// The smallest storage of values of `bits` (1 to 8, or 32); none for others.
std::optional<Storage> getStorage(unsigned bits, bool isSigned);

} // namespace mlir::qat

#endif // QAT_TARGET_C_STORAGE_H
