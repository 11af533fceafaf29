//===- InfoCommand.cpp - qat info: what a model is ------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "ModelInput.h"

#include "qat/Analysis/NetworkSummary.h"
#include "qat/Support/AtomicFile.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

static Error showSummary(CommandLine &line, StringRef input, StringRef json) {
  Expected<OwningOpRef<ModuleOp>> module = readModel(line, input);
  if (!module)
    return module.takeError();
  Expected<NetworkSummary> summary = summarizeNetwork(**module);
  if (!summary)
    return createStringError("'" + input +
                             "': " + toString(summary.takeError()));
  if (!json.empty()) {
    Error error = writeFileAtomically(json, [&](raw_ostream &os) {
      os << formatv("{0:2}", toJson(*summary)) << "\n";
    });
    // Standard output is then JSON alone.
    if (error || json == "-")
      return error;
  }
  printText(*summary, outs());
  return Error::success();
}

int mlir::qat::runInfo(CommandLine &line) {
  cl::opt<std::string> input(cl::Positional, cl::Required,
                             cl::desc("MODEL (.mlir, .mlirbc, .onnx, .tflite)"),
                             cl::cat(line.category()));
  cl::opt<std::string> json("json", cl::value_desc("file"),
                            cl::desc("Also write the summary as JSON; - is "
                                     "standard output, without the text"),
                            cl::cat(line.category()));
  if (!line.parse("says what a model is: layers, parameters, work, memory"))
    return kWrongUsage;
  return line.finish(showSummary(line, input, json));
}
