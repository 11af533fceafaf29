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

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

TEST_F(AtomicFileTest, WritesThroughALink) {
  SmallString<128> file(folder), link(folder);
  sys::path::append(file, "file.txt");
  sys::path::append(link, "link.txt");
  cantFail(writeFileAtomically(file, [](raw_ostream &os) { os << "old"; }));
  ASSERT_FALSE(sys::fs::setPermissions(file, sys::fs::owner_read |
                                                 sys::fs::owner_write));
  ASSERT_FALSE(sys::fs::create_link(file, link));
  cantFail(writeFileAtomically(link, [](raw_ostream &os) { os << "new"; }));
  sys::fs::file_status status;
  ASSERT_FALSE(sys::fs::status(link, status, /*follow=*/false));
  EXPECT_EQ(status.type(), sys::fs::file_type::symlink_file);
  EXPECT_EQ((*MemoryBuffer::getFile(file))->getBuffer(), "new");
  // Who may read it stays as it was.
  EXPECT_EQ(*sys::fs::getPermissions(file),
            sys::fs::owner_read | sys::fs::owner_write);
}

TEST_F(AtomicFileTest, LeavesWhatIsNoRegularFile) {
  SmallString<128> pipe(folder);
  sys::path::append(pipe, "pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  // Open for both, so that neither side waits for the other.
  int reader = open(pipe.c_str(), O_RDWR);
  ASSERT_GE(reader, 0);
  cantFail(writeFileAtomically(pipe, [](raw_ostream &os) { os << "text"; }));
  char text[5] = {};
  EXPECT_EQ(read(reader, text, 4), 4);
  EXPECT_STREQ(text, "text");
  close(reader);
  sys::fs::file_status status;
  ASSERT_FALSE(sys::fs::status(pipe, status));
  EXPECT_EQ(status.type(), sys::fs::file_type::fifo_file);
}
} // namespace
