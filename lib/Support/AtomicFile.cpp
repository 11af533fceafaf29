//===- AtomicFile.cpp - files that appear whole or not at all ------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/AtomicFile.h"

#include "llvm/Support/Errno.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <unistd.h>

using namespace llvm;

static Error cannotWrite(StringRef path, std::error_code reason) {
  return createStringError(reason,
                           "cannot write '" + path + "': " + reason.message());
}

/// Writes to what is no regular file.
static Error writeThrough(StringRef path,
                          function_ref<void(raw_ostream &)> write) {
  std::error_code reason;
  raw_fd_ostream stream(path, reason);
  if (reason)
    return cannotWrite(path, reason);
  write(stream);
  stream.flush();
  reason = stream.error();
  stream.clear_error();
  return reason ? cannotWrite(path, reason) : Error::success();
}

Error mlir::qat::writeFileAtomically(StringRef path,
                                     function_ref<void(raw_ostream &)> write) {
  if (path == "-") {
    write(outs());
    outs().flush();
    std::error_code reason = outs().error();
    outs().clear_error();
    return reason ? cannotWrite("standard output", reason) : Error::success();
  }
  // A device or a pipe is written to, not replaced by a file; what a symbolic
  // link leads to is replaced, not the link.
  sys::fs::file_status status;
  SmallString<256> target(path);
  bool exists = !sys::fs::status(path, status);
  if (exists && !sys::fs::is_regular_file(status))
    return writeThrough(path, write);
  if (exists)
    if (std::error_code reason = sys::fs::real_path(path, target))
      return cannotWrite(path, reason);
  unsigned mode =
      exists ? status.permissions() : sys::fs::all_read | sys::fs::all_write;
  Expected<sys::fs::TempFile> file =
      sys::fs::TempFile::create(target + ".%%%%%%.tmp", mode);
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
  // What takes the place of another has to be on the disk before it does: a
  // machine that stops between the two would leave neither checkpoint.
  if (!reason && exists && ::fsync(file->FD) != 0)
    reason = errnoAsErrorCode();
  if (reason) {
    consumeError(file->discard());
    return cannotWrite(path, reason);
  }
  if (Error error = file->keep(target))
    return cannotWrite(path, errorToErrorCode(std::move(error)));
  return Error::success();
}
