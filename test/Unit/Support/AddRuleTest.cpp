//===- AddRuleTest.cpp - add and concat rules by hand --------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/AddRule.h"

#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::qat;

namespace {
const Grid bytes{1.0, 0, 0, 255};

TEST(AddRuleTest, ChoosesTheShiftFromTheLargerStep) {
  // 0.5/1 = 0.5 * 2^0: s = 20, m_1 = 2^19, m_2 = 2^18.
  AddRule rule = cantFail(getAddRule(0.5, 0.25, 1.0, Rounding::Nearest));
  EXPECT_EQ(rule.shift, 20);
  EXPECT_EQ(rule.multiplier1, 1 << 19);
  EXPECT_EQ(rule.multiplier2, 1 << 18);
  EXPECT_EQ(rule.offset, 1 << 19);
  AddRule swapped = cantFail(getAddRule(0.25, 0.5, 1.0, Rounding::Floor));
  EXPECT_EQ(swapped.multiplier1, 1 << 18);
  EXPECT_EQ(swapped.multiplier2, 1 << 19);
  EXPECT_EQ(swapped.offset, 0);
}

TEST(AddRuleTest, RoundsTiesUpOrDown) {
  AddRule nearest = cantFail(getAddRule(0.5, 0.25, 1.0, Rounding::Nearest));
  AddRule floor = cantFail(getAddRule(0.5, 0.25, 1.0, Rounding::Floor));
  // 3*0.5 + 4*0.25 = 2.5
  EXPECT_EQ(addRequantize(3, bytes, 4, bytes, bytes, nearest), 3);
  EXPECT_EQ(addRequantize(3, bytes, 4, bytes, bytes, floor), 2);
  // -2.5 on a result with zero point 10
  Grid signedBytes{1.0, 10, 0, 255};
  EXPECT_EQ(addRequantize(7, signedBytes, 6, signedBytes, signedBytes, nearest),
            8);
  EXPECT_EQ(addRequantize(7, signedBytes, 6, signedBytes, signedBytes, floor),
            7);
}

TEST(AddRuleTest, ClampsToTheStorageOfTheResult) {
  AddRule rule = cantFail(getAddRule(1.0, 1.0, 1.0, Rounding::Nearest));
  Grid nibble{1.0, 3, 0, 15};
  EXPECT_EQ(addRequantize(200, bytes, 100, bytes, nibble, rule), 15);
  EXPECT_EQ(addRequantize(-128, bytes, 0, bytes, nibble, rule), 0);
}

TEST(AddRuleTest, CopiesBetweenEqualGrids) {
  AddRule rule = cantFail(getRescaleRule(0.3, 0.3, Rounding::Nearest));
  EXPECT_EQ(rule.multiplier1, 1 << 19);
  EXPECT_EQ(rule.multiplier2, 0);
  EXPECT_EQ(rule.shift, 19);
  Grid grid{0.3, 77, 0, 255};
  for (int32_t x = 0; x < 256; ++x)
    EXPECT_EQ(rescale(x, grid, grid, rule), x);
}

TEST(AddRuleTest, RefusesStepsThatAreTooFarApart) {
  // s = 1 and 31 are the last that fit.
  EXPECT_EQ(cantFail(getRescaleRule(0x1p18, 1.0, Rounding::Floor)).shift, 1);
  EXPECT_EQ(cantFail(getRescaleRule(0x1p-12, 1.0, Rounding::Floor)).shift, 31);
  for (double scale : {0x1p19, 0x1p-13, 0.0, -1.0, double(INFINITY)}) {
    Expected<AddRule> rule = getRescaleRule(scale, 1.0, Rounding::Floor);
    ASSERT_FALSE(static_cast<bool>(rule)) << scale;
    std::string message = toString(rule.takeError());
    EXPECT_NE(message.find("cannot be added"), std::string::npos) << message;
  }
  Expected<AddRule> rule = getAddRule(1.0, 1.0, 0.0, Rounding::Floor);
  EXPECT_FALSE(static_cast<bool>(rule));
  consumeError(rule.takeError());
}
} // namespace
