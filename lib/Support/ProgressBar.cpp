//===- ProgressBar.cpp - how far long work is -----------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/ProgressBar.h"

#include "llvm/Support/FormatVariadic.h"

#include <algorithm>

using namespace llvm;
using namespace mlir::qat;

static constexpr int64_t kBarWidth = 24;

ProgressBar::ProgressBar(raw_ostream &os, bool isTerminal)
    : os(os), isTerminal(isTerminal), last(Clock::now()) {
  // The first bar is drawn at once, the first plain line is not.
  if (isTerminal)
    last -= std::chrono::seconds(1);
}

std::string ProgressBar::formatTime(double seconds) {
  auto whole = static_cast<int64_t>(std::max(0.0, seconds) + 0.5);
  if (whole < 3600)
    return formatv("{0}:{1,0+2}", whole / 60, whole % 60);
  return formatv("{0}:{1,0+2}:{2,0+2}", whole / 3600, whole / 60 % 60,
                 whole % 60);
}

void ProgressBar::update(StringRef title, int64_t done, int64_t total,
                         StringRef text, double secondsLeft) {
  Clock::time_point now = Clock::now();
  std::chrono::duration<double> since = now - last;
  if (since.count() < (isTerminal ? 0.1 : 10.0))
    return;
  last = now;
  std::string line = title.str() + " ";
  if (isTerminal) {
    int64_t filled = total > 0 ? kBarWidth * done / total : 0;
    line += "[" + std::string(filled, '#') +
            std::string(kBarWidth - filled, '.') + "] ";
  }
  line += formatv("{0}/{1} {2}", done, total, text).str();
  if (secondsLeft >= 0)
    line += ", " + formatTime(secondsLeft) + " left";
  if (!isTerminal) {
    os << line << "\n";
    os.flush();
    return;
  }
  size_t length = line.size();
  // Spaces cover what was longer before.
  line.append(shown > length ? shown - length : 0, ' ');
  os << '\r' << line;
  os.flush();
  shown = length;
}

void ProgressBar::clear() {
  if (shown == 0)
    return;
  os << '\r' << std::string(shown, ' ') << '\r';
  os.flush();
  shown = 0;
}
