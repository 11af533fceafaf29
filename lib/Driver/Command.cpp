//===- Command.cpp - what the subcommands share -----------------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Command.h"

#include "SourceText.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/ParameterValues.h"
#include "qat/InitAll.h"
#include "qat/Support/AtomicFile.h"
#include "qat/Support/CrashGuard.h"

#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <optional>
#include <unistd.h>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

namespace {
/// See wrongUsage.
class UsageError : public ErrorInfo<UsageError> {
public:
  static char ID;
  explicit UsageError(const Twine &message) : message(message.str()) {}
  void log(raw_ostream &os) const override { os << message; }
  std::error_code convertToErrorCode() const override {
    return inconvertibleErrorCode();
  }

private:
  std::string message;
};
char UsageError::ID = 0;

/// Names the pass that runs, for a crash in it.
class NameRunningPass : public PassInstrumentation {
  void runBeforePass(Pass *pass, Operation *) override {
    // Passes over functions may run on several threads; CrashScope is for one.
    if (pass->getOpName() != ModuleOp::getOperationName())
      return;
    StringRef name = pass->getArgument();
    scope.reset();
    scope.emplace("running the pass '" +
                  (name.empty() ? pass->getName() : name) + "'");
  }
  void runAfterPass(Pass *pass, Operation *) override {
    if (pass->getOpName() == ModuleOp::getOperationName())
      scope.reset();
  }
  std::optional<CrashScope> scope;
};
} // namespace

Error mlir::qat::wrongUsage(const Twine &message) {
  return make_error<UsageError>(message);
}

/// Takes what is emitted into a context: keeps the first error, prints
/// remarks and warnings as they come.
struct CommandLine::Diagnostics {
  Diagnostics(MLIRContext &context, CommandLine &line)
      : handler(&context, [this, &line](Diagnostic &diagnostic) {
          take(diagnostic, line);
          return success();
        }) {}

  static std::string describe(Diagnostic &diagnostic) {
    std::string text;
    raw_string_ostream os(text);
    diagnostic.getLocation()->walk([&](Location location) {
      if (auto name = dyn_cast<NameLoc>(location)) {
        os << "'" << name.getName().getValue() << "': ";
        return WalkResult::interrupt();
      }
      if (auto file = dyn_cast<FileLineColLoc>(location)) {
        os << file.getFilename().getValue() << ":";
        // Bytecode has no lines.
        if (file.getLine() != 0)
          os << file.getLine() << ":" << file.getColumn() << ":";
        os << " ";
        return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    // An error is one line, whatever an op printed into it.
    std::string message = diagnostic.str();
    // Upstream's advice is for its own tools.
    if (StringRef(message).contains("unregistered dialect"))
      message = "an operation of a dialect that qat does not know; form F has "
                "those of tosa, qat, func, arith, tensor and ml_program";
    for (StringRef part : split(message, '\n'))
      os << part.trim() << " ";
    return StringRef(text).rtrim().str();
  }

  void take(Diagnostic &diagnostic, CommandLine &line) {
    switch (diagnostic.getSeverity()) {
    case DiagnosticSeverity::Error:
      if (firstError.empty())
        firstError = describe(diagnostic);
      return;
    case DiagnosticSeverity::Warning:
      if (!line.isQuiet())
        errs() << "qat " << line.name << ": warning: " << describe(diagnostic)
               << "\n";
      return;
    case DiagnosticSeverity::Remark:
      if (!line.isQuiet())
        errs() << "qat " << line.name << ": remark: " << describe(diagnostic)
               << "\n";
      // What a remark says layer by layer.
      if (line.isVerbose())
        for (Diagnostic &note : diagnostic.getNotes())
          errs() << "  " << describe(note) << "\n";
      return;
    case DiagnosticSeverity::Note:
      return;
    }
  }

  std::string firstError;
  ScopedDiagnosticHandler handler;
};

CommandLine::CommandLine(StringRef name, ArrayRef<const char *> args)
    : name(name), title("Options of qat " + name.str()), optionCategory(title),
      printPipeline("print-pipeline",
                    cl::desc("Print the passes as a qat-mlir-opt pipeline "
                             "instead of doing the work"),
                    cl::cat(optionCategory)),
      quiet("quiet", cl::desc("Print errors and results only"),
            cl::cat(optionCategory)),
      verbose("verbose", cl::desc("Say what is done, step by step"),
              cl::cat(optionCategory)) {
  // The reference spells its options with underscores, we with hyphens; both
  // are accepted.
  for (StringRef argument : args) {
    std::string text = argument.str();
    if (argument.starts_with("--"))
      for (char &c : MutableArrayRef<char>(
               text.data(), text.find_first_of('=') == std::string::npos
                                ? text.size()
                                : text.find_first_of('=')))
        if (c == '_')
          c = '-';
    arguments.push_back(std::move(text));
  }
}

CommandLine::~CommandLine() = default;

/// Calls `run` and gives what it wrote to standard error: LLVM's options report
/// some errors there whatever stream they are given.
static void captureStandardError(std::string &text,
                                 llvm::function_ref<void()> run) {
  SmallString<128> path;
  int file = -1, saved = dup(STDERR_FILENO);
  if (saved < 0 || sys::fs::createTemporaryFile("qat", "log", file, path)) {
    run();
    return;
  }
  errs().flush();
  dup2(file, STDERR_FILENO);
  run();
  errs().flush();
  dup2(saved, STDERR_FILENO);
  close(saved);
  close(file);
  if (ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
          MemoryBuffer::getFile(path))
    text = (*buffer)->getBuffer().str();
  sys::fs::remove(path);
}

bool CommandLine::parse(StringRef overview) {
  std::string program = "qat " + name;
  SmallVector<const char *> argv = {program.c_str()};
  for (const std::string &argument : arguments)
    argv.push_back(argument.c_str());
  cl::HideUnrelatedOptions(optionCategory);
  // What LLVM says about a name that it does not know is not one line.
  auto &known = cl::getRegisteredOptions();
  for (StringRef argument : arguments) {
    if (argument == "--")
      break;
    if (!argument.consume_front("--"))
      continue;
    StringRef option = argument.split('=').first;
    if (known.contains(option) || option == "help")
      continue;
    StringRef nearest;
    unsigned best = 4;
    for (const auto &[candidate, registered] : known) {
      unsigned distance = option.edit_distance(candidate, true, best);
      // The map has no order; equal distances are told apart by name.
      if (!is_contained(registered->Categories, &optionCategory) ||
          distance > best || distance == 4 ||
          (distance == best && !nearest.empty() && nearest < candidate))
        continue;
      best = distance;
      nearest = candidate;
    }
    errs() << "qat " << name << ": error: unknown option '--" << option << "'";
    if (!nearest.empty())
      errs() << ", did you mean '--" << nearest << "'?";
    errs() << "; `qat " << name << " --help` lists the options\n";
    return false;
  }
  std::string message;
  bool good = false;
  captureStandardError(message, [&] {
    good = cl::ParseCommandLineOptions(argv.size(), argv.data(), overview,
                                       &errs());
  });
  if (good)
    return true;
  errs() << "qat " << name << ": error: ";
  StringRef first = StringRef(message).split('\n').first;
  first.consume_front(program + ": ");
  errs() << first << "; `qat " << name << " --help` lists the options\n";
  return false;
}

int CommandLine::finish(Error error) {
  if (!error)
    return kDone;
  int status = error.isA<UsageError>() ? kWrongUsage : kCannotServe;
  std::string message = toString(std::move(error));
  for (char &c : message)
    if (c == '\n')
      c = ' ';
  errs() << "qat " << name << ": error: " << message << "\n";
  return status;
}

MLIRContext &CommandLine::context() {
  if (!ownedContext) {
    DialectRegistry registry;
    registerAllDialects(registry);
    ownedContext = std::make_unique<MLIRContext>(registry);
    ownedContext->printOpOnDiagnostic(false);
    diagnostics = std::make_unique<Diagnostics>(*ownedContext, *this);
  }
  return *ownedContext;
}

Error CommandLine::diagnosedError(StringRef otherwise) {
  if (diagnostics && !diagnostics->firstError.empty())
    return createStringError(std::exchange(diagnostics->firstError, {}));
  return createStringError(otherwise);
}

Expected<OwningOpRef<ModuleOp>> CommandLine::readModule(StringRef path) {
  if (path.ends_with(".onnx") || path.ends_with(".tflite"))
    return createStringError("'" + path +
                             "' is not MLIR; `qat import` makes MLIR of it");
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFileOrSTDIN(path);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + buffer.getError().message());
  if (Error error = checkSourceText(path, (*buffer)->getBuffer()))
    return std::move(error);
  if (Error error = checkBytecode(path, **buffer))
    return std::move(error);
  CrashScope scope("reading '" + path + "'");
  SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(*buffer), SMLoc());
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, &context());
  if (!module)
    return diagnosedError("cannot parse '" + path.str() + "'");
  if (!module->lookupSymbol("main"))
    return createStringError("'" + path +
                             "' has no function @main; it is not a network");
  if (failed(verifyResources(*module)))
    return diagnosedError("'" + path.str() + "' lacks data");
  for (auto check : {checkTensorSizes, checkParameterValues})
    if (Error error = check(*module))
      return createStringError("'" + path + "': " + toString(std::move(error)));
  return module;
}

Error CommandLine::writeModule(ModuleOp module, StringRef path) {
  return writeFileAtomically(path, [&](raw_ostream &os) {
    if (path.ends_with(".mlirbc")) {
      // Fails only for versions of the format that are not asked for here.
      (void)writeBytecodeToFile(module, os);
      return;
    }
    OpPrintingFlags flags;
    flags.enableDebugInfo(/*enable=*/true, /*prettyForm=*/false);
    module.print(os, flags);
    os << "\n";
  });
}

Error CommandLine::runPasses(ModuleOp module,
                             function_ref<void(OpPassManager &)> build) {
  PassManager manager(&context(), ModuleOp::getOperationName());
  build(manager);
  CrashScope scope("running passes");
  manager.addInstrumentation(std::make_unique<NameRunningPass>());
  if (printPipeline) {
    manager.printAsTextualPipeline(outs());
    outs() << "\n";
    return Error::success();
  }
  if (failed(applyPassManagerCLOptions(manager)) || failed(manager.run(module)))
    return diagnosedError("a pass failed without saying why");
  return Error::success();
}
