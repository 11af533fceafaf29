//===- NdArrayTest.cpp ----------------------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/NdArray.h"

#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::qat;

namespace {
TEST(NdArrayTest, CountsElementsAndRefusesOverflow) {
  EXPECT_EQ(countElements({}), 1);
  EXPECT_EQ(countElements({2, 3, 4}), 24);
  EXPECT_EQ(countElements({5, 0}), 0);
  EXPECT_EQ(countElements({-1}), std::nullopt);
  EXPECT_EQ(countElements({int64_t(1) << 31, int64_t(1) << 31}), int64_t(1)
                                                                     << 62);
  EXPECT_EQ(countElements({int64_t(1) << 31, int64_t(1) << 32}), std::nullopt);
  // A zero must not hide a product that overflows.
  EXPECT_EQ(countElements({0, INT64_MAX, INT64_MAX}), std::nullopt);
}

TEST(NdArrayTest, StartsZeroedAlignedAndOfTheRightSize) {
  NdArray array = NdArray::zeros(ElementKind::I16, {3, 5});
  EXPECT_EQ(array.size(), 15);
  EXPECT_EQ(array.byteSize(), 30);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(array.bytes().data()) % 64, 0u);
  for (int16_t value : array.data<int16_t>())
    EXPECT_EQ(value, 0);
}

TEST(NdArrayTest, MovesAndClonesIndependently) {
  NdArray first = NdArray::of<int32_t>({2, 2}, {1, 2, 3, 4});
  NdArray copy = first.clone();
  copy.data<int32_t>()[0] = 9;
  EXPECT_EQ(first.data<int32_t>()[0], 1);

  NdArray moved = std::move(first);
  EXPECT_EQ(moved.data<int32_t>()[3], 4);
  EXPECT_EQ(first.size(), 0);
  EXPECT_TRUE(first.bytes().empty());
}

TEST(NdArrayTest, ReshapesInRowMajorOrder) {
  NdArray array = NdArray::of<uint8_t>({2, 3}, {0, 1, 2, 3, 4, 5});
  array.reshape({3, 2});
  EXPECT_EQ(shapeText(array.shape()), "3x2");
  EXPECT_EQ(array.data<uint8_t>()[2 * 2 + 0], 4);
}

TEST(NdArrayTest, ConvertsEveryKindToF32) {
  EXPECT_EQ(NdArray::of<int8_t>({1}, {-128}).toF32().data<float>()[0], -128.f);
  EXPECT_EQ(NdArray::of<bool>({1}, {true}).toF32().data<float>()[0], 1.f);
  // 2^24 + 1 lies between two floats; the even one is 2^24.
  EXPECT_EQ(NdArray::of<uint32_t>({1}, {16777217}).toF32().data<float>()[0],
            16777216.f);
  EXPECT_EQ(NdArray::of<double>({1}, {0.1}).toF32().data<float>()[0], 0.1f);
  EXPECT_EQ(NdArray::of<uint64_t>({1}, {UINT64_MAX}).toF32().data<float>()[0],
            18446744073709551616.f);
}

TEST(NdArrayTest, NamesKindsAndShapes) {
  EXPECT_EQ(kindName(ElementKind::U16), "u16");
  EXPECT_EQ(kindName(ElementKind::Bool), "bool");
  EXPECT_EQ(elementSize(ElementKind::F64), 8u);
  EXPECT_EQ(shapeText({}), "scalar");
}
} // namespace
