//===- PackingTest.cpp - packed values by hand ---------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/Packing.h"

#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::qat;

namespace {
using Bytes = std::vector<uint8_t>;
using Values = std::vector<int32_t>;

TEST(PackingTest, PutsLowBitsFirst) {
  EXPECT_EQ(cantFail(packValues({1, 2, 3, 0, 2}, 2, false)),
            (Bytes{0b00111001, 0b00000010}));
  EXPECT_EQ(cantFail(packValues({7, 1, 5}, 3, false)), (Bytes{0x17, 0x05}));
  EXPECT_EQ(cantFail(packValues({15, 1, 5}, 4, false)), (Bytes{0x1f, 0x05}));
  EXPECT_EQ(cantFail(packValues({31, 1}, 5, false)), (Bytes{31, 1}));
}

TEST(PackingTest, ExtendsTheSignToTheField) {
  EXPECT_EQ(cantFail(packValues({-1, -2, 1}, 2, true)), (Bytes{0b00011011}));
  // -4 in a 4-bit field is 0xc, not 0x4.
  EXPECT_EQ(cantFail(packValues({-4, 3}, 3, true)), (Bytes{0x3c}));
  EXPECT_EQ(cantFail(packValues({-16}, 5, true)), (Bytes{0xf0}));
}

TEST(PackingTest, UnpacksEveryValueOfEveryWidth) {
  for (unsigned bits = 2; bits <= 8; ++bits)
    for (bool isSigned : {false, true}) {
      int32_t lo = isSigned ? -(1 << (bits - 1)) : 0;
      Values values;
      // An odd count, so that a field is left over.
      for (int32_t i = 0; i < (1 << bits); ++i)
        values.push_back(lo + i);
      values.push_back(lo);
      Bytes bytes = cantFail(packValues(values, bits, isSigned));
      EXPECT_EQ(int64_t(bytes.size()), getPackedSize(values.size(), bits));
      EXPECT_EQ(cantFail(unpackValues(bytes, values.size(), bits, isSigned)),
                values);
    }
}

template <typename T> std::string messageOf(Expected<T> result) {
  return result ? "" : toString(result.takeError());
}

TEST(PackingTest, RefusesWhatDoesNotFit) {
  EXPECT_EQ(messageOf(packValues({0, 4}, 2, false)),
            "element 1 is 4, which is no unsigned value of 2 bits");
  EXPECT_EQ(messageOf(packValues({-3}, 2, true)),
            "element 0 is -3, which is no signed value of 2 bits");
  EXPECT_EQ(messageOf(packValues({0}, 9, false)),
            "values of 9 bits cannot be packed, only 2 to 8 bits");
  EXPECT_EQ(messageOf(unpackValues({0x08}, 1, 3, false)),
            "element 0 is 8, which is no unsigned value of 3 bits");
  EXPECT_EQ(messageOf(unpackValues({0x10}, 1, 4, false)),
            "unused field 1 after the packed values is not 0");
  EXPECT_EQ(messageOf(unpackValues({0, 0}, 2, 4, false)),
            "2 packed values of 4 bits do not take 2 bytes");
}
} // namespace
