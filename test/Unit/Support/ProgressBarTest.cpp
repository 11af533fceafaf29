//===- ProgressBarTest.cpp - bars as they are drawn -----------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/ProgressBar.h"

#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::qat;

TEST(ProgressBar, DrawsOnATerminalInPlaceAndGoesAway) {
  std::string text;
  raw_string_ostream os(text);
  {
    ProgressBar bar(os, /*isTerminal=*/true);
    bar.update("epoch 1/2", 3, 12, "loss 0.5", 61.4);
    // Too soon to be seen.
    bar.update("epoch 1/2", 4, 12, "loss 0.4", 60);
  }
  std::string line =
      "epoch 1/2 [######..................] 3/12 loss 0.5, 1:01 left";
  EXPECT_EQ(text, "\r" + line + "\r" + std::string(line.size(), ' ') + "\r");
}

TEST(ProgressBar, IsSilentAtFirstElsewhere) {
  std::string text;
  raw_string_ostream os(text);
  ProgressBar bar(os, /*isTerminal=*/false);
  bar.update("epoch 1/2", 3, 12, "loss 0.5", 61);
  bar.clear();
  EXPECT_EQ(text, "");
}

TEST(ProgressBar, TellsTime) {
  EXPECT_EQ(ProgressBar::formatTime(0), "0:00");
  EXPECT_EQ(ProgressBar::formatTime(59.6), "1:00");
  EXPECT_EQ(ProgressBar::formatTime(3599), "59:59");
  EXPECT_EQ(ProgressBar::formatTime(3600 + 65), "1:01:05");
}
