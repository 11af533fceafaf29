//===- WorkerPoolTest.cpp - every task once, whatever the threads do ------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/TrainingStep/WorkerPool.h"

#include "gtest/gtest.h"

#include <chrono>
#include <numeric>

using namespace mlir::qat;

namespace {

/// How often each task was called; what the caller reads needs no locks, for
/// run has returned.
std::vector<int> countCalls(WorkerPool &pool, int64_t count) {
  std::vector<int> calls(count, 0);
  pool.run(count, [&](int64_t task, unsigned) { ++calls[task]; });
  return calls;
}

TEST(WorkerPoolTest, CallsEveryTaskOnce) {
  for (unsigned threads : {1, 2, 3, 8}) {
    WorkerPool pool(threads);
    EXPECT_EQ(pool.getNumThreads(), threads);
    for (int64_t count : {0, 1, 2, 7, 1000})
      EXPECT_EQ(countCalls(pool, count), std::vector<int>(count, 1))
          << threads << " threads, " << count << " tasks";
  }
}

TEST(WorkerPoolTest, ThreadsOfTheMachineByDefault) {
  EXPECT_GE(WorkerPool(0).getNumThreads(), 1u);
}

/// Each phase reads all that the one before has written: a run that returned
/// too early, or a worker left over from it, would be seen.
TEST(WorkerPoolTest, APhaseSeesAllOfTheOneBefore) {
  WorkerPool pool(4);
  std::vector<int64_t> values(5, 1), next(5);
  for (int phase = 0; phase < 20000; ++phase) {
    pool.run(values.size(), [&](int64_t task, unsigned) {
      next[task] =
          std::accumulate(values.begin(), values.end(), int64_t(0)) % 1000 +
          task;
    });
    std::vector<int64_t> expected(5);
    int64_t sum = std::accumulate(values.begin(), values.end(), int64_t(0));
    for (int64_t task = 0; task < 5; ++task)
      expected[task] = sum % 1000 + task;
    ASSERT_EQ(next, expected) << "phase " << phase;
    std::swap(values, next);
  }
}

/// Scratch memory is a thread's own: no two tasks at once bear one number.
TEST(WorkerPoolTest, AThreadNumberBelongsToOneTaskAtATime) {
  WorkerPool pool(4);
  std::vector<std::atomic<int>> busy(pool.getNumThreads());
  std::atomic<int> shared{0};
  for (int round = 0; round < 2000; ++round)
    pool.run(16, [&](int64_t, unsigned thread) {
      ASSERT_LT(thread, pool.getNumThreads());
      shared += busy[thread]++ != 0;
      --busy[thread];
    });
  EXPECT_EQ(shared, 0);
}

/// Workers that have gone to sleep are woken, and sleeping ones end.
TEST(WorkerPoolTest, WakesSleepers) {
  WorkerPool pool(3);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_EQ(countCalls(pool, 50), std::vector<int>(50, 1));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

} // namespace
