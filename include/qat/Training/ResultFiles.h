//===- ResultFiles.h - results of a training --------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAINING_RESULTFILES_H
#define QAT_TRAINING_RESULTFILES_H

#include "qat/Training/EpochRecord.h"

#include "llvm/ADT/ArrayRef.h"

namespace mlir::qat {

/// Writes results.jsonl (EpochRecord::toJson, a line an epoch) and results.csv
/// (the same without the bounds, a row an epoch under a line of names) into
/// `folder`, each whole or not at all.
llvm::Error writeResults(llvm::StringRef folder,
                         llvm::ArrayRef<EpochRecord> records);

/// The rows of results.jsonl in `folder`; none where there is no such file.
llvm::Expected<std::vector<EpochRecord>> readResults(llvm::StringRef folder);

} // namespace mlir::qat

#endif // QAT_TRAINING_RESULTFILES_H
