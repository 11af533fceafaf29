//===- Packing.cpp - values of 2 to 8 bits in bytes ----------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/Packing.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace mlir::qat;

static Error checkBits(unsigned bits) {
  if (bits >= 2 && bits <= 8)
    return Error::success();
  return createStringError(
      formatv("values of {0} bits cannot be packed, only 2 to 8 bits", bits));
}

/// Whether a value of `bits` bits may be `value`.
static bool fits(int32_t value, unsigned bits, bool isSigned) {
  int32_t lo = isSigned ? -(1 << (bits - 1)) : 0;
  return value >= lo && value < lo + (1 << bits);
}

static Error doesNotFit(int64_t index, int32_t value, unsigned bits,
                        bool isSigned) {
  return createStringError(
      formatv("element {0} is {1}, which is no {2} value of {3} bits", index,
              value, isSigned ? "signed" : "unsigned", bits));
}

Expected<std::vector<uint8_t>>
mlir::qat::packValues(ArrayRef<int32_t> values, unsigned bits, bool isSigned) {
  if (Error error = checkBits(bits))
    return std::move(error);
  unsigned fieldBits = getFieldBits(bits), perByte = 8 / fieldBits;
  uint32_t fieldMask = (1u << fieldBits) - 1;
  std::vector<uint8_t> bytes(getPackedSize(values.size(), bits), 0);
  for (auto [index, value] : enumerate(values)) {
    if (!fits(value, bits, isSigned))
      return doesNotFit(index, value, bits, isSigned);
    uint32_t field = static_cast<uint32_t>(value) & fieldMask;
    bytes[index / perByte] |= field << (index % perByte * fieldBits);
  }
  return bytes;
}

Expected<std::vector<int32_t>> mlir::qat::unpackValues(ArrayRef<uint8_t> bytes,
                                                       int64_t count,
                                                       unsigned bits,
                                                       bool isSigned) {
  if (Error error = checkBits(bits))
    return std::move(error);
  if (count < 0 || int64_t(bytes.size()) != getPackedSize(count, bits))
    return createStringError(
        formatv("{0} packed values of {1} bits do not take {2} bytes", count,
                bits, bytes.size()));
  unsigned fieldBits = getFieldBits(bits), perByte = 8 / fieldBits;
  int32_t fieldSize = 1 << fieldBits;
  std::vector<int32_t> values;
  values.reserve(count);
  for (int64_t index = 0, fields = bytes.size() * perByte; index < fields;
       ++index) {
    int32_t value = bytes[index / perByte] >> (index % perByte * fieldBits) &
                    (fieldSize - 1);
    if (index >= count) {
      if (value != 0)
        return createStringError(formatv(
            "unused field {0} after the packed values is not 0", index));
      continue;
    }
    if (isSigned && value >= fieldSize / 2)
      value -= fieldSize;
    if (!fits(value, bits, isSigned))
      return doesNotFit(index, value, bits, isSigned);
    values.push_back(value);
  }
  return values;
}
