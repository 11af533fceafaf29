//===- WorkerPool.cpp - threads that compute the tiles of a step ----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/TrainingStep/WorkerPool.h"

#include <algorithm>

using namespace mlir::qat;

/// Some 20 microseconds: longer than the phases of one thread between those of
/// all, shorter than what a foreign process would miss.
static constexpr unsigned spins = 1000;

static void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

WorkerPool::WorkerPool(unsigned threads) {
  if (threads == 0)
    threads = std::max(1u, std::thread::hardware_concurrency());
  for (unsigned thread = 1; thread < threads; ++thread)
    workers.emplace_back([this, thread] { work(thread); });
}

WorkerPool::~WorkerPool() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stop = true;
    ++generation;
  }
  wake.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

void WorkerPool::takeTasks(unsigned thread) {
  const Task &task = *current;
  for (int64_t index = next++; index < count; index = next++)
    task(index, thread);
}

void WorkerPool::work(unsigned thread) {
  uint64_t seen = 0;
  while (true) {
    for (unsigned spin = 0; spin < spins && generation == seen; ++spin)
      pause();
    if (generation == seen) {
      std::unique_lock<std::mutex> lock(mutex);
      ++sleeping;
      wake.wait(lock, [&] { return generation != seen; });
      --sleeping;
    }
    seen = generation;
    if (stop)
      return;
    takeTasks(thread);
    --busy;
  }
}

void WorkerPool::run(int64_t tasks, Task task) {
  if (workers.empty() || tasks <= 1) {
    for (int64_t index = 0; index < tasks; ++index)
      task(index, 0);
    return;
  }
  current = &task;
  count = tasks;
  next = 0;
  busy = workers.size();
  ++generation;
  // A worker counts itself as sleeping, and looks at the generation again,
  // with the mutex held: either it sees the new one, or it is counted here.
  if (sleeping > 0) {
    {
      std::lock_guard<std::mutex> lock(mutex);
    }
    wake.notify_all();
  }
  takeTasks(0);
  for (unsigned spin = 0; busy > 0; ++spin)
    if (spin < 20 * spins)
      pause();
    else
      std::this_thread::yield();
}
