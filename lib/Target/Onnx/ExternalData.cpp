//===- ExternalData.cpp - values in a file beside the model -------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ExternalData.h"

#include "OnnxModel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat::onnx;

/// The real path of `location` below `folder`.
static Expected<SmallString<128>> findBelow(StringRef folder,
                                            StringRef location) {
  std::string file = "keeps its values in " + quote(location);
  if (location.empty() || location.contains('\0') ||
      sys::path::is_absolute(location, sys::path::Style::posix) ||
      sys::path::is_absolute(location, sys::path::Style::windows))
    return createStringError(file + ", which is not a path relative to the "
                                    "model's folder");
  if (llvm::is_contained(llvm::make_range(sys::path::begin(location),
                                          sys::path::end(location)),
                         ".."))
    return createStringError(file + ", which leaves the model's folder");
  SmallString<128> root, wanted(folder.empty() ? "." : folder), real;
  std::error_code error = sys::fs::real_path(wanted, root);
  sys::path::append(wanted, location);
  if (!error)
    error = sys::fs::real_path(wanted, real);
  if (error)
    return createStringError(file +
                             ", which cannot be read: " + error.message());
  // Both paths are absolute and without symbolic links.
  StringRef rest = real;
  if (!rest.consume_front(root) ||
      !(rest.starts_with("/") || root.ends_with("/")))
    return createStringError(file + ", a symbolic link that leaves the model's "
                                    "folder");
  if (!sys::fs::is_regular_file(real))
    return createStringError(file + ", which is not a file");
  return real;
}

Expected<std::unique_ptr<MemoryBuffer>>
qat::onnx::readExternal(const std::optional<std::string> &folder,
                        const ExternalRange &range, int64_t size) {
  if (!folder)
    return createStringError("keeps its values in another file, which is not "
                             "looked for: the model does not come from a file");
  Expected<SmallString<128>> path = findBelow(*folder, range.location);
  if (!path)
    return path.takeError();
  std::string file = "keeps its values in " + quote(range.location);
  uint64_t fileSize = 0, offset = 0;
  if (std::error_code error = sys::fs::file_size(*path, fileSize))
    return createStringError(file +
                             ", which cannot be read: " + error.message());
  if (!range.offset.empty() && StringRef(range.offset).getAsInteger(10, offset))
    return createStringError(file + " at the offset " + quote(range.offset) +
                             ", which is not a number");
  if (offset > fileSize)
    return createStringError(file + " at " + Twine(offset) +
                             ", behind its end (" + Twine(fileSize) +
                             " bytes)");
  uint64_t length = fileSize - offset;
  if (!range.length.empty() && StringRef(range.length).getAsInteger(10, length))
    return createStringError(file + " with the length " + quote(range.length) +
                             ", which is not a number");
  if (length != static_cast<uint64_t>(size))
    return createStringError("holds " + Twine(length) + " bytes in " +
                             quote(range.location) +
                             " where its shape and type need " + Twine(size));
  if (length > fileSize - offset)
    return createStringError(file + " up to byte " + Twine(offset + length) +
                             ", behind its end (" + Twine(fileSize) +
                             " bytes)");
  if (length == 0)
    return MemoryBuffer::getMemBuffer("");
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFileSlice(*path, length, offset);
  if (!buffer)
    return createStringError(
        file + ", which cannot be read: " + buffer.getError().message());
  return std::move(*buffer);
}
