//===- TestFiles.cpp - files for the tests of data sets -------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestFiles.h"

#include "qat/Support/Npy.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>
#include <png.h>
#include <turbojpeg.h>
#include <zlib.h>

using namespace llvm;
using namespace mlir::qat;

void FolderTest::SetUp() {
  ASSERT_FALSE(sys::fs::createUniqueDirectory("qat-data", folder));
}

void FolderTest::TearDown() { sys::fs::remove_directories(folder); }

std::string FolderTest::path(StringRef name) {
  SmallString<128> path(folder);
  sys::path::append(path, name);
  sys::fs::create_directories(sys::path::parent_path(path));
  return std::string(path);
}

std::string FolderTest::write(StringRef name, StringRef bytes) {
  std::string file = path(name);
  std::error_code reason;
  raw_fd_ostream os(file, reason);
  EXPECT_FALSE(reason);
  os << bytes;
  return file;
}

NdArray randomImage(int64_t height, int64_t width, int64_t channels) {
  NdArray image = NdArray::zeros(ElementKind::U8, {height, width, channels});
  uint32_t state = 12345;
  for (uint8_t &pixel : image.bytes()) {
    state = state * 1664525u + 1013904223u;
    pixel = state >> 24;
  }
  return image;
}

std::string encodeJpeg(const NdArray &image, int quality) {
  tjhandle encoder = tjInitCompress();
  unsigned char *bytes = nullptr;
  unsigned long size = 0;
  bool gray = image.dim(2) == 1;
  EXPECT_EQ(tjCompress2(encoder, image.bytes().data(), image.dim(1), 0,
                        image.dim(0), gray ? TJPF_GRAY : TJPF_RGB, &bytes,
                        &size, gray ? TJSAMP_GRAY : TJSAMP_444, quality,
                        TJFLAG_ACCURATEDCT),
            0);
  std::string file(reinterpret_cast<char *>(bytes), size);
  tjFree(bytes);
  tjDestroy(encoder);
  return file;
}

std::string encodePng(const NdArray &image) {
  static constexpr uint32_t formats[] = {PNG_FORMAT_GRAY, PNG_FORMAT_GA,
                                         PNG_FORMAT_RGB, PNG_FORMAT_RGBA};
  png_image png;
  std::memset(&png, 0, sizeof(png));
  png.version = PNG_IMAGE_VERSION;
  png.height = image.dim(0);
  png.width = image.dim(1);
  png.format = formats[image.dim(2) - 1];
  std::string file(PNG_IMAGE_PNG_SIZE_MAX(png), '\0');
  png_alloc_size_t size = file.size();
  EXPECT_TRUE(png_image_write_to_memory(&png, file.data(), &size, 0,
                                        image.bytes().data(), 0, nullptr));
  file.resize(size);
  return file;
}

/// Runs zlib's deflate or inflate over all of `bytes`.
template <class F>
static std::string pump(z_stream &stream, F step, StringRef bytes,
                        size_t capacity) {
  std::string result(capacity, '\0');
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
  stream.avail_in = bytes.size();
  stream.next_out = reinterpret_cast<Bytef *>(result.data());
  stream.avail_out = result.size();
  EXPECT_EQ(step(&stream, Z_FINISH), Z_STREAM_END);
  result.resize(stream.total_out);
  return result;
}

std::string gzipOf(StringRef bytes) {
  z_stream stream = {};
  constexpr int gzip = 16 + MAX_WBITS;
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, gzip, 8, Z_DEFAULT_STRATEGY),
            Z_OK);
  std::string file = pump(stream, deflate, bytes, bytes.size() + 1000);
  deflateEnd(&stream);
  return file;
}

uint32_t checksum(const NdArray &array) {
  return crc32(0, array.bytes().data(), array.byteSize());
}

std::string messageOf(Error error) {
  return error ? toString(std::move(error)) : "";
}

std::string sharedAsset(StringRef name) {
  SmallString<128> path(QAT_SHARED_DIR);
  sys::path::append(path, "assets", name);
  return sys::fs::exists(path) ? std::string(path) : "";
}

Expected<NdArray> readNpzMember(StringRef path, StringRef name) {
  auto buffer = MemoryBuffer::getFile(path);
  if (std::error_code reason = buffer.getError())
    return errorCodeToError(reason);
  StringRef file = (*buffer)->getBuffer();
  const char *start = file.data();
  using support::endian::read16le;
  using support::endian::read32le;

  // The central directory, as APPNOTE 4.3.12 has it.
  size_t at = file.rfind("PK\5\6");
  unsigned count = read16le(start + at + 10);
  at = read32le(start + at + 16);
  for (unsigned i = 0; i < count; ++i) {
    const char *entry = start + at;
    unsigned nameSize = read16le(entry + 28);
    if (StringRef(entry + 46, nameSize) == (name + ".npy").str()) {
      size_t local = read32le(entry + 42);
      size_t data = local + 30 + read16le(start + local + 26) +
                    read16le(start + local + 28);
      z_stream stream = {};
      EXPECT_EQ(inflateInit2(&stream, -MAX_WBITS), Z_OK);
      std::string npy =
          pump(stream, inflate, file.substr(data, read32le(entry + 20)),
               read32le(entry + 24));
      inflateEnd(&stream);
      return parseNpy(MemoryBufferRef(npy, path));
    }
    at += 46 + nameSize + read16le(entry + 30) + read16le(entry + 32);
  }
  return createStringError(inconvertibleErrorCode(), "no array " + name);
}
