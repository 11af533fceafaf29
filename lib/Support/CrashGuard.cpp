//===- CrashGuard.cpp - a crash becomes one line --------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/CrashGuard.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Signals.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <new>
#include <unistd.h>

using namespace llvm;
using namespace mlir::qat;

// Plain memory: a handler of signals may neither allocate nor lock.
static char command[64] = "qat";
static char doing[512];

/// Of the threads that fail at once, one speaks.
static std::atomic_flag spoken = ATOMIC_FLAG_INIT;

static void assign(MutableArrayRef<char> target, StringRef text) {
  size_t size = std::min(text.size(), target.size() - 1);
  std::copy_n(text.begin(), size, target.begin());
  target[size] = 0;
}

static void append(char *&end, const char *last, StringRef text) {
  for (char c : text)
    if (end != last)
      *end++ = c == '\n' ? ' ' : c;
}

/// Prints the line by one call of write(2) and ends the process. Calls nothing
/// that is not safe in a handler of signals.
[[noreturn]] static void die(StringRef what, StringRef why, StringRef help) {
  if (spoken.test_and_set())
    for (;;)
      pause();
  char line[2048];
  char *end = line, *last = line + sizeof(line) - 1;
  append(end, last, command);
  append(end, last, ": error: ");
  append(end, last, what);
  if (doing[0]) {
    append(end, last, " while ");
    append(end, last, doing);
  }
  if (!why.empty()) {
    append(end, last, ": ");
    append(end, last, why.take_front(1000));
  }
  append(end, last, help);
  *end++ = '\n';
  ssize_t ignored = write(STDERR_FILENO, line, end - line);
  (void)ignored; // there is nobody left to tell
  _exit(1);
}

static constexpr StringLiteral kReport =
    "; this is a bug, please report it with the file";

[[noreturn]] static void dieOfMemory() {
  sys::RunInterruptHandlers(); // removes the files that were being written
  die("not enough memory", "",
      "; the network, or a size in the file, is too large for this machine");
}

void mlir::qat::installCrashGuard(StringRef name) {
  assign(command, name);
  sys::AddSignalHandler([](void *) { die("internal failure", "", kReport); },
                        nullptr);
  install_fatal_error_handler(
      [](void *, const char *reason, bool) {
        sys::RunInterruptHandlers();
        die("internal failure", reason, kReport);
      },
      nullptr);
  install_bad_alloc_error_handler(
      [](void *, const char *, bool) { dieOfMemory(); }, nullptr);
  std::set_new_handler([] { dieOfMemory(); });
  std::set_terminate([] {
    sys::RunInterruptHandlers();
    die("internal failure", "an exception that nobody caught", kReport);
  });
}

CrashScope::CrashScope(const Twine &text) : outer(doing) {
  assign(doing, text.str());
}

CrashScope::~CrashScope() { assign(doing, outer); }
