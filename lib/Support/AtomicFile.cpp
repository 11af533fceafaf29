//===- AtomicFile.cpp - files that appear whole or not at all ------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/AtomicFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

static Error cannotWrite(StringRef path, std::error_code reason) {
  return createStringError(reason,
                           "cannot write '" + path + "': " + reason.message());
}

Error mlir::qat::writeFileAtomically(StringRef path,
                                     function_ref<void(raw_ostream &)> write) {
  if (path == "-") {
    write(outs());
    outs().flush();
    return Error::success();
  }
  Expected<sys::fs::TempFile> file = sys::fs::TempFile::create(
      path + ".%%%%%%.tmp", sys::fs::all_read | sys::fs::all_write);
  if (!file)
    return cannotWrite(path, errorToErrorCode(file.takeError()));
  std::error_code reason;
  {
    raw_fd_ostream stream(file->FD, /*shouldClose=*/false);
    write(stream);
    stream.flush();
    reason = stream.error();
    // The stream's destructor ends the process on an error nobody took.
    stream.clear_error();
  }
  if (reason) {
    consumeError(file->discard());
    return cannotWrite(path, reason);
  }
  if (Error error = file->keep(path))
    return cannotWrite(path, errorToErrorCode(std::move(error)));
  return Error::success();
}
