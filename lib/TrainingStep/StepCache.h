//===- StepCache.h - compiled steps on disk ---------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TRAININGSTEP_STEPCACHE_H
#define QAT_LIB_TRAININGSTEP_STEPCACHE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>

namespace mlir::qat {

/// A folder of files named by what they were made from. Whatever is wrong with
/// it (not there, not writable, full, an entry cut short or changed) makes a
/// look-up find nothing: a cache is never an error.
class StepCache {
public:
  /// `folder` as in StepOptions.
  explicit StepCache(llvm::StringRef folder);

  /// What was stored under `key`, or null.
  std::unique_ptr<llvm::MemoryBuffer> find(llvm::StringRef key) const;

  /// Stores `content` under `key`; the entry appears whole or not at all.
  void store(llvm::StringRef key, llvm::StringRef content) const;

private:
  std::string path(llvm::StringRef key) const;

  std::string folder; ///< empty: no cache
};

} // namespace mlir::qat

#endif // QAT_LIB_TRAININGSTEP_STEPCACHE_H
