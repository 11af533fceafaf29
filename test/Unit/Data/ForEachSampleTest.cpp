//===- ForEachSampleTest.cpp ----------------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Data/Dataset.h"

#include "TestFiles.h"

#include "llvm/Support/raw_ostream.h"

#include <atomic>
#include <functional>
#include <vector>

using namespace llvm;
using namespace mlir::qat;

namespace {
/// Samples whose one pixel is their index; some cannot be read.
class Numbers : public Dataset {
public:
  Numbers(size_t count, std::function<bool(size_t)> isBad)
      : count(count), isBad(std::move(isBad)) {}

  size_t size() const override { return count; }
  int64_t numClasses() const override { return 0; }
  Expected<Sample> get(size_t index) const override {
    if (isBad(index))
      return createStringError(inconvertibleErrorCode(),
                               "no sample " + Twine(index));
    Sample sample;
    sample.pixels = NdArray::of<uint8_t>({1}, {static_cast<uint8_t>(index)});
    return sample;
  }

  int64_t label(size_t index) const override { return -1; }
  std::string name(size_t index) const override { return ""; }

private:
  size_t count;
  std::function<bool(size_t)> isBad;
};

struct Outcome {
  std::string error, messages;
  std::vector<size_t> visited; ///< How often each index was.
};

Outcome runOver(
    const Dataset &dataset, unsigned threads,
    function_ref<Error(size_t)> fn = [](size_t) { return Error::success(); }) {
  Outcome outcome;
  std::vector<std::atomic<size_t>> visits(dataset.size());
  raw_string_ostream os(outcome.messages);
  outcome.error = messageOf(forEachSample(
      dataset, 0, dataset.size(), threads, os, [&](size_t i, Sample sample) {
        EXPECT_EQ(sample.pixels.data<uint8_t>()[0], static_cast<uint8_t>(i));
        ++visits[i];
        return fn(i);
      }));
  outcome.visited.assign(visits.begin(), visits.end());
  return outcome;
}

TEST(ForEachSampleTest, VisitsEverySampleOnce) {
  Numbers numbers(250, [](size_t) { return false; });
  for (unsigned threads : {0, 1, 4}) {
    Outcome outcome = runOver(numbers, threads);
    EXPECT_EQ(outcome.error, "");
    EXPECT_EQ(outcome.messages, "");
    EXPECT_EQ(outcome.visited, std::vector<size_t>(250, 1));
  }
}

TEST(ForEachSampleTest, ToleratesOneInAHundred) {
  Numbers numbers(200, [](size_t i) { return i == 7 || i == 150; });
  for (unsigned threads : {1, 4}) {
    Outcome outcome = runOver(numbers, threads);
    EXPECT_EQ(outcome.error, "");
    EXPECT_EQ(outcome.messages, "warning: no sample 7; skipped\n"
                                "warning: no sample 150; skipped\n");
    EXPECT_EQ(outcome.visited[7], 0u);
    EXPECT_EQ(outcome.visited[8], 1u);
  }
}

TEST(ForEachSampleTest, RefusesMoreThanOneInAHundred) {
  Numbers numbers(199, [](size_t i) { return i == 7 || i == 150; });
  for (unsigned threads : {1, 4}) {
    Outcome outcome = runOver(numbers, threads);
    EXPECT_EQ(outcome.error, "2 of 199 samples cannot be used, more than 1 %");
    // The others were visited all the same.
    EXPECT_EQ(outcome.visited[198], 1u);
  }
}

TEST(ForEachSampleTest, CountsWhatTheCallerCannotUse) {
  Numbers numbers(100, [](size_t) { return false; });
  Outcome outcome = runOver(numbers, 2, [](size_t i) -> Error {
    return i == 3 ? make_error<BadSample>("3 is too small") : Error::success();
  });
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.messages, "warning: 3 is too small; skipped\n");
}

TEST(ForEachSampleTest, StopsAtTheFirstErrorOfTheCaller) {
  Numbers numbers(10000, [](size_t i) { return i == 2; });
  for (unsigned threads : {1, 4}) {
    Outcome outcome = runOver(numbers, threads, [](size_t i) -> Error {
      if (i < 5)
        return Error::success();
      return createStringError(inconvertibleErrorCode(),
                               "stopped at " + Twine(i));
    });
    EXPECT_EQ(outcome.error, "stopped at 5");
    EXPECT_EQ(outcome.messages, "warning: no sample 2; skipped\n");
    EXPECT_EQ(outcome.visited[9999], 0u);
  }
}

// A training run meets a bad sample every epoch: it is named once, and the
// share is that of all that was asked for.
TEST(ForEachSampleTest, OneLogServesManyBatches) {
  Numbers numbers(100, [](size_t i) { return i == 42; });
  std::string messages;
  raw_string_ostream os(messages);
  BadSampleLog log(os);
  auto accept = [](size_t, Sample) { return Error::success(); };
  for (int epoch = 0; epoch < 3; ++epoch)
    for (size_t begin = 0; begin < 100; begin += 50) {
      std::vector<size_t> batch;
      for (size_t i = 0; i < 50; ++i)
        batch.push_back(99 - begin - i);
      EXPECT_EQ(messageOf(forEachSample(numbers, batch, 2, log, accept)), "");
    }
  EXPECT_EQ(messages, "warning: no sample 42; skipped\n");
  EXPECT_EQ(log.numBad(), 3u);
  EXPECT_EQ(log.numSeen(), 300u);
  EXPECT_EQ(messageOf(log.finish()), "");
}

TEST(ForEachSampleTest, AcceptsAnEmptyRange) {
  Numbers numbers(5, [](size_t) { return true; });
  auto accept = [](size_t, Sample) { return Error::success(); };
  EXPECT_EQ(messageOf(forEachSample(numbers, 3, 3, 0, nulls(), accept)), "");
}
} // namespace
