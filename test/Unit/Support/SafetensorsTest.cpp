//===- SafetensorsTest.cpp - named arrays of the safetensors format -------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/Safetensors.h"

#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::qat;

/// A file with `header` and `data`.
static std::string makeFile(StringRef header, StringRef data = "") {
  std::string file;
  for (int i = 0; i < 8; ++i)
    file += static_cast<char>(uint64_t(header.size()) >> (8 * i));
  return file + header.str() + data.str();
}

static std::string errorOf(StringRef file) {
  auto arrays = parseSafetensors(MemoryBufferRef(file, "p"));
  return arrays ? "none" : toString(arrays.takeError());
}

static std::string errorOfEntry(StringRef entry, StringRef data = "12345678") {
  return errorOf(makeFile(("{\"a\":" + entry + "}").str(), data));
}

TEST(SafetensorsTest, ReadsInOrderOfTheData) {
  // Two float32, 1.5 and -2, then one int16, 258.
  StringRef data("\0\0\xc0\x3f\0\0\0\xc0\2\1", 10);
  std::string file =
      makeFile(R"({"__metadata__":{"format":"pt"},)"
               R"("z":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
               R"("b":{"dtype":"I16","shape":[],"data_offsets":[8,10]},)"
               R"("e":{"dtype":"F64","shape":[0,3],"data_offsets":[8,8]}}   )",
               data);
  auto arrays = parseSafetensors(MemoryBufferRef(file, "p"));
  ASSERT_TRUE(bool(arrays)) << toString(arrays.takeError());
  ASSERT_EQ(arrays->size(), 3u);
  EXPECT_EQ((*arrays)[0].name, "z");
  EXPECT_EQ((*arrays)[0].array.shape(), ArrayRef<int64_t>({2, 1}));
  EXPECT_EQ((*arrays)[0].array.data<float>()[0], 1.5f);
  EXPECT_EQ((*arrays)[0].array.data<float>()[1], -2.0f);
  EXPECT_EQ((*arrays)[1].name, "e");
  EXPECT_EQ((*arrays)[1].array.size(), 0);
  EXPECT_EQ((*arrays)[2].name, "b");
  EXPECT_EQ((*arrays)[2].array.data<int16_t>()[0], 258);
}

TEST(SafetensorsTest, RefusesWhatIsNoHeader) {
  EXPECT_EQ(errorOf("1234"),
            "cannot read 'p': the file is truncated in its first 8 bytes");
  EXPECT_EQ(errorOf(StringRef("\x10\0\0\0\0\0\0\0{}", 10)),
            "cannot read 'p': the file is truncated in its header");
  EXPECT_EQ(errorOf("12345678{}"),
            "cannot read 'p': it is not a safetensors file: its header claims "
            "4050765991979987505 bytes");
  for (StringRef header : {"", "[]", " {}"})
    EXPECT_EQ(errorOf(makeFile(header)),
              "cannot read 'p': its header is not a JSON object of arrays");
  EXPECT_EQ(errorOf(makeFile("{" + std::string(100000, '['))),
            "cannot read 'p': its header is not a JSON object of arrays");
  EXPECT_NE(errorOf(makeFile("{\"a\"")).find("its header is not JSON"),
            std::string::npos);
}

TEST(SafetensorsTest, RefusesWrongEntries) {
  EXPECT_EQ(errorOfEntry("3"),
            "cannot read 'p': array 'a' is not described by a JSON object");
  EXPECT_EQ(
      errorOfEntry(R"({"dtype":"F16","shape":[4],"data_offsets":[0,8]})"),
      "cannot read 'p': array 'a' has the element type 'F16', which is not "
      "supported; save it as F32");
  EXPECT_EQ(errorOfEntry(R"({"dtype":"F32","data_offsets":[0,8]})"),
            "cannot read 'p': array 'a' has no 'shape' of up to 32 sizes");
  EXPECT_EQ(
      errorOfEntry(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"),
      "cannot read 'p': array 'a' has no 'shape' of up to 32 sizes");
  EXPECT_EQ(
      errorOfEntry(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"),
      "cannot read 'p': array 'a' has no 'data_offsets' of a begin and an end");
  EXPECT_EQ(
      errorOfEntry(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1})"),
      "cannot read 'p': array 'a' has the unknown member 'x'");
}

TEST(SafetensorsTest, RefusesDataThatIsNotTheShape) {
  EXPECT_EQ(
      errorOfEntry(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"),
      "cannot read 'p': array 'a' has 8 bytes, which are not shape 3 of f32");
  // 2^62 elements of 4 bytes would wrap around to 0.
  EXPECT_EQ(errorOfEntry(R"({"dtype":"F32","shape":[4611686018427387904],)"
                         R"("data_offsets":[0,0]})",
                         ""),
            "cannot read 'p': array 'a' has 0 bytes, which are not shape "
            "4611686018427387904 of f32");
  EXPECT_EQ(
      errorOfEntry(R"({"dtype":"F32","shape":[4],"data_offsets":[0,16]})"),
      "cannot read 'p': array 'a' ends at byte 16 of the data, but the file "
      "has 8");
  EXPECT_EQ(
      errorOfEntry(R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})"),
      "cannot read 'p': array 'a' begins at byte 4 of the data, but the one "
      "before ends at 0");
  EXPECT_EQ(errorOfEntry(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})"),
            "cannot read 'p': the arrays have 4 bytes, but the file has 8");
}

static std::string write(ArrayRef<NamedArray> arrays) {
  std::string file;
  raw_string_ostream os(file);
  Error error = writeSafetensors(os, arrays);
  return error ? toString(std::move(error)) : file;
}

static NamedArray bytes(StringRef name) {
  return {name.str(), NdArray::of<uint8_t>({2}, {1, 255})};
}

TEST(SafetensorsTest, WritesTheWidestFirst) {
  NamedArray arrays[] = {bytes("b"),
                         {"d", NdArray::of<double>({}, {0.5})},
                         {"t", NdArray::of<bool>({1}, {true})},
                         {"f", NdArray::of<float>({1, 2}, {1.5f, -2.0f})}};
  std::string header =
      R"({"d":{"dtype":"F64","shape":[],"data_offsets":[0,8]},)"
      R"("f":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]},)"
      R"("b":{"dtype":"U8","shape":[2],"data_offsets":[16,18]},)"
      R"("t":{"dtype":"BOOL","shape":[1],"data_offsets":[18,19]}})";
  header.append((8 - header.size() % 8) % 8, ' ');
  EXPECT_EQ(write(arrays),
            makeFile(header, StringRef("\0\0\0\0\0\0\xe0\x3f\0\0\xc0\x3f\0\0"
                                       "\0\xc0\1\xff\1",
                                       19)));
}

TEST(SafetensorsTest, ReadsWhatItWrites) {
  NamedArray arrays[] = {bytes("caf\xc3\xa9 \"\\\n"),
                         {"e", NdArray::zeros(ElementKind::I64, {0, 3})}};
  std::string file = write(arrays);
  auto read = parseSafetensors(MemoryBufferRef(file, "p"));
  ASSERT_TRUE(bool(read)) << toString(read.takeError());
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].name, "e");
  EXPECT_EQ((*read)[0].array.shape(), ArrayRef<int64_t>({0, 3}));
  EXPECT_EQ((*read)[1].name, "caf\xc3\xa9 \"\\\n");
  EXPECT_EQ((*read)[1].array.data<uint8_t>()[1], 255);
}

TEST(SafetensorsTest, RefusesNamesThatTheFormatLacks) {
  NamedArray twice[] = {bytes("a"), bytes("a")};
  EXPECT_EQ(write(twice), "two arrays are called 'a'");
  for (StringRef name : {"__metadata__", "\xff"})
    EXPECT_NE(write({bytes(name)}).find("an array cannot be called '"),
              std::string::npos);
}
