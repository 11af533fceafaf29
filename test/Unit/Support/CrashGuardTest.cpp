//===- CrashGuardTest.cpp - a crash becomes one line ----------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/CrashGuard.h"

#include "llvm/Support/ErrorHandling.h"

#include "gtest/gtest.h"

#include <csignal>
#include <cstdlib>
#include <new>
#include <sys/resource.h>

using namespace mlir::qat;

// The sanitizers take these signals themselves, and say more than we do.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define QAT_SANITIZED 1
#endif
#endif

#ifndef QAT_SANITIZED

namespace {

int overflow(volatile int *depth) {
  if (*depth < 0)
    return 0;
  volatile int here = *depth + 1;
  return overflow(&here) + here;
}

testing::ExitedWithCode oneLine() { return testing::ExitedWithCode(1); }

TEST(CrashGuardDeathTest, FaultNamesWhatRan) {
  EXPECT_EXIT(
      {
        installCrashGuard("qat import");
        CrashScope outer("importing 'x.onnx'");
        {
          CrashScope inner("reading");
        }
        raise(SIGSEGV);
      },
      oneLine(),
      "^qat import: error: internal failure while importing 'x.onnx'; this is "
      "a bug, please report it with the file\n$");
}

TEST(CrashGuardDeathTest, StackOverflow) {
  EXPECT_EXIT(
      {
        installCrashGuard("qat");
        volatile int depth = 0;
        exit(overflow(&depth));
      },
      oneLine(), "^qat: error: internal failure; this is a bug.*\n$");
}

TEST(CrashGuardDeathTest, Abort) {
  EXPECT_EXIT(
      {
        installCrashGuard("qat");
        abort();
      },
      oneLine(), "^qat: error: internal failure; .*\n$");
}

TEST(CrashGuardDeathTest, FatalErrorOfALibraryIsOneLine) {
  EXPECT_EXIT(
      {
        installCrashGuard("qat");
        CrashScope scope("reading 'a'");
        llvm::report_fatal_error("two\nlines");
      },
      oneLine(),
      "^qat: error: internal failure while reading 'a': two lines; this is a "
      "bug.*\n$");
}

TEST(CrashGuardDeathTest, OutOfMemory) {
  EXPECT_EXIT(
      {
        rlimit limit;
        limit.rlim_cur = limit.rlim_max = 1u << 30;
        setrlimit(RLIMIT_AS, &limit);
        installCrashGuard("qat");
        CrashScope scope("reading 'a'");
        ::operator delete(::operator new(size_t(1) << 40));
        exit(0);
      },
      oneLine(), "^qat: error: not enough memory while reading 'a'; .*\n$");
}

TEST(CrashGuardDeathTest, LongTextIsCut) {
  EXPECT_EXIT(
      {
        installCrashGuard("qat");
        CrashScope scope(std::string(5000, 'x'));
        abort();
      },
      oneLine(), "^qat: error: internal failure while x{500}");
}

} // namespace

#endif // QAT_SANITIZED
