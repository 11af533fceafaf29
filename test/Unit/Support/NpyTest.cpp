//===- NpyTest.cpp --------------------------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/Npy.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::qat;

namespace {
/// A version 1.0 file with this header text and these element bytes.
std::string npy(StringRef header, StringRef elements = "") {
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  return file + header.str() + elements.str();
}

Expected<NdArray> parse(StringRef file) {
  return parseNpy(MemoryBufferRef(file, "in.npy"));
}

/// The message that refuses `file`, or "" if it is accepted.
std::string refusal(StringRef file) {
  Expected<NdArray> array = parse(file);
  return array ? "" : toString(array.takeError());
}

void expectRefused(StringRef file, StringRef why) {
  std::string message = refusal(file);
  EXPECT_TRUE(StringRef(message).starts_with("cannot read array 'in.npy': "))
      << message;
  EXPECT_TRUE(StringRef(message).contains(why)) << message;
  EXPECT_FALSE(StringRef(message).contains('\n')) << message;
}

TEST(NpyTest, RoundTripsEveryKind) {
  for (ElementKind kind :
       {ElementKind::F32, ElementKind::F64, ElementKind::I8, ElementKind::U8,
        ElementKind::I16, ElementKind::U16, ElementKind::I32, ElementKind::U32,
        ElementKind::I64, ElementKind::U64, ElementKind::Bool}) {
    for (SmallVector<int64_t> shape :
         {SmallVector<int64_t>{}, {7}, {2, 3}, {4, 0}, {1, 2, 3, 4}}) {
      NdArray array = NdArray::zeros(kind, shape);
      for (auto [i, byte] : enumerate(array.bytes()))
        byte = kind == ElementKind::Bool ? i % 2 : 37 * i + 11;
      std::string file;
      raw_string_ostream os(file);
      ASSERT_FALSE(errorToBool(writeNpy(os, array)));
      EXPECT_EQ((file.size() - array.byteSize()) % 64, 0u);

      Expected<NdArray> back = parse(file);
      ASSERT_TRUE(static_cast<bool>(back)) << toString(back.takeError());
      EXPECT_EQ(back->kind(), kind);
      EXPECT_EQ(back->shape(), array.shape());
      EXPECT_EQ(back->bytes(), array.bytes());
    }
  }
}

// The bytes that NumPy 2 writes for np.arange(6, dtype='<i2').reshape(2, 3).
TEST(NpyTest, WritesWhatNumPyWrites) {
  NdArray array = NdArray::of<int16_t>({2, 3}, {0, 1, 2, 3, 4, 5});
  std::string header =
      "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }";
  header.resize(0x76 - 1, ' ');
  header += '\n';
  std::string file;
  raw_string_ostream os(file);
  ASSERT_FALSE(errorToBool(writeNpy(os, array)));
  EXPECT_EQ(file, npy(header, StringRef("\0\0\1\0\2\0\3\0\4\0\5\0", 12)));
}

// np.asfortranarray(np.arange(6, dtype='>f4').reshape(2, 3)), format 2.0.
TEST(NpyTest, ReadsBigEndianFortranOrder) {
  std::string header =
      "{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3), }";
  header.resize(0x74 - 1, ' ');
  header += '\n';
  std::string file = std::string("\x93NUMPY\x02\x00\x74\0\0\0", 12) + header;
  file += StringRef("\0\0\0\0@@\0\0?\x80\0\0@\x80\0\0@\0\0\0@\xa0\0\0", 24);
  Expected<NdArray> array = parse(file);
  ASSERT_TRUE(static_cast<bool>(array)) << toString(array.takeError());
  EXPECT_EQ(array->shape(), ArrayRef<int64_t>({2, 3}));
  EXPECT_EQ(array->data<float>(), ArrayRef<float>({0, 1, 2, 3, 4, 5}));
}

TEST(NpyTest, ReadsBigEndianIntegersOfEveryWidth) {
  auto first = [](StringRef descr, StringRef bytes) {
    Expected<NdArray> array = parse(
        npy("{'descr':'" + descr.str() + "','fortran_order':False,'shape':()}",
            bytes));
    if (!array)
      return toString(array.takeError());
    return visitKind(array->kind(), [&](auto zero) {
      return std::to_string(array->data<decltype(zero)>()[0]);
    });
  };
  EXPECT_EQ(first(">i2", StringRef("\xff\xfe", 2)), "-2");
  EXPECT_EQ(first(">u2", StringRef("\x01\x02", 2)), "258");
  EXPECT_EQ(first(">u4", StringRef("\0\0\1\0", 4)), "256");
  EXPECT_EQ(first(">i8", StringRef("\0\0\0\0\0\1\0\1", 8)), "65537");
}

TEST(NpyTest, TransposesFortranOrderOfRankThree) {
  // Element (i, j, k) of shape 2x3x2 lies at i + 2 j + 6 k and is 100i+10j+k.
  std::string elements(12, '\0');
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 2; ++k)
        elements[i + 2 * j + 6 * k] = static_cast<char>(100 * i + 10 * j + k);
  Expected<NdArray> array = parse(npy(
      "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2)}", elements));
  ASSERT_TRUE(static_cast<bool>(array)) << toString(array.takeError());
  EXPECT_EQ(
      array->data<uint8_t>(),
      ArrayRef<uint8_t>({0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121}));
}

TEST(NpyTest, NormalizesBools) {
  Expected<NdArray> array =
      parse(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}",
                StringRef("\0\1\x7f", 3)));
  ASSERT_TRUE(static_cast<bool>(array)) << toString(array.takeError());
  EXPECT_EQ(array->bytes(), ArrayRef<uint8_t>({0, 1, 1}));
}

TEST(NpyTest, AcceptsHeadersOfOtherWriters) {
  for (StringRef header :
       {"{\"shape\": (1,), \"fortran_order\": False, \"descr\": \"u1\"}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1L,), }  \n",
        " { 'descr' : '=u1' , 'fortran_order' : True , 'shape' : ( 1 , ) } "})
    EXPECT_EQ(refusal(npy(header, "x")), "");
}

TEST(NpyTest, RefusesEveryTruncation) {
  NdArray array = NdArray::of<float>({3}, {1, 2, 3});
  std::string file;
  raw_string_ostream os(file);
  ASSERT_FALSE(errorToBool(writeNpy(os, array)));
  ASSERT_EQ(refusal(file), "");
  for (size_t length = 0; length < file.size(); ++length)
    EXPECT_NE(refusal(StringRef(file).take_front(length)), "") << length;
  expectRefused(file + "x", "takes 12 bytes, but the file has 13");
}

TEST(NpyTest, RefusesHostileHeaders) {
  auto header = [](StringRef descr, StringRef shape) {
    return ("{'descr': " + descr +
            ", 'fortran_order': False, 'shape': " + shape + "}")
        .str();
  };
  expectRefused("", "not a .npy file");
  expectRefused(StringRef("\x93NUMPY\x04\0\0\0\0\0", 12), "version 4.0");
  expectRefused(npy(header("'|O'", "(1,)"), "x"), "Python objects");
  expectRefused(npy(header("[('a', '<f4')]", "(1,)"), "x"), "structures");
  expectRefused(npy(header("'<f2'", "(1,)"), "xx"), "'<f2' is not supported");
  expectRefused(npy(header("'|f4'", "(1,)"), "xxxx"), "no byte order");
  expectRefused(npy(header("'\x1b[2J'", "(1,)"), "x"), "'\\033[2J'");
  expectRefused(npy(header("5", "(1,)"), "x"), "element type as text");
  expectRefused(npy(header("'u1'", "(-1,)"), "x"), "not a count");
  expectRefused(npy(header("'u1'", "(99999999999999999999,)"), "x"),
                "not a count");
  expectRefused(npy(header("'u1'", "(1 2)"), "x"), "expected ',' or ')'");
  expectRefused(npy(header("'u1'", "7"), "x"), "tuple");
  // 2^32 * 2^32 is 0 modulo 2^64.
  expectRefused(npy(header("'u1'", "(4294967296, 4294967296)")), "too large");
  expectRefused(npy(header("'f8'", "(4611686018427387904,)")), "too large");
  expectRefused(npy(header("'u1'", "(0, 4294967296, 4294967296)")),
                "too large");
  expectRefused(npy(header("'f4'", "(1000000000,)"), "x"),
                "takes 4000000000 bytes, but the file has 1");
  std::string ones;
  for (int i = 0; i < 65; ++i)
    ones += "1,";
  expectRefused(npy(header("'u1'", "(" + ones + ")"), "x"),
                "more than 64 dimensions");

  expectRefused(npy("{'descr': 'u1', 'shape': (1,)}", "x"),
                "'fortran_order' is missing");
  expectRefused(npy("{'descr': 'u1', 'evil': 1}", "x"), "unknown header key");
  expectRefused(npy("{'descr': 'u1', 'descr': 'u1'}", "x"), "given twice");
  expectRefused(npy("{'descr': 'u1', 'fortran_order': 1}", "x"),
                "True or False");
  expectRefused(npy(header("'u1'", "(1,)") + " os.system()", "x"),
                "text after");
  expectRefused(npy("", "x"), "dictionary");
  expectRefused(npy("{'descr", "x"), "pairs");
  // The header claims more than the file has.
  expectRefused(StringRef("\x93NUMPY\x02\0\xff\xff\xff\xff{}", 14),
                "truncated in its header");
}

TEST(NpyTest, ReadsBackItsOwnFileAndNamesAMissingOne) {
  SmallString<128> folder;
  ASSERT_FALSE(sys::fs::createUniqueDirectory("qat-npy", folder));
  SmallString<128> path(folder);
  sys::path::append(path, "a.npy");
  ASSERT_FALSE(errorToBool(writeNpy(path, NdArray::of<float>({2}, {1, 2}))));
  Expected<NdArray> array = readNpy(path);
  ASSERT_TRUE(static_cast<bool>(array)) << toString(array.takeError());
  EXPECT_EQ(array->data<float>(), ArrayRef<float>({1, 2}));
  sys::fs::remove_directories(folder);

  array = readNpy(path);
  ASSERT_FALSE(static_cast<bool>(array));
  std::string message = toString(array.takeError());
  EXPECT_NE(message.find("cannot read array '" + path.str().str() + "': "),
            std::string::npos)
      << message;
}

TEST(NpyTest, ReadsWhatNumPyWrote) {
  SmallString<128> path(QAT_SHARED_DIR);
  sys::path::append(path, "assets", "ad", "normal_id_01_00000000_logmel.npy");
  if (!sys::fs::exists(path))
    GTEST_SKIP() << "no file " << path.str().str();
  Expected<NdArray> array = readNpy(path);
  ASSERT_TRUE(static_cast<bool>(array)) << toString(array.takeError());
  EXPECT_EQ(array->kind(), ElementKind::F32);
  EXPECT_EQ(array->shape(), ArrayRef<int64_t>({200, 128}));
  // The sum as NumPy has it in double precision.
  double sum = 0;
  for (float value : array->data<float>())
    sum += value;
  EXPECT_NEAR(sum, -720508.3089752803, 1e-3);
}
} // namespace
