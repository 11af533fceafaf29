//===- BytecodeProbe.cpp - does MLIR survive a file -----------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SourceText.h"

#include "qat/InitAll.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/Twine.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace llvm;
using namespace mlir;

[[noreturn]] static void readBytecodeAsChild(MemoryBufferRef buffer) {
  rlimit limit;
  limit.rlim_cur = limit.rlim_max = 10; // seconds
  setrlimit(RLIMIT_CPU, &limit);
  limit.rlim_cur = limit.rlim_max = 0;
  setrlimit(RLIMIT_CORE, &limit);
  int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  DialectRegistry registry;
  qat::registerAllDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  {
    OwningOpRef<ModuleOp> module =
        parseSourceString<ModuleOp>(buffer.getBuffer(), &context);
    // What damage there is in memory often shows where it is given back.
  }
  _exit(0);
}

Error mlir::qat::checkBytecode(StringRef path, MemoryBufferRef buffer) {
  if (!buffer.getBuffer().starts_with("ML\xefR"))
    return Error::success();
  pid_t child = fork();
  if (child < 0) // the guard has to do
    return Error::success();
  if (child == 0)
    readBytecodeAsChild(buffer);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
    return Error::success();
  return createStringError("'" + path +
                           "' is damaged: MLIR's reader of bytecode fails on "
                           "it; write it anew");
}
