//===- MemoryPlan.h - buffers with lifetimes in one arena ------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Places buffers whose lifetimes are known in one block of memory so that no
// two that live at the same time overlap (dynamic storage allocation, which is
// NP-hard). No IR in here: intervals in, offsets out.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_MEMORYPLAN_H
#define QAT_SUPPORT_MEMORYPLAN_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace mlir::qat {

/// One buffer. It is live from step `first` to step `last`, both included.
struct BufferLifetime {
  int64_t size = 0;      ///< bytes, not negative
  int64_t alignment = 1; ///< of the offset in bytes, positive
  int64_t first = 0;
  int64_t last = 0;
};

struct MemoryPlan {
  llvm::SmallVector<int64_t> offsets; ///< in bytes, one a buffer
  int64_t size = 0;                   ///< bytes of the arena
};

/// The largest sum of the sizes of the buffers that live at one step: no arena
/// can be smaller. Alignment is not counted.
int64_t peakOfLiveBytes(llvm::ArrayRef<BufferLifetime> buffers);

/// Places `buffers` (any number; their order does not matter for validity but
/// decides between equals, so that the result is a function of the input).
///
/// Each candidate is an order in which buffers are put, one after the other, at
/// the lowest offset that is free during their lifetime. Several orders (by
/// size, by lifetime, by their product, by time) are tried with lowest-offset
/// and with best-fit placement; where none of them reaches the peak of live
/// bytes, the best is improved: all orders are tried of up to 7 buffers (one of
/// them is optimal: the order of the offsets of an optimal plan), otherwise a
/// bounded number of moves in the order. Deterministic.
MemoryPlan planMemory(llvm::ArrayRef<BufferLifetime> buffers);

} // namespace mlir::qat

#endif // QAT_SUPPORT_MEMORYPLAN_H
