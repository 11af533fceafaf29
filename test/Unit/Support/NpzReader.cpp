//===- NpzReader.cpp - numpy archives for tests --------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NpzReader.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "gtest/gtest.h"

#include <algorithm>
#include <zip.h>

using namespace llvm;
using namespace mlir::qat::test;

/// The text between `before` and `after` in a numpy header.
static StringRef between(StringRef text, StringRef before, StringRef after) {
  return text.split(before).second.split(after).first;
}

template <typename T>
static void readValues(StringRef bytes, std::vector<double> &values) {
  for (size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T))
    values.push_back(static_cast<double>(
        support::endian::read<T, llvm::endianness::little>(bytes.data() + at)));
}

/// Parses one .npy file (format 1.0 or 2.0, C order, little endian).
static Expected<NpzArray> parseNpy(StringRef bytes, StringRef name) {
  if (!bytes.starts_with("\x93NUMPY") || bytes.size() < 12)
    return createStringError("'" + name + "' is no numpy array");
  size_t header = bytes[6] == 1
                      ? 10 + support::endian::read16le(bytes.data() + 8)
                      : 12 + support::endian::read32le(bytes.data() + 8);
  StringRef text = bytes.take_front(header);
  if (!text.contains("'fortran_order': False"))
    return createStringError("'" + name + "' is not in C order");
  NpzArray array;
  array.type = between(text, "'descr': '", "'").str();
  size_t count = 1;
  SmallVector<StringRef> sizes;
  between(text, "'shape': (", ")").split(sizes, ',', -1, /*KeepEmpty=*/false);
  for (StringRef size : sizes) {
    int64_t value = 0;
    if (size.trim().empty())
      continue;
    if (size.trim().getAsInteger(10, value))
      return createStringError("'" + name + "' has no readable shape");
    array.shape.push_back(value);
    count *= value;
  }
  StringRef data = bytes.drop_front(header);
  array.values.reserve(count);
  if (array.type == "<f4")
    readValues<float>(data, array.values);
  else if (array.type == "<f8")
    readValues<double>(data, array.values);
  else if (array.type == "|u1" || array.type == "|b1")
    readValues<uint8_t>(data, array.values);
  else if (array.type == "|i1")
    readValues<int8_t>(data, array.values);
  else if (array.type == "<i2")
    readValues<int16_t>(data, array.values);
  else if (array.type == "<i4")
    readValues<int32_t>(data, array.values);
  else if (array.type == "<i8")
    readValues<int64_t>(data, array.values);
  if (array.values.size() != count)
    return createStringError("'" + name + "' of type " + array.type +
                             " does not hold what its shape says");
  return array;
}

std::vector<float> NpzArray::floats() const {
  return std::vector<float>(values.begin(), values.end());
}

std::vector<int32_t> NpzArray::ints() const {
  return std::vector<int32_t>(values.begin(), values.end());
}

Expected<NpzReader> NpzReader::open(const std::string &path) {
  int code = 0;
  zip_t *archive = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (!archive)
    return createStringError("cannot open '" + path + "'");
  NpzReader reader;
  Error error = Error::success();
  for (zip_int64_t i = 0; !error && i < zip_get_num_entries(archive, 0); ++i) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    zip_stat_index(archive, i, 0, &stat);
    std::string bytes(stat.size, '\0');
    zip_file_t *file = zip_fopen_index(archive, i, 0);
    bool complete = file && zip_fread(file, bytes.data(), stat.size) ==
                                static_cast<zip_int64_t>(stat.size);
    if (file)
      zip_fclose(file);
    StringRef name = stat.name;
    name.consume_back(".npy");
    if (!complete) {
      error = joinErrors(std::move(error),
                         createStringError("cannot read '" + name + "'"));
      break;
    }
    Expected<NpzArray> array = parseNpy(bytes, name);
    if (array)
      reader.arrays[name] = std::move(*array);
    else
      error = joinErrors(std::move(error), array.takeError());
  }
  zip_discard(archive);
  if (error)
    return std::move(error);
  return reader;
}

const NpzArray &NpzReader::operator[](StringRef key) {
  static const NpzArray none;
  auto found = arrays.find(key);
  if (found == arrays.end()) {
    ADD_FAILURE() << "no array " << key.str();
    return none;
  }
  found->second.used = true;
  return found->second;
}

std::vector<std::string> NpzReader::unused() const {
  std::vector<std::string> keys;
  for (const auto &entry : arrays)
    if (!entry.second.used)
      keys.push_back(entry.first().str());
  std::sort(keys.begin(), keys.end());
  return keys;
}

std::string mlir::qat::test::getSharedPath(StringRef relative) {
  SmallString<128> path(
      sys::Process::GetEnv("QAT_SHARED").value_or(QAT_SHARED_DIR));
  sys::path::append(path, relative);
  return path.str().str();
}
