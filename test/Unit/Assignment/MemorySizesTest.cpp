//===- MemorySizesTest.cpp ----------------------------------------- -*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Assignment/MemorySizes.h"

#include "gtest/gtest.h"

using namespace mlir::qat;

namespace {
TEST(MemorySizes, ReadsEverySuffix) {
  for (auto [text, bytes] : {std::pair<const char *, int64_t>("0", 0),
                             {"65536", 65536},
                             {"64k", 65536},
                             {"64K", 65536},
                             {"64kB", 65536},
                             {"64KiB", 65536},
                             {"2M", 2097152},
                             {"2MB", 2097152},
                             {"1.5MiB", 1572864},
                             {"512 kB", 524288},
                             {"7B", 7},
                             {"1G", 1073741824}}) {
    llvm::Expected<int64_t> size = parseMemorySize(text);
    ASSERT_TRUE(static_cast<bool>(size)) << text;
    EXPECT_EQ(*size, bytes) << text;
  }
}

TEST(MemorySizes, RefusesWhatIsNoSize) {
  for (const char *text :
       {"", "k", "-1", "1.3", "0.0001k", "1e9", "64q", "1..5k",
        "99999999999999999999", "2048000G", "nan"}) {
    llvm::Expected<int64_t> size = parseMemorySize(text);
    EXPECT_FALSE(static_cast<bool>(size)) << text;
    llvm::consumeError(size.takeError());
  }
}

TEST(MemorySizes, ReadsBudgets) {
  for (const char *text :
       {"[2M,512k]", "2M,512k", " [ 2097152 , 524288 ] ", "[\"2M\",\"512k\"]",
        "[2048KiB, 0.5MB]", "['2M', '512k']"}) {
    llvm::Expected<MemoryBudget> budget = parseMemoryBudget(text);
    ASSERT_TRUE(static_cast<bool>(budget)) << text;
    EXPECT_EQ(budget->romBytes, 2097152) << text;
    EXPECT_EQ(budget->ramBytes, 524288) << text;
  }
  for (const char *text : {"", "2M", "[2M,512k", "2M,512k]", "1,2,3", "[,]",
                           "[\"2M,512k\"]", "2M;512k"}) {
    llvm::Expected<MemoryBudget> budget = parseMemoryBudget(text);
    EXPECT_FALSE(static_cast<bool>(budget)) << text;
    llvm::consumeError(budget.takeError());
  }
}
} // namespace
