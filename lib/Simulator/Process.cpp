//===- Process.cpp - running other programs -------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Process.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Threading.h"
#include <deque>
#include <optional>

using namespace llvm;
using namespace mlir::qat;

Expected<std::string> mlir::qat::findProgram(StringRef program,
                                             StringRef package) {
  ErrorOr<std::string> path = sys::findProgramByName(program);
  if (!path)
    return createStringError("'" + program +
                             "' was not found; Debian and Ubuntu have it in "
                             "the package '" +
                             package + "'");
  return *path;
}

static SmallVector<StringRef> getArguments(const Command &command) {
  return SmallVector<StringRef>(command.arguments.begin(),
                                command.arguments.end());
}

static Error cannotRun(StringRef program, StringRef message) {
  return createStringError("cannot run '" + program + "': " + message);
}

Expected<std::vector<int>> mlir::qat::runAll(ArrayRef<Command> commands) {
  size_t limit = hardware_concurrency().compute_thread_count();
  std::vector<int> statuses;
  std::deque<sys::ProcessInfo> running;
  Error failure = Error::success();
  auto waitForOne = [&] {
    std::string message;
    sys::ProcessInfo result =
        sys::Wait(running.front(), /*SecondsToWait=*/std::nullopt, &message);
    running.pop_front();
    statuses.push_back(result.ReturnCode);
  };
  for (const Command &command : commands) {
    if (running.size() >= limit)
      waitForOne();
    std::string message;
    bool failed = false;
    std::optional<StringRef> redirects[] = {StringRef(), StringRef(command.log),
                                            StringRef(command.log)};
    sys::ProcessInfo process = sys::ExecuteNoWait(
        command.arguments.front(), getArguments(command),
        /*Env=*/std::nullopt, redirects, /*MemoryLimit=*/0, &message, &failed);
    if (failed) {
      failure = cannotRun(command.arguments.front(), message);
      break;
    }
    running.push_back(process);
  }
  while (!running.empty())
    waitForOne();
  if (failure)
    return std::move(failure);
  return statuses;
}

Expected<RunStatus> mlir::qat::runIn(StringRef dir, const Command &command,
                                     unsigned timeout) {
  // There is no portable way to start a process in another folder, but a shell
  // that turns into it.
  SmallVector<StringRef> arguments = {
      "sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", dir};
  append_range(arguments, command.arguments);
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(command.log),
                                          StringRef(command.log)};
  std::string message;
  bool failed = false;
  RunStatus result;
  result.status =
      sys::ExecuteAndWait("/bin/sh", arguments, /*Env=*/std::nullopt, redirects,
                          timeout, /*MemoryLimit=*/0, &message, &failed);
  if (failed)
    return cannotRun(command.arguments.front(), message);
  // -2: the program crashed or was killed after its time.
  result.timedOut = result.status == -2 && timeout &&
                    StringRef(message).contains_insensitive("timed out");
  return result;
}

std::string mlir::qat::joinPath(StringRef dir, const Twine &name) {
  SmallString<128> path(dir);
  sys::path::append(path, name);
  return path.str().str();
}

std::string mlir::qat::readText(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}
