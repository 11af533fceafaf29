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
#include "llvm/Support/MathExtras.h"
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

std::vector<uint8_t> Manifest::Tensor::unpack(ArrayRef<uint8_t> fields) const {
  if (!isPacked())
    return fields.vec();
  std::vector<uint8_t> values;
  uint64_t pitch = divideCeil(rowElements * bits, 8);
  for (uint64_t row = 0; row < rows; ++row)
    for (uint64_t i = 0; i < rowElements; ++i) {
      unsigned field = fields[row * pitch + i * bits / 8] >> (i * bits % 8);
      field &= (1u << bits) - 1;
      if (isSigned && field >> (bits - 1))
        field -= 1u << bits;
      values.push_back(static_cast<uint8_t>(field));
    }
  return values;
}

std::vector<uint8_t> Manifest::Tensor::pack(ArrayRef<uint8_t> values) const {
  if (!isPacked())
    return values.vec();
  std::vector<uint8_t> fields(bytes);
  uint64_t pitch = divideCeil(rowElements * bits, 8);
  for (uint64_t row = 0; row < rows; ++row)
    for (uint64_t i = 0; i < rowElements; ++i)
      fields[row * pitch + i * bits / 8] |=
          (values[row * rowElements + i] & ((1u << bits) - 1))
          << (i * bits % 8);
  return fields;
}

namespace mlir::qat {
/// "type", "rows" and "row_elements", which manifests of whole bytes may lack.
static bool readRows(json::ObjectMapper &map, Manifest::Tensor &tensor,
                     json::Path path) {
  std::string type = "u8";
  if (!map.mapOptional("type", type) || !map.mapOptional("rows", tensor.rows) ||
      !map.mapOptional("row_elements", tensor.rowElements))
    return false;
  StringRef bits = type;
  tensor.isSigned = bits.consume_front("i");
  if ((!tensor.isSigned && !bits.consume_front("u")) ||
      bits.getAsInteger(10, tensor.bits)) {
    path.field("type").report("expected a storage such as u8 or i4");
    return false;
  }
  // Sizes of a buffer that there cannot be would end in endless loops.
  constexpr uint64_t kMost = uint64_t(1) << 31;
  if (tensor.isPacked() &&
      (tensor.bits == 0 || 8 % tensor.bits != 0 || tensor.rows > kMost ||
       tensor.rowElements > kMost ||
       tensor.rows * divideCeil(tensor.rowElements * tensor.bits, 8) !=
           tensor.bytes)) {
    path.report("expected rows of packed elements that fill the bytes");
    return false;
  }
  return true;
}

static bool fromJSON(const json::Value &value, Manifest::Tensor &tensor,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("bytes", tensor.bytes) && readRows(map, tensor, path);
}

static bool fromJSON(const json::Value &value, Manifest::Layer &layer,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("name", layer.name) && map.map("kind", layer.kind) &&
         map.map("macs", layer.macs) &&
         map.map("output_bytes", layer.output.bytes) &&
         readRows(map, layer.output, path) &&
         map.map("module_layer", layer.moduleLayer);
}

static bool fromJSON(const json::Value &value, Manifest &manifest,
                     json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("name", manifest.name) &&
         map.map("target", manifest.target) &&
         map.map("input", manifest.input) &&
         map.map("output", manifest.output) &&
         map.map("layers", manifest.layers);
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
