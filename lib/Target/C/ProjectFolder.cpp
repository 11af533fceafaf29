//===- ProjectFolder.cpp - a folder that appears whole --------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProjectFolder.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::qat;

static Error fail(const Twine &what, std::error_code reason) {
  return createStringError(what + ": " + reason.message());
}

/// The path without what renaming would stumble over: "a/", "a/.".
static Expected<std::string> normalize(StringRef dir) {
  SmallString<256> path(dir);
  if (path.empty())
    return createStringError("expects a folder to write to, but got ''");
  if (std::error_code ec = sys::fs::make_absolute(path))
    return fail("cannot find '" + dir + "'", ec);
  sys::path::remove_dots(path, /*remove_dot_dot=*/true);
  while (path.size() > 1 && sys::path::is_separator(path.back()))
    path.pop_back();
  return path.str().str();
}

/// What the manifests in `dir` list.
static StringSet<> getListedFiles(StringRef dir) {
  StringSet<> listed;
  std::error_code ec;
  for (sys::fs::directory_iterator it(dir, ec), end; it != end && !ec;
       it.increment(ec)) {
    if (sys::path::extension(it->path()) != ".json")
      continue;
    auto buffer = MemoryBuffer::getFile(it->path());
    if (!buffer)
      continue;
    Expected<json::Value> value = json::parse((*buffer)->getBuffer());
    if (!value) {
      consumeError(value.takeError());
      continue;
    }
    json::Object *manifest = value->getAsObject();
    if (!manifest ||
        !manifest->getString("generator").value_or("").starts_with("qat-mlir "))
      continue;
    if (json::Array *files = manifest->getArray("files"))
      for (json::Value &file : *files)
        if (auto path = file.getAsString())
          listed.insert(*path);
  }
  return listed;
}

Error mlir::qat::checkProjectFolder(StringRef dir) {
  Expected<std::string> root = normalize(dir);
  if (!root)
    return root.takeError();
  if (!sys::fs::exists(*root))
    return Error::success();
  if (!sys::fs::is_directory(*root))
    return createStringError("'" + dir + "' is a file, not a folder");
  StringSet<> listed = getListedFiles(*root);
  std::error_code ec;
  for (sys::fs::recursive_directory_iterator it(*root, ec), end;
       it != end && !ec; it.increment(ec)) {
    StringRef path = it->path();
    path.consume_front(*root);
    path = path.ltrim('/');
    if (it->type() == sys::fs::file_type::directory_file) {
      // Whoever builds an earlier project of ours builds it again.
      if (path == "build" && !listed.empty())
        it.no_push();
      continue;
    }
    if (!listed.contains(path))
      return createStringError("'" + dir + "' holds '" + path +
                               "', which is not part of an earlier project "
                               "and would be lost; choose another folder or "
                               "move it");
  }
  if (ec)
    return fail("cannot read '" + dir + "'", ec);
  return Error::success();
}

/// Writes everything below `folder`, which exists.
static Error writeFiles(StringRef folder, ArrayRef<ProjectFile> files) {
  for (const ProjectFile &file : files) {
    SmallString<256> path(folder);
    sys::path::append(path, file.path);
    if (std::error_code ec =
            sys::fs::create_directories(sys::path::parent_path(path)))
      return fail("cannot write '" + file.path + "'", ec);
    std::error_code ec;
    raw_fd_ostream os(path, ec);
    if (ec)
      return fail("cannot write '" + file.path + "'", ec);
    os << file.content;
    os.close();
    if (os.has_error()) {
      ec = os.error();
      os.clear_error();
      return fail("cannot write '" + file.path + "'", ec);
    }
  }
  return Error::success();
}

Error mlir::qat::writeProjectFolder(StringRef dir,
                                    ArrayRef<ProjectFile> files) {
  if (Error error = checkProjectFolder(dir))
    return error;
  Expected<std::string> root = normalize(dir);
  if (!root)
    return root.takeError();
  if (std::error_code ec =
          sys::fs::create_directories(sys::path::parent_path(*root)))
    return fail("cannot create '" + dir + "'", ec);
  SmallString<256> temporary;
  if (std::error_code ec =
          sys::fs::createUniqueDirectory(*root + ".new", temporary))
    return fail("cannot create '" + dir + "'", ec);
  // Made for one user; a project is for everybody, as mkdir would have it.
  auto everybody = sys::fs::all_read | sys::fs::all_exe | sys::fs::owner_write;
  (void)sys::fs::setPermissions(temporary,
                                static_cast<sys::fs::perms>(everybody));
  if (Error error = writeFiles(temporary, files)) {
    sys::fs::remove_directories(temporary);
    return error;
  }

  SmallString<256> old;
  if (sys::fs::exists(*root)) {
    sys::fs::createUniquePath(*root + ".old-%%%%%%", old,
                              /*MakeAbsolute=*/false);
    if (std::error_code ec = sys::fs::rename(*root, old)) {
      sys::fs::remove_directories(temporary);
      return fail("cannot replace '" + dir + "'", ec);
    }
  }
  if (std::error_code ec = sys::fs::rename(temporary, *root)) {
    if (!old.empty())
      (void)sys::fs::rename(old, *root);
    sys::fs::remove_directories(temporary);
    return fail("cannot create '" + dir + "'", ec);
  }
  if (!old.empty())
    sys::fs::remove_directories(old);
  return Error::success();
}
