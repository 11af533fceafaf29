//===- ProgressBar.h - how far long work is ---------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_PROGRESSBAR_H
#define QAT_SUPPORT_PROGRESSBAR_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <string>

namespace mlir::qat {

/// A line that tells how far long work is. On a terminal it is a bar that is
/// drawn again in place, ten times a second at most; elsewhere a plain line
/// every ten seconds.
class ProgressBar {
public:
  /// `isTerminal`: whether `os` is one that shows a line again after '\r'.
  ProgressBar(llvm::raw_ostream &os, bool isTerminal);
  ~ProgressBar() { clear(); }

  /// `done` of `total` are done, 0 <= done <= total; `text` says more.
  /// `secondsLeft`, where it is not negative, is told as a time.
  void update(llvm::StringRef title, int64_t done, int64_t total,
              llvm::StringRef text, double secondsLeft);

  /// Takes the bar off the terminal, for another line.
  void clear();

  /// "m:ss", or "h:mm:ss".
  static std::string formatTime(double seconds);

private:
  using Clock = std::chrono::steady_clock;

  llvm::raw_ostream &os;
  bool isTerminal;
  /// Characters of the bar that is on the terminal.
  size_t shown = 0;
  Clock::time_point last;
};

} // namespace mlir::qat

#endif // QAT_SUPPORT_PROGRESSBAR_H
