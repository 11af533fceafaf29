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
    round += roundStep;
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

/// Becomes one of those who work on the round `seen`, if it is still open.
bool WorkerPool::join(uint64_t &seen) {
  uint64_t now = round;
  do {
    seen = now / roundStep;
    if ((now & isOpen) == 0)
      return false;
  } while (!round.compare_exchange_weak(now, now + 1));
  return true;
}

void WorkerPool::work(unsigned thread) {
  uint64_t seen = 0;
  auto isNew = [&] { return round / roundStep != seen; };
  while (true) {
    for (unsigned spin = 0; spin < spins && !isNew(); ++spin)
      pause();
    if (!isNew()) {
      std::unique_lock<std::mutex> lock(mutex);
      ++sleeping;
      wake.wait(lock, isNew);
      --sleeping;
    }
    if (stop)
      return;
    if (!join(seen))
      continue;
    takeTasks(thread);
    --round;
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
  round += roundStep + isOpen;
  // A worker counts itself as sleeping, and looks at the round again, with the
  // mutex held: either it sees the new one, or it is counted here.
  if (sleeping > 0) {
    {
      std::lock_guard<std::mutex> lock(mutex);
    }
    wake.notify_all();
  }
  takeTasks(0);
  // Nothing is left to begin: only those who have begun are waited for, not
  // those who still wait for a processor.
  round -= isOpen;
  for (unsigned spin = 0; (round & workersMask) != 0; ++spin)
    if (spin < 20 * spins)
      pause();
    else
      std::this_thread::yield();
}
