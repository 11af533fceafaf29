//===- Storage.cpp - how elements lie in memory ---------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Target/C/Storage.h"

#include "llvm/Support/ErrorHandling.h"

using namespace mlir::qat;
using llvm::StringRef;

unsigned mlir::qat::getBits(Storage storage) {
  switch (storage) {
  case Storage::U8:
  case Storage::I8:
    return 8;
  case Storage::U4:
  case Storage::I4:
    return 4;
  case Storage::U2:
  case Storage::I2:
    return 2;
  case Storage::I32:
    return 32;
  }
  llvm_unreachable("all storages are listed");
}

bool mlir::qat::isSigned(Storage storage) {
  return storage == Storage::I8 || storage == Storage::I4 ||
         storage == Storage::I2 || storage == Storage::I32;
}

StringRef mlir::qat::getName(Storage storage) {
  switch (storage) {
  case Storage::U8:
    return "u8";
  case Storage::I8:
    return "i8";
  case Storage::U4:
    return "u4";
  case Storage::I4:
    return "i4";
  case Storage::U2:
    return "u2";
  case Storage::I2:
    return "i2";
  case Storage::I32:
    return "i32";
  }
  llvm_unreachable("all storages are listed");
}

StringRef mlir::qat::getCType(Storage storage) {
  if (storage == Storage::I32)
    return "int32_t";
  return storage == Storage::I8 ? "int8_t" : "uint8_t";
}

std::optional<Storage> mlir::qat::getStorage(unsigned bits, bool isSigned) {
  if (bits == 32 && isSigned)
    return Storage::I32;
  if (bits == 0 || bits > 8)
    return std::nullopt;
  if (bits <= 2)
    return isSigned ? Storage::I2 : Storage::U2;
  if (bits <= 4)
    return isSigned ? Storage::I4 : Storage::U4;
  return isSigned ? Storage::I8 : Storage::U8;
}
