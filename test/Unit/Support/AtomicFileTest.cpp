//===- AtomicFileTest.cpp ------------------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/AtomicFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::qat;

namespace {
class AtomicFileTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(sys::fs::createUniqueDirectory("qat-atomic", folder));
  }
  void TearDown() override { sys::fs::remove_directories(folder); }

  unsigned countFiles() {
    std::error_code ec;
    unsigned count = 0;
    for (sys::fs::directory_iterator it(folder, ec), end; it != end && !ec;
         it.increment(ec))
      ++count;
    return count;
  }

  SmallString<128> folder;
};

TEST_F(AtomicFileTest, ReplacesWhatWasThere) {
  SmallString<128> path(folder);
  sys::path::append(path, "out.txt");
  for (StringRef text : {"first", "second, longer"}) {
    Error error =
        writeFileAtomically(path, [&](raw_ostream &os) { os << text; });
    ASSERT_FALSE(static_cast<bool>(error));
    auto buffer = MemoryBuffer::getFile(path);
    ASSERT_TRUE(static_cast<bool>(buffer));
    EXPECT_EQ((*buffer)->getBuffer(), text);
  }
  EXPECT_EQ(countFiles(), 1u);
}

TEST_F(AtomicFileTest, NamesThePathItCannotWrite) {
  SmallString<128> path(folder);
  sys::path::append(path, "missing", "out.txt");
  Error error = writeFileAtomically(path, [](raw_ostream &os) { os << "x"; });
  ASSERT_TRUE(static_cast<bool>(error));
  std::string message = toString(std::move(error));
  EXPECT_NE(message.find("cannot write '" + path.str().str() + "'"),
            std::string::npos)
      << message;
  EXPECT_EQ(countFiles(), 0u);
}
} // namespace
