//===- QuantizeCommand.cpp - qat quantize -----------------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CalibrationOptions.h"
#include "Command.h"
#include "QuantizationOptions.h"

#include "mlir/Pass/PassManager.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

int mlir::qat::runQuantize(CommandLine &line) {
  cl::OptionCategory &category = line.category();
  cl::opt<std::string> input(cl::Positional, cl::Required, cl::desc("M.mlir"),
                             cl::cat(category));
  cl::opt<std::string> output(
      "o", cl::Required, cl::value_desc("file"), cl::cat(category),
      cl::desc("Where form Q goes: .mlir text, .mlirbc bytecode, - stdout"));
  CalibrationOptions calibration(category);
  QuantizationOptions quantization(category, calibration);
  if (!line.parse("puts quantizers into a float network and calibrates their "
                  "ranges"))
    return kWrongUsage;

  if (Error error = quantization.read(line))
    return line.finish(std::move(error));
  Expected<OwningOpRef<ModuleOp>> module = line.readModule(input);
  if (!module)
    return line.finish(module.takeError());
  Error error = line.runPasses(**module, [&](OpPassManager &manager) {
    quantization.addPasses(manager, **module);
  });
  if (!error && !line.onlyPrintsPipeline())
    error = line.writeModule(**module, output);
  if (!error && !line.onlyPrintsPipeline())
    quantization.remarkInitialBounds(line);
  return line.finish(std::move(error));
}
