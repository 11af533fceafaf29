//===- Process.h - running other programs -----------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_SIMULATOR_PROCESS_H
#define QAT_LIB_SIMULATOR_PROCESS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace mlir::qat {

/// Finds `program` (a name or a path). Fails with the package that has it.
llvm::Expected<std::string> findProgram(llvm::StringRef program,
                                        llvm::StringRef package);

struct Command {
  std::vector<std::string> arguments; ///< the program first
  std::string log;                    ///< takes both output streams
};

/// Runs commands, as many at a time as there are processors. Returns the exit
/// statuses, in the order of the commands.
llvm::Expected<std::vector<int>> runAll(llvm::ArrayRef<Command> commands);

struct RunStatus {
  int status = 0;
  bool timedOut = false;
};

/// Runs a command in the folder `dir`, for at most `timeout` seconds (0: any
/// time). `command.log` is not relative to `dir`.
llvm::Expected<RunStatus> runIn(llvm::StringRef dir, const Command &command,
                                unsigned timeout);

/// `dir`/`name`.
std::string joinPath(llvm::StringRef dir, const llvm::Twine &name);

/// The text of a file, empty where it cannot be read.
std::string readText(llvm::StringRef path);

} // namespace mlir::qat

#endif // QAT_LIB_SIMULATOR_PROCESS_H
