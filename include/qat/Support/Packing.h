//===- Packing.h - values of 2 to 8 bits in bytes --------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The packed form of a flat tensor (section 7 of docs/Spec.md): 2-bit
// values four a byte, 3- and 4-bit values two a byte, 5- to 8-bit values one a
// byte; low bits first; unused fields are 0.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_PACKING_H
#define QAT_SUPPORT_PACKING_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <vector>

namespace mlir::qat {

/// The width of the field that holds a value of `bits` (2 to 8): 2, 4 or 8.
constexpr unsigned getFieldBits(unsigned bits) {
  return bits <= 2 ? 2 : bits <= 4 ? 4 : 8;
}

/// The bytes that `count` values of `bits` (2 to 8) take.
constexpr int64_t getPackedSize(int64_t count, unsigned bits) {
  return (count * getFieldBits(bits) + 7) / 8;
}

/// Packs `values`, each in 0..2^bits-1, or in -2^(bits-1)..2^(bits-1)-1 where
/// `isSigned`; signed values are sign-extended to their field. Fails where
/// `bits` is outside 2..8 or a value does not fit, and names the element.
llvm::Expected<std::vector<uint8_t>> packValues(llvm::ArrayRef<int32_t> values,
                                                unsigned bits, bool isSigned);

/// The inverse of packValues for `count` values. Fails where `bits` is outside
/// 2..8, `bytes` is not exactly getPackedSize(count, bits) long, a field holds
/// no value of `bits`, or an unused field is not 0.
llvm::Expected<std::vector<int32_t>> unpackValues(llvm::ArrayRef<uint8_t> bytes,
                                                  int64_t count, unsigned bits,
                                                  bool isSigned);

} // namespace mlir::qat

#endif // QAT_SUPPORT_PACKING_H
