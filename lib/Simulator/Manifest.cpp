//===- Manifest.cpp - what a generated project says of itself -------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Manifest.h"

#include "qat/Support/JsonNesting.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <algorithm>

using namespace llvm;
using namespace mlir::qat;

/// The name becomes part of C identifiers and of file names.
static bool isIdentifier(StringRef name) {
  return !name.empty() && !isDigit(name.front()) &&
         all_of(name, [](char c) { return isAlnum(c) || c == '_'; });
}

namespace mlir::qat {
static bool fromJSON(const json::Value &value, Manifest::Layer &layer,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("name", layer.name) && map.map("kind", layer.kind) &&
         map.map("macs", layer.macs) &&
         map.map("output_bytes", layer.outputBytes);
}

namespace {
/// `"input": {"bytes": N, ...}`.
struct TensorSize {
  uint64_t bytes = 0;
};

bool fromJSON(const json::Value &value, TensorSize &tensor, json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("bytes", tensor.bytes);
}
} // namespace

static bool fromJSON(const json::Value &value, Manifest &manifest,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  TensorSize input, output;
  if (!map || !map.map("name", manifest.name) ||
      !map.map("target", manifest.target) || !map.map("input", input) ||
      !map.map("output", output) || !map.map("layers", manifest.layers))
    return false;
  manifest.inputBytes = input.bytes;
  manifest.outputBytes = output.bytes;
  return true;
}
} // namespace mlir::qat

Expected<Manifest> mlir::qat::readManifest(StringRef dir) {
  // N is not known yet: the manifest is the N.json that has an N.c beside it.
  std::vector<std::string> names;
  std::error_code reason;
  for (sys::fs::directory_iterator it(dir, reason), end; it != end && !reason;
       it.increment(reason)) {
    StringRef path = it->path();
    SmallString<128> source(path);
    sys::path::replace_extension(source, ".c");
    if (sys::path::extension(path) == ".json" && sys::fs::exists(source))
      names.push_back(sys::path::stem(path).str());
  }
  if (reason)
    return createStringError("cannot read the folder '" + dir +
                             "': " + reason.message());
  if (names.empty())
    return createStringError("'" + dir +
                             "' holds no generated project (NAME.json beside "
                             "NAME.c); 'qat deploy -o' writes one");
  llvm::sort(names);
  if (names.size() > 1)
    return createStringError(
        "'" + dir + "' holds several generated projects (" + join(names, ", ") +
        "); give each a folder of its own");
  SmallString<128> path(dir);
  sys::path::append(path, names.front() + ".json");
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + buffer.getError().message());
  auto cannotParse = [&](Error error) {
    return createStringError(
        "'" + path + "' is not a manifest: " + toString(std::move(error)));
  };
  if (jsonNestsDeeply((*buffer)->getBuffer()))
    return cannotParse(createStringError("brackets nest too deep"));
  Expected<json::Value> value = json::parse((*buffer)->getBuffer());
  if (!value)
    return cannotParse(value.takeError());
  Manifest manifest;
  json::Path::Root root("manifest");
  if (!fromJSON(*value, manifest, root))
    return cannotParse(root.getError());
  if (!isIdentifier(manifest.name) || manifest.name != names.front())
    return createStringError("'" + path + "' names the network '" +
                             manifest.name + "' instead of '" + names.front() +
                             "'");
  return manifest;
}
