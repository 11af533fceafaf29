//===- WriteReport.cpp - the report of a training from its rows -----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// qat-write-report results.jsonl summary.json
//
// Writes the report to standard output. summary.json: {"network", "data",
// "seed", "options": [[name, value]], "layers": [{"name", "kind", "quant_type",
// "w_bits", "a_bits", "weights", "local", "accumulated"}]}, where "local" and
// "accumulated" may be absent or "inf".
//
//===----------------------------------------------------------------------===//

#include "qat/Training/Report.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

#include <limits>

using namespace llvm;
using namespace mlir::qat;

static Expected<std::unique_ptr<MemoryBuffer>> readText(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  if (std::error_code reason = buffer.getError())
    return createStringError(reason, "cannot read '" + path + "'");
  return std::move(*buffer);
}

static std::string textOf(const json::Object &object, StringRef key) {
  return object.getString(key).value_or("").str();
}

static std::optional<double> noiseOf(const json::Object &layer, StringRef key) {
  if (layer.getString(key) == "inf")
    return std::numeric_limits<double>::infinity();
  return layer.getNumber(key);
}

static TrainingSummary readSummary(const json::Object &object) {
  TrainingSummary summary;
  summary.network = textOf(object, "network");
  summary.data = textOf(object, "data");
  summary.seed = object.getInteger("seed").value_or(0);
  if (const json::Array *options = object.getArray("options"))
    for (const json::Value &option : *options)
      summary.options.push_back(
          {(*option.getAsArray())[0].getAsString()->str(),
           (*option.getAsArray())[1].getAsString()->str()});
  if (const json::Array *layers = object.getArray("layers"))
    for (const json::Value &value : *layers) {
      const json::Object &row = *value.getAsObject();
      summary.layers.push_back(
          {textOf(row, "name"), textOf(row, "kind"), textOf(row, "quant_type"),
           row.getInteger("w_bits").value_or(0),
           row.getInteger("a_bits").value_or(0),
           row.getInteger("weights").value_or(0), noiseOf(row, "local"),
           noiseOf(row, "accumulated")});
    }
  return summary;
}

static Error write(StringRef recordsPath, StringRef summaryPath) {
  Expected<std::unique_ptr<MemoryBuffer>> rows = readText(recordsPath);
  if (!rows)
    return rows.takeError();
  Expected<std::vector<EpochRecord>> records =
      parseRecords((*rows)->getBuffer());
  if (!records)
    return records.takeError();
  Expected<std::unique_ptr<MemoryBuffer>> text = readText(summaryPath);
  if (!text)
    return text.takeError();
  Expected<json::Value> summary = json::parse((*text)->getBuffer());
  if (!summary)
    return summary.takeError();
  writeReport(readSummary(*summary->getAsObject()), *records, outs());
  return Error::success();
}

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  if (Error error = write(argv[1], argv[2])) {
    WithColor::error(errs()) << toString(std::move(error)) << '\n';
    return 1;
  }
  return 0;
}
