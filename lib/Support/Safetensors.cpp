//===- Safetensors.cpp - named arrays of the safetensors format -----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/Safetensors.h"

#include "qat/Support/AtomicFile.h"
#include "qat/Support/JsonNesting.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/EndianStream.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <optional>

using namespace llvm;
using namespace mlir::qat;

/// As the format's own reader has it.
static constexpr uint64_t kLongestHeader = 100'000'000;
static constexpr size_t kHighestRank = 32;

/// The format's names of the kinds.
static constexpr std::pair<StringLiteral, ElementKind> kKinds[] = {
    {"F32", ElementKind::F32},  {"F64", ElementKind::F64},
    {"I8", ElementKind::I8},    {"U8", ElementKind::U8},
    {"I16", ElementKind::I16},  {"U16", ElementKind::U16},
    {"I32", ElementKind::I32},  {"U32", ElementKind::U32},
    {"I64", ElementKind::I64},  {"U64", ElementKind::U64},
    {"BOOL", ElementKind::Bool}};

static std::optional<ElementKind> findKind(StringRef name) {
  for (const auto &[known, kind] : kKinds)
    if (known == name)
      return kind;
  return std::nullopt;
}

static StringRef getFormatName(ElementKind kind) {
  for (const auto &[name, known] : kKinds)
    if (known == kind)
      return name;
  llvm_unreachable("every kind has a name");
}

namespace {
/// What the header says about one array.
struct Entry {
  std::string name;
  ElementKind kind;
  SmallVector<int64_t> shape;
  uint64_t begin, end;
};
} // namespace

/// A list of sizes: integers that are not negative.
static std::optional<SmallVector<int64_t>> readSizes(const json::Value *value) {
  const json::Array *list = value ? value->getAsArray() : nullptr;
  if (!list)
    return std::nullopt;
  SmallVector<int64_t> sizes;
  for (const json::Value &item : *list) {
    std::optional<int64_t> size = item.getAsInteger();
    if (!size || *size < 0)
      return std::nullopt;
    sizes.push_back(*size);
  }
  return sizes;
}

static Expected<Entry> readEntry(StringRef name, const json::Value &value) {
  auto fail = [&](const Twine &why) {
    return createStringError("array '" + name.take_front(200) + "' " + why);
  };
  const json::Object *object = value.getAsObject();
  if (!object)
    return fail("is not described by a JSON object");
  for (const json::Object::value_type &member : *object)
    if (member.first != "dtype" && member.first != "shape" &&
        member.first != "data_offsets")
      return fail("has the unknown member '" +
                  member.first.str().substr(0, 200) + "'");
  std::optional<StringRef> type = object->getString("dtype");
  if (!type)
    return fail("has no 'dtype'");
  std::optional<ElementKind> kind = findKind(*type);
  if (!kind)
    return fail("has the element type '" + type->take_front(20) +
                "', which is not supported; save it as F32");
  std::optional<SmallVector<int64_t>> shape = readSizes(object->get("shape"));
  if (!shape || shape->size() > kHighestRank)
    return fail("has no 'shape' of up to 32 sizes");
  std::optional<SmallVector<int64_t>> offsets =
      readSizes(object->get("data_offsets"));
  if (!offsets || offsets->size() != 2 || (*offsets)[0] > (*offsets)[1])
    return fail("has no 'data_offsets' of a begin and an end");
  return Entry{name.str(), *kind, *shape, uint64_t((*offsets)[0]),
               uint64_t((*offsets)[1])};
}

/// Checks that the data of `entries`, sorted by it, is one whole: a file in
/// which arrays overlap or bytes belong to none was made to deceive.
static Error checkLayout(ArrayRef<Entry> entries, uint64_t dataSize) {
  uint64_t place = 0;
  for (const Entry &entry : entries) {
    auto fail = [&](const Twine &why) {
      return createStringError(
          "array '" + StringRef(entry.name).take_front(200) + "' " + why);
    };
    if (entry.begin != place)
      return fail("begins at byte " + Twine(entry.begin) +
                  " of the data, but the one before ends at " + Twine(place));
    if (entry.end > dataSize)
      return fail("ends at byte " + Twine(entry.end) +
                  " of the data, but the file has " + Twine(dataSize));
    std::optional<int64_t> count = countElements(entry.shape);
    uint64_t bytes = entry.end - entry.begin;
    if (!count || uint64_t(*count) > bytes ||
        uint64_t(*count) * elementSize(entry.kind) != bytes)
      return fail("has " + Twine(bytes) + " bytes, which are not shape " +
                  shapeText(entry.shape) + " of " + kindName(entry.kind));
    place = entry.end;
  }
  if (place != dataSize)
    return createStringError("the arrays have " + Twine(place) +
                             " bytes, but the file has " + Twine(dataSize));
  return Error::success();
}

static NdArray readArray(const Entry &entry, const char *data) {
  NdArray array = NdArray::zeros(entry.kind, entry.shape);
  visitKind(entry.kind, [&](auto zero) {
    using T = decltype(zero);
    for (T &element : array.data<T>()) {
      if constexpr (std::is_same_v<T, bool>)
        element = *data != 0;
      else
        element = support::endian::read<T, llvm::endianness::little>(data);
      data += sizeof(T);
    }
  });
  return array;
}

static Expected<std::vector<NamedArray>> parse(StringRef bytes) {
  if (bytes.size() < 8)
    return createStringError("the file is truncated in its first 8 bytes");
  uint64_t headerSize = support::endian::read64le(bytes.data());
  bytes = bytes.drop_front(8);
  if (headerSize > kLongestHeader)
    return createStringError(
        "it is not a safetensors file: its header claims " + Twine(headerSize) +
        " bytes");
  if (headerSize > bytes.size())
    return createStringError("the file is truncated in its header");
  StringRef header = bytes.take_front(headerSize);
  StringRef data = bytes.drop_front(headerSize);
  if (!header.starts_with("{") || jsonNestsDeeply(header))
    return createStringError("its header is not a JSON object of arrays");
  Expected<json::Value> value = json::parse(header);
  if (!value)
    return createStringError("its header is not JSON: " +
                             toString(value.takeError()));
  const json::Object *object = value->getAsObject();
  if (!object)
    return createStringError("its header is not a JSON object of arrays");

  std::vector<Entry> entries;
  for (const json::Object::value_type &member : *object) {
    if (member.first == "__metadata__")
      continue;
    Expected<Entry> entry = readEntry(member.first, member.second);
    if (!entry)
      return entry.takeError();
    entries.push_back(std::move(*entry));
  }
  // JSON objects have no order; arrays without elements share a place.
  llvm::sort(entries, [](const Entry &a, const Entry &b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  if (Error error = checkLayout(entries, data.size()))
    return std::move(error);
  std::vector<NamedArray> arrays;
  for (const Entry &entry : entries)
    arrays.push_back({entry.name, readArray(entry, data.data() + entry.begin)});
  return arrays;
}

Expected<std::vector<NamedArray>>
mlir::qat::parseSafetensors(MemoryBufferRef buffer) {
  Expected<std::vector<NamedArray>> arrays = parse(buffer.getBuffer());
  if (!arrays)
    return createStringError("cannot read '" + buffer.getBufferIdentifier() +
                             "': " + toString(arrays.takeError()));
  return arrays;
}

Expected<std::vector<NamedArray>> mlir::qat::readSafetensors(StringRef path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError("cannot read '" + path +
                             "': " + buffer.getError().message());
  return parseSafetensors((*buffer)->getMemBufferRef());
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static Error checkNames(ArrayRef<NamedArray> arrays) {
  llvm::StringSet<> names;
  for (const NamedArray &named : arrays) {
    StringRef name = named.name;
    if (name == "__metadata__" || !json::isUTF8(name))
      return createStringError("an array cannot be called '" +
                               json::fixUTF8(name.take_front(200)) +
                               "' in a safetensors file");
    if (!names.insert(name).second)
      return createStringError("two arrays are called '" +
                               name.take_front(200) + "'");
  }
  return Error::success();
}

/// The header of `arrays`, whose data follow each other, padded so that the
/// data begin at a multiple of 8.
static std::string makeHeader(ArrayRef<const NamedArray *> arrays) {
  std::string header;
  raw_string_ostream os(header);
  json::OStream json(os);
  json.object([&] {
    int64_t place = 0;
    for (const NamedArray *named : arrays)
      json.attributeObject(named->name, [&] {
        int64_t end = place + named->array.byteSize();
        json.attribute("dtype", getFormatName(named->array.kind()));
        json.attribute("shape", json::Array(named->array.shape()));
        json.attribute("data_offsets", json::Array({place, end}));
        place = end;
      });
  });
  header.append(alignTo(header.size(), 8) - header.size(), ' ');
  return header;
}

static void writeArray(raw_ostream &os, const NdArray &array) {
  support::endian::Writer writer(os, llvm::endianness::little);
  visitKind(array.kind(), [&](auto zero) {
    using T = decltype(zero);
    for (T element : array.data<T>()) {
      if constexpr (std::is_same_v<T, bool>)
        writer.write<uint8_t>(element);
      else
        writer.write(element);
    }
  });
}

Error mlir::qat::writeSafetensors(raw_ostream &os,
                                  ArrayRef<NamedArray> arrays) {
  if (Error error = checkNames(arrays))
    return error;
  SmallVector<const NamedArray *> ordered(make_pointer_range(arrays));
  llvm::sort(ordered, [](const NamedArray *a, const NamedArray *b) {
    unsigned sizeOfA = elementSize(a->array.kind());
    unsigned sizeOfB = elementSize(b->array.kind());
    return sizeOfA != sizeOfB ? sizeOfA > sizeOfB : a < b;
  });
  std::string header = makeHeader(ordered);
  if (header.size() > kLongestHeader)
    return createStringError("the names of the arrays take more than the "
                             "100000000 bytes that a header may have");
  support::endian::Writer(os, llvm::endianness::little)
      .write<uint64_t>(header.size());
  os << header;
  for (const NamedArray *named : ordered)
    writeArray(os, named->array);
  return Error::success();
}

Error mlir::qat::writeSafetensors(StringRef path, ArrayRef<NamedArray> arrays) {
  if (Error error = checkNames(arrays))
    return error;
  Error failure = Error::success();
  Error error = writeFileAtomically(path, [&](raw_ostream &os) {
    failure = joinErrors(std::move(failure), writeSafetensors(os, arrays));
  });
  return joinErrors(std::move(error), std::move(failure));
}
