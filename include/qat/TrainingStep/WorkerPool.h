//===- WorkerPool.h - threads that compute the tiles of a step --*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAININGSTEP_WORKERPOOL_H
#define QAT_TRAININGSTEP_WORKERPOOL_H

#include "llvm/ADT/STLFunctionalExtras.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace mlir::qat {

/// A step has a few hundred short phases with a barrier after each: the threads
/// wait for the next one by spinning shortly, then they sleep.
class WorkerPool {
public:
  /// `threads` in all, the caller's among them; 0 for those of the machine.
  explicit WorkerPool(unsigned threads);
  ~WorkerPool();

  unsigned getNumThreads() const { return workers.size() + 1; }

  using Task = llvm::function_ref<void(int64_t task, unsigned thread)>;

  /// Calls `task` for 0 to count - 1, in any order and at once, and returns
  /// when all are done. `thread` is below getNumThreads(). One caller at a
  /// time. Allocates nothing.
  void run(int64_t count, Task task);

private:
  /// In `round`: how many workers are at work, whether more may begin, and a
  /// number that rises with every call of run.
  static constexpr uint64_t workersMask = (1 << 16) - 1;
  static constexpr uint64_t isOpen = 1 << 16;
  static constexpr uint64_t roundStep = 1 << 17;

  void work(unsigned thread);
  bool join(uint64_t &seen);
  void takeTasks(unsigned thread);

  std::vector<std::thread> workers;
  const Task *current = nullptr;
  int64_t count = 0;
  std::atomic<int64_t> next{0};
  std::atomic<uint64_t> round{0};
  std::atomic<unsigned> sleeping{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::condition_variable wake;
};

} // namespace mlir::qat

#endif // QAT_TRAININGSTEP_WORKERPOOL_H
