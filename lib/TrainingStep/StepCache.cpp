//===- StepCache.cpp - compiled steps on disk -----------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An entry: one line "qat-step-1 KEY CHECKSUM\n", then the content. The key in
// the file guards against two keys of one name, the checksum against a disk
// that lost the end.
//
//===----------------------------------------------------------------------===//

#include "StepCache.h"

#include "qat/Support/AtomicFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA256.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;
using namespace mlir::qat;

StepCache::StepCache(StringRef given) {
  if (given == "none")
    return;
  if (!given.empty()) {
    folder = given.str();
    return;
  }
  // cache_directory reads $XDG_CACHE_HOME.
  SmallString<128> user;
  if (!sys::path::cache_directory(user))
    return;
  sys::path::append(user, "qat-mlir");
  folder = std::string(user);
}

static std::string makeHeader(StringRef key, StringRef content) {
  std::array<uint8_t, 32> digest = SHA256::hash(arrayRefFromStringRef(key));
  return "qat-step-1 " + toHex(digest, /*LowerCase=*/true) + " " +
         utohexstr(xxh3_64bits(content), /*LowerCase=*/true) + "\n";
}

std::string StepCache::path(StringRef key) const {
  std::array<uint8_t, 32> digest = SHA256::hash(arrayRefFromStringRef(key));
  SmallString<128> result(folder);
  sys::path::append(result,
                    toHex(digest, /*LowerCase=*/true).substr(0, 40) + ".step");
  return std::string(result);
}

std::unique_ptr<MemoryBuffer> StepCache::find(StringRef key) const {
  if (folder.empty())
    return nullptr;
  auto file = MemoryBuffer::getFile(path(key), /*IsText=*/false,
                                    /*RequiresNullTerminator=*/false);
  if (!file)
    return nullptr;
  StringRef all = (*file)->getBuffer();
  size_t end = all.find('\n');
  if (end == StringRef::npos)
    return nullptr;
  StringRef content = all.substr(end + 1);
  if (all.take_front(end + 1) != makeHeader(key, content))
    return nullptr;
  return MemoryBuffer::getMemBufferCopy(content, "step");
}

void StepCache::store(StringRef key, StringRef content) const {
  if (folder.empty() || sys::fs::create_directories(folder))
    return;
  consumeError(writeFileAtomically(path(key), [&](raw_ostream &os) {
    os << makeHeader(key, content) << content;
  }));
}
