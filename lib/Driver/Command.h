//===- Command.h - what the subcommands share ---------------------*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A subcommand is one file, XCommand.cpp, with one function runX. It declares
// its options as llvm::cl objects inside that function, so that only the
// options of the command that runs are registered and listed by --help:
//
//   int mlir::qat::runInfo(CommandLine &line) {
//     cl::opt<std::string> input(cl::Positional, cl::Required,
//                                cl::desc("MODEL"), cl::cat(line.category()));
//     if (!line.parse("says what a model is"))
//       return kWrongUsage;
//     return line.finish(info(line, input));
//   }
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DRIVER_COMMAND_H
#define QAT_LIB_DRIVER_COMMAND_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace mlir::qat {

/// Exit statuses of the command.
enum ExitStatus {
  kDone = 0,
  kCannotServe = 1,
  kWrongUsage = 2,
  /// Stopped by a signal, whose number is added, after its work was saved.
  kStopped = 128
};

/// An option has a value that it cannot have; `finish` makes it kWrongUsage.
llvm::Error wrongUsage(const llvm::Twine &message);

/// One run of one subcommand: its name and arguments, the options that every
/// command has, the context, and the errors that were reported into it.
class CommandLine {
public:
  /// `arguments` are those after the command's name.
  CommandLine(llvm::StringRef name, llvm::ArrayRef<const char *> arguments);
  ~CommandLine();

  /// The name of the subcommand.
  llvm::StringRef getName() const { return name; }

  /// The category under which --help lists an option.
  llvm::cl::OptionCategory &category() { return optionCategory; }

  /// Parses the arguments against the options that exist now. `overview` is
  /// what --help says first. False, with a line on stderr, for wrong usage.
  bool parse(llvm::StringRef overview);

  /// Turns the outcome into an exit status; an error is printed as one line.
  int finish(llvm::Error error);

  /// A context with every dialect of the project. Errors that passes and
  /// parsers emit into it are held back, for diagnosedError.
  MLIRContext &context();

  /// An error of the first diagnostic that was emitted, with the layer where
  /// it happened; `otherwise` where a failure said nothing.
  llvm::Error diagnosedError(llvm::StringRef otherwise);

  /// Reads MLIR text or bytecode.
  llvm::Expected<OwningOpRef<ModuleOp>> readModule(llvm::StringRef path);

  /// Writes `module` whole or not at all: bytecode where `path` ends in
  /// .mlirbc, else text with locations (they carry the layers' names).
  llvm::Error writeModule(ModuleOp module, llvm::StringRef path);

  /// Runs the passes that `build` adds. Under --print-pipeline prints them as
  /// a qat-mlir-opt pipeline on standard output instead, and leaves the module
  /// as it is.
  llvm::Error runPasses(ModuleOp module,
                        llvm::function_ref<void(OpPassManager &)> build);

  /// Whether --print-pipeline was given: what follows the passes is not done.
  bool onlyPrintsPipeline() const { return printPipeline; }
  bool isQuiet() const { return quiet; }
  bool isVerbose() const { return verbose; }

private:
  struct Diagnostics;

  std::string name;
  /// Of the option category, which refers to it.
  std::string title;
  std::vector<std::string> arguments;
  llvm::cl::OptionCategory optionCategory;
  llvm::cl::opt<bool> printPipeline, quiet, verbose;
  std::unique_ptr<MLIRContext> ownedContext;
  std::unique_ptr<Diagnostics> diagnostics;
};

/// The kind of data set (for --dataset) that the file or folder `path` looks
/// like: cifar10, mnist, npy or folder.
std::string guessDataset(llvm::StringRef path);

/// Fails, as wrong usage, for a --dataset that there is not; empty is good.
llvm::Error checkDatasetName(llvm::StringRef name);

/// The commands, in the order of --help; each in the file of its name.
int runInfo(CommandLine &line);
int runImport(CommandLine &line);
int runZoo(CommandLine &line);
int runPlan(CommandLine &line);
int runQuantize(CommandLine &line);
int runTrain(CommandLine &line);
int runEval(CommandLine &line);
int runRun(CommandLine &line);
int runDeploy(CommandLine &line);
int runSimulate(CommandLine &line);
int runExport(CommandLine &line);

} // namespace mlir::qat

#endif // QAT_LIB_DRIVER_COMMAND_H
