//===- PreprocessingTest.cpp ----------------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/Preprocessing.h"

#include "llvm/ADT/ArrayRef.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace llvm;
using namespace mlir::qat;

namespace {
std::string messageOf(Error error) {
  return error ? toString(std::move(error)) : "";
}

TEST(PreprocessingTest, DefaultsToThePixelItself) {
  Preprocessing none;
  EXPECT_EQ(none.toReal(17.0, 2), 17.0);
  EXPECT_EQ(none.realRange(3), std::make_pair(0.0, 255.0));
  EXPECT_EQ(messageOf(none.verify(3)), "");
}

TEST(PreprocessingTest, NormalizesEachChannelByItsOwnValues) {
  Preprocessing imagenet;
  imagenet.mean = {0.5, 0.25, 0.0};
  imagenet.std = {0.25, 0.5, 1.0};
  imagenet.scale = 1.0 / 255;
  EXPECT_DOUBLE_EQ(imagenet.toReal(255, 0), 2.0);
  EXPECT_DOUBLE_EQ(imagenet.toReal(0, 0), -2.0);
  EXPECT_DOUBLE_EQ(imagenet.toReal(255, 1), 1.5);
  EXPECT_DOUBLE_EQ(imagenet.toReal(51, 2), 0.2);
  auto [low, high] = imagenet.realRange(3);
  EXPECT_DOUBLE_EQ(low, -2.0);
  EXPECT_DOUBLE_EQ(high, 2.0);
}

TEST(PreprocessingTest, AppliesOneValueToAllChannels) {
  Preprocessing tensorflow;
  tensorflow.mean = {128};
  tensorflow.std = {128};
  EXPECT_EQ(tensorflow.toReal(0, 2), -1.0);
  EXPECT_EQ(tensorflow.toReal(192, 1), 0.5);
  EXPECT_EQ(messageOf(tensorflow.verify(3)), "");
}

TEST(PreprocessingTest, OrdersTheRangeOfANegativeScale) {
  Preprocessing inverted;
  inverted.scale = -1.0;
  inverted.mean = {-255};
  EXPECT_EQ(inverted.realRange(1), std::make_pair(0.0, 255.0));
}

TEST(PreprocessingTest, VerifyNamesTheWrongOption) {
  auto check = [](auto change, StringRef expected, unsigned channels = 3) {
    Preprocessing p;
    change(p);
    std::string message = messageOf(p.verify(channels));
    EXPECT_TRUE(StringRef(message).contains(expected)) << message;
  };
  check([](auto &p) { p.mean = {1, 2}; },
        "'mean' has 2 values, but the input has 3 channels");
  check([](auto &p) { p.std = {1, 0, 1}; }, "'std' has a value");
  check([](auto &p) { p.std = {NAN}; }, "'std' has a value");
  check([](auto &p) { p.mean = {INFINITY}; }, "'mean' has a value");
  check([](auto &p) { p.scale = 0; }, "'scale'");
  check([](auto &p) { p.resize = 0; }, "'resize' is 0");
  check([](auto &p) { p.crop = -4; }, "'crop' is -4");
  check([](auto &p) { p.resize = 224, p.crop = 256; },
        "'crop' of 256 exceeds 'resize' of 224");
  check([](auto &p) { p.order = PixelOrder::BGR; }, "'pixel-order' bgr", 1);
}

TEST(PreprocessingTest, ParsesNumbersAndFractions) {
  auto parse = [](StringRef text) {
    Expected<double> value = parseNumber(text);
    EXPECT_TRUE(static_cast<bool>(value)) << text.str();
    return value ? *value : (consumeError(value.takeError()), NAN);
  };
  EXPECT_EQ(parse("1/255"), 1.0 / 255);
  EXPECT_EQ(parse("0.485"), 0.485);
  EXPECT_EQ(parse("-3e-2"), -0.03);
  EXPECT_EQ(parse(" 7 / 2 "), 3.5);
  for (StringRef bad : {"", "/", "1/", "/2", "1/2/3", "1/0", "nan", "inf",
                        "1e999", "1.0x", "0x", "1e308/1e-308", "one"}) {
    std::string message = messageOf(parseNumber(bad).takeError());
    EXPECT_TRUE(StringRef(message).contains("'" + bad.str() + "'"))
        << bad.str() << ": " << message;
  }
}

TEST(PreprocessingTest, ParsesLists) {
  Expected<SmallVector<double>> list = parseNumberList("0.5, 1/4,2");
  ASSERT_TRUE(static_cast<bool>(list)) << toString(list.takeError());
  EXPECT_EQ(ArrayRef<double>(*list), ArrayRef<double>({0.5, 0.25, 2.0}));
  for (StringRef bad : {"", "1,,2", "1,2,", "1;2"})
    EXPECT_TRUE(errorToBool(parseNumberList(bad).takeError())) << bad.str();
}

TEST(PreprocessingTest, ParsesPixelOrder) {
  for (PixelOrder order : {PixelOrder::RGB, PixelOrder::BGR}) {
    Expected<PixelOrder> parsed = parsePixelOrder(pixelOrderName(order));
    ASSERT_TRUE(static_cast<bool>(parsed));
    EXPECT_EQ(*parsed, order);
  }
  EXPECT_EQ(messageOf(parsePixelOrder("gbr").takeError()),
            "expected 'rgb' or 'bgr', but got 'gbr'");
}
} // namespace
