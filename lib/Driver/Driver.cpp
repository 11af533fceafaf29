//===- Driver.cpp - finds and runs a subcommand -----------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Driver/Driver.h"

#include "Command.h"

#include "qat/Support/CrashGuard.h"

#include "mlir/IR/AsmState.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <vector>

using namespace llvm;
using namespace mlir::qat;

namespace {
struct Command {
  StringRef name;
  StringRef summary;
  int (*run)(CommandLine &line);
};
} // namespace

static ArrayRef<Command> getCommands() {
  // A row a command; the function is in the file of the command's name.
  static const std::vector<Command> commands = {
      {"info", "what a model is: layers, parameters, work, memory", runInfo},
      {"import", "a trained model (.onnx, .tflite, .mlir) to a network",
       runImport},
      {"zoo", "a fresh network of a known family, to be trained", runZoo},
      {"plan", "assigns bits by the memory there is", runPlan},
      {"quantize", "puts quantizers into a network, calibrates their ranges",
       runQuantize},
      {"train", "trains a network, float or with its quantizers", runTrain},
      {"eval", "top-1 and top-5 of a network on a data set", runEval},
      {"run", "one batch through a network on this machine", runRun},
      {"deploy", "writes a network as a C project", runDeploy},
      {"simulate", "runs a C project on a simulated board", runSimulate},
      {"export", "writes a network for other tools", runExport},
  };
  return commands;
}

static void printHelp(raw_ostream &os) {
  os << "OVERVIEW: from a trained CNN to integer C for a microcontroller\n\n"
        "USAGE: qat COMMAND [options]\n\nCOMMANDS:\n";
  for (const Command &command : getCommands())
    os << formatv("  {0,-9} - {1}\n", command.name, command.summary);
  os << "\n`qat COMMAND --help` lists the options of a command.\n";
}

int mlir::qat::runDriver(int argc, char **argv) {
  registerAsmPrinterCLOptions();
  registerMLIRContextCLOptions();
  registerPassManagerCLOptions();
  if (argc < 2) {
    printHelp(errs());
    return kWrongUsage;
  }
  StringRef name = argv[1];
  if (name == "--help" || name == "-h" || name == "-help" || name == "help") {
    printHelp(outs());
    return kDone;
  }
  if (name == "--version") {
    outs() << "qat-mlir 0.1.0, LLVM " << LLVM_VERSION_STRING << "\n";
    return kDone;
  }
  for (const Command &command : getCommands()) {
    if (command.name != name)
      continue;
    installCrashGuard(("qat " + name).str());
    CommandLine line(name, ArrayRef<const char *>(argv + 2, argc - 2));
    return command.run(line);
  }
  errs() << "qat: error: unknown command '" << name
         << "'; `qat --help` lists them\n";
  return kWrongUsage;
}
