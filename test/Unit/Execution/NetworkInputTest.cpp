//===- NetworkInputTest.cpp - pixels to the integers of a network --*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include "qat/Calibration/NetworkInput.h"

#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;
using namespace mlir::qat::test;

namespace {
/// All 256 pixels in every channel, through the table of makeNetworkInput and
/// one by one through the real values.
TEST(NetworkInput, pixelsEqualTheirRealValues) {
  for (StringRef grid : {"u8:f32, 0.0157:117", "i8:f32, 0.00784313725490196"}) {
    std::string type = ("tensor<1x16x16x3x!quant.uniform<" + grid + ">>").str();
    std::unique_ptr<CompiledNetwork> network =
        compile("func.func @main(%x: " + type + ") -> " + type +
                " {\n  return %x : " + type + "\n}");
    ASSERT_TRUE(network);
    const TensorInfo &info = network->inputs()[0];
    Preprocessing preprocessing;
    preprocessing.mean = {100, 120, 128};
    preprocessing.std = {64, 96, 128};
    Sample sample{NdArray::zeros(ElementKind::U8, {16, 16, 3}), 0, "in.png"};
    for (int i = 0; i < 256 * 3; ++i)
      sample.pixels.bytes()[i] = (i / 3 + i % 3) % 256;
    Expected<NdArray> real = makeRealInput(sample, preprocessing, info);
    ASSERT_TRUE(static_cast<bool>(real)) << toString(real.takeError());
    Expected<NdArray> stored = makeNetworkInput(sample, preprocessing, info);
    ASSERT_TRUE(static_cast<bool>(stored)) << toString(stored.takeError());
    EXPECT_EQ(stored->kind(), info.kind);
    EXPECT_EQ(stored->shape(), ArrayRef<int64_t>(info.shape));
    EXPECT_EQ(stored->bytes(), quantizeInput(*real, info).bytes());
  }
}
} // namespace
