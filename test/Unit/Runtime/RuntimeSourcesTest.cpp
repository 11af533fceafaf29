//===- RuntimeSourcesTest.cpp - the C runtime as text ---------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Runtime/RuntimeSources.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::qat;

namespace {
TEST(RuntimeSourcesTest, NamesAreSortedAndFound) {
  ArrayRef<StringRef> names = getRuntimeSourceNames();
  EXPECT_TRUE(is_sorted(names));
  for (StringRef name : {"base.h", "conv2d.c", "conv2d.h", "conv2d_body.h"})
    EXPECT_TRUE(is_contained(names, name)) << name.str();
  for (StringRef name : names)
    EXPECT_TRUE(getRuntimeSource(name)->starts_with("//===- ") ||
                getRuntimeSource(name)->starts_with("/*"))
        << name.str();
  EXPECT_FALSE(getRuntimeSource("conv3d.h"));
}

TEST(RuntimeSourcesTest, AProjectCarriesWhatItCallsOnly) {
  const RuntimeKernel dense = {
      "fully_connected.c",
      "QAT_FULLY_CONNECTED_KERNEL(qat_fully_connected_u8_i4_i32, u8, i4, i32, "
      "QAT_ACC32)"};
  auto files = getRuntimeFilesForKernels(
      {dense,
       {"add.c", "QAT_ADD_KERNEL(qat_add_u4_u4_u2, u4, u4, u2)"},
       dense});
  ASSERT_TRUE(static_cast<bool>(files));
  std::vector<std::string> names;
  for (const RuntimeFile &file : *files)
    names.push_back(file.name);
  EXPECT_EQ(names, (std::vector<std::string>{
                       "add.c", "add.h", "add_body.h", "base.h", "dot.h",
                       "finish.h", "fully_connected.c", "fully_connected.h",
                       "fully_connected_body.h", "storage.h"}));
  StringRef text = (*files)[6].text;
  EXPECT_EQ(text.count("_KERNEL("), 1u);
  EXPECT_TRUE(text.ends_with("\n\n" + dense.definition + "\n"));
  EXPECT_EQ((*files)[1].text, getRuntimeSource("add.h")->str());
}

TEST(RuntimeSourcesTest, SourcesHoldNoKernelOfTheirOwn) {
  for (StringRef name : getRuntimeSourceNames())
    if (name.ends_with(".c") && !name.contains('/'))
      for (StringRef line : split(*getRuntimeSource(name), '\n'))
        EXPECT_TRUE(line.empty() || line.starts_with("//") ||
                    line.starts_with("#include "))
            << name.str() << ": " << line.str();
}

TEST(RuntimeSourcesTest, NamesTheSourceThatDoesNotExist) {
  auto files = getRuntimeFilesForKernels({{"conv3d.c", "QAT_CONV3D_KERNEL()"}});
  ASSERT_FALSE(static_cast<bool>(files));
  EXPECT_EQ(toString(files.takeError()),
            "the runtime has no source 'conv3d.c'");
}
} // namespace
