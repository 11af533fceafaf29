//===- ResultFiles.cpp - the results of a training on disk ----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Training/ResultFiles.h"

#include "qat/Support/AtomicFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::qat;

static std::string getPath(StringRef folder, StringRef file) {
  SmallString<256> path(folder);
  sys::path::append(path, file);
  return path.str().str();
}

static void printCsv(ArrayRef<EpochRecord> records, raw_ostream &os) {
  os << "epoch,steps,images,loss,train_top1,train_top5,float_top1,float_top5,"
        "fake_top1,fake_top5,integer_top1,integer_top5,agreement,"
        "evaluation_loss,lr,bound_lr,frozen,best,seconds\n";
  for (const EpochRecord &record : records) {
    os << formatv("{0},{1},{2},", record.epoch, record.steps, record.images)
       << format("%.6g", record.loss);
    for (const std::optional<Accuracy> &accuracy :
         {record.train, record.real, record.fake, record.integer})
      if (accuracy)
        os << formatv(",{0:F2},{1:F2}", accuracy->top1, accuracy->top5);
      else
        os << ",,";
    os << ',';
    if (record.agreement)
      os << formatv("{0:F2}", *record.agreement);
    os << ',';
    if (record.evaluationLoss)
      os << format("%.6g", *record.evaluationLoss);
    os << format(",%.6g,%.6g,%d,%d,%.2f\n", record.learningRate,
                 record.boundLearningRate, int(record.frozen), int(record.best),
                 record.seconds);
  }
}

Error mlir::qat::writeResults(StringRef folder, ArrayRef<EpochRecord> records) {
  if (Error error = writeFileAtomically(
          getPath(folder, "results.jsonl"), [&](raw_ostream &os) {
            for (const EpochRecord &record : records)
              os << json::Value(record.toJson()) << "\n";
          }))
    return error;
  return writeFileAtomically(getPath(folder, "results.csv"),
                             [&](raw_ostream &os) { printCsv(records, os); });
}

Expected<std::vector<EpochRecord>> mlir::qat::readResults(StringRef folder) {
  std::string path = getPath(folder, "results.jsonl");
  if (!sys::fs::exists(path))
    return std::vector<EpochRecord>();
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + buffer.getError().message());
  Expected<std::vector<EpochRecord>> records =
      parseRecords((*buffer)->getBuffer());
  if (!records)
    return createStringError("cannot read '" + path +
                             "': " + toString(records.takeError()));
  return records;
}
