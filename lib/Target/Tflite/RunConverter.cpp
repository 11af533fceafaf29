//===- RunConverter.cpp - the program that makes TOSA ---------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RunConverter.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Program.h"

using namespace llvm;
using namespace mlir::qat;

static constexpr const char *kProgram = "tosa-converter-for-tflite";
static constexpr unsigned kSeconds = 120;
static constexpr unsigned kMegabytesOfMemory = 4096;
/// For the shell's ulimit: blocks of 512 bytes, 2 GiB.
static constexpr const char *kBlocksOfOutput = "4194304";

static Expected<std::string> findConverter() {
  if (std::optional<std::string> given =
          sys::Process::GetEnv("QAT_TFLITE_CONVERTER")) {
    if (sys::fs::can_execute(*given))
      return *given;
    return createStringError("QAT_TFLITE_CONVERTER is '" + *given +
                             "', which is no program");
  }
  if (ErrorOr<std::string> found = sys::findProgramByName(kProgram))
    return *found;
  if (std::optional<std::string> environment =
          sys::Process::GetEnv("VIRTUAL_ENV")) {
    SmallString<128> candidate(*environment);
    sys::path::append(candidate, "bin", kProgram);
    if (sys::fs::can_execute(candidate))
      return candidate.str().str();
  }
  return createStringError(Twine(kProgram) +
                           ", which reads .tflite models, is "
                           "not found; `pip install " +
                           kProgram +
                           "` installs it, on PATH or in the virtual "
                           "environment that is active");
}

/// Why the converter gave up: the first line of `log` that says so.
static std::string getReason(StringRef log) {
  SmallVector<StringRef> lines;
  log.split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef line : lines)
    if (size_t at = line.find("error: "); at != StringRef::npos)
      return line.substr(at + strlen("error: ")).trim().str();
  for (StringRef line : lines)
    if (line.consume_front("[ERROR] "))
      return line.trim().str();
  return lines.empty() ? "it said nothing" : lines.back().trim().str();
}

/// The text with nothing in it that a terminal might obey, and not long.
static std::string printable(std::string text) {
  text.resize(std::min<size_t>(text.size(), 300));
  for (char &c : text)
    if (!isPrint(c))
      c = ' ';
  return text;
}

Expected<std::unique_ptr<MemoryBuffer>>
mlir::qat::runConverter(StringRef path) {
  Expected<std::string> converter = findConverter();
  if (!converter)
    return converter.takeError();
  ErrorOr<std::string> shell = sys::findProgramByName("sh");
  if (!shell)
    return createStringError("cannot run " + Twine(kProgram) +
                             ": there is no shell");
  SmallString<128> model(path), output, log;
  if (std::error_code error = sys::fs::make_absolute(model))
    return errorCodeToError(error);
  for (auto [file, suffix] :
       {std::make_pair(&output, "mlirbc"), std::make_pair(&log, "log")})
    if (std::error_code error =
            sys::fs::createTemporaryFile("qat-tflite", suffix, *file)) {
      sys::fs::remove(output);
      return createStringError("cannot make a temporary file: " +
                               error.message());
    }
  scope_exit cleanUp([&] {
    sys::fs::remove(output);
    sys::fs::remove(log);
  });

  // The limit on what it writes is one of the shell, which then becomes the
  // converter.
  StringRef arguments[] = {*shell,
                           "-c",
                           "ulimit -f \"$1\"; shift; exec \"$@\"",
                           "sh",
                           kBlocksOfOutput,
                           *converter,
                           model,
                           "--bytecode",
                           "--emit-debug-info",
                           "-o",
                           output};
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log),
                                          StringRef(log)};
  std::string problem;
  bool failed = false;
  int status =
      sys::ExecuteAndWait(*shell, arguments, std::nullopt, redirects, kSeconds,
                          kMegabytesOfMemory, &problem, &failed);
  if (status == 0 && !failed) {
    ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(
        output, /*IsText=*/false, /*RequiresNullTerminator=*/false,
        /*IsVolatile=*/true);
    if (buffer && (*buffer)->getBufferSize() != 0)
      return std::move(*buffer);
    problem = "it wrote nothing";
  } else if (problem.empty()) {
    ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(log);
    problem = buffer ? getReason((*buffer)->getBuffer()) : "it said nothing";
  }
  return createStringError("'" + path + "': " + kProgram +
                           " failed: " + printable(problem));
}
