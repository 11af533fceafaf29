//===- ImageTest.cpp ------------------------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Data/Image.h"

#include "TestFiles.h"

#include "qat/Data/Dataset.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/Path.h"

#include <cstdlib>
#include <cstring>
#include <zlib.h>

using namespace llvm;
using namespace mlir::qat;

namespace {
Expected<NdArray> decode(StringRef file) {
  return decodeImage(MemoryBufferRef(file, "in.img"));
}

void expectRefused(StringRef file, StringRef why) {
  std::string message = messageOf(decode(file));
  EXPECT_TRUE(StringRef(message).starts_with("cannot decode image 'in.img': "))
      << message;
  EXPECT_TRUE(StringRef(message).contains(why)) << message;
  EXPECT_FALSE(StringRef(message).contains('\n')) << message;
}

NdArray resize(const NdArray &image, int64_t height, int64_t width) {
  return cantFail(resizeBilinear(image, height, width));
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

TEST(ImageDecodeTest, PngKeepsEveryPixel) {
  for (int64_t channels : {1, 3}) {
    NdArray image = randomImage(5, 7, channels);
    Expected<NdArray> decoded = decode(encodePng(image));
    ASSERT_TRUE(static_cast<bool>(decoded)) << toString(decoded.takeError());
    EXPECT_EQ(decoded->shape(), image.shape());
    EXPECT_EQ(decoded->bytes(), image.bytes());
  }
}

TEST(ImageDecodeTest, PngDropsAlphaWithoutBlending) {
  NdArray image = NdArray::of<uint8_t>({1, 2, 4}, {9, 8, 7, 0, 1, 2, 3, 128});
  Expected<NdArray> decoded = decode(encodePng(image));
  ASSERT_TRUE(static_cast<bool>(decoded)) << toString(decoded.takeError());
  EXPECT_EQ(decoded->shape(), ArrayRef<int64_t>({1, 2, 3}));
  EXPECT_EQ(decoded->data<uint8_t>(), ArrayRef<uint8_t>({9, 8, 7, 1, 2, 3}));

  image = NdArray::of<uint8_t>({1, 2, 2}, {9, 0, 7, 255});
  decoded = decode(encodePng(image));
  ASSERT_TRUE(static_cast<bool>(decoded)) << toString(decoded.takeError());
  EXPECT_EQ(decoded->shape(), ArrayRef<int64_t>({1, 2, 1}));
  EXPECT_EQ(decoded->data<uint8_t>(), ArrayRef<uint8_t>({9, 7}));
}

/// A chunk of a PNG file.
std::string pngChunk(StringRef type, StringRef data) {
  auto word = [](uint32_t value) {
    char bytes[4];
    support::endian::write32be(bytes, value);
    return std::string(bytes, 4);
  };
  std::string body = (type + data).str();
  return word(data.size()) + body +
         word(crc32(0, reinterpret_cast<const Bytef *>(body.data()),
                    body.size()));
}

TEST(ImageDecodeTest, PngOfSixteenBitsKeepsItsGreys) {
  // Width 3, height 1, 16 bits of gray.
  std::string rows("\0\x00\x00\x0d\xac\xff\xff", 7);
  uLongf size = 100;
  std::string deflated(size, '\0');
  ::compress(reinterpret_cast<Bytef *>(deflated.data()), &size,
             reinterpret_cast<const Bytef *>(rows.data()), rows.size());
  deflated.resize(size);
  Expected<NdArray> image =
      decode("\x89PNG\r\n\x1a\n" +
             pngChunk("IHDR", StringRef("\0\0\0\3\0\0\0\1\x10\0\0\0\0", 13)) +
             pngChunk("IDAT", deflated) + pngChunk("IEND", ""));
  ASSERT_TRUE(static_cast<bool>(image)) << toString(image.takeError());
  // 3500 / 257 = 13.6.
  EXPECT_EQ(image->bytes(), ArrayRef<uint8_t>({0, 14, 255}));
}

// At quality 100 the quantization steps are 1, which leaves a few levels of
// rounding; swapped colours or rows would be far off.
TEST(ImageDecodeTest, JpegIsCloseToWhatWasEncoded) {
  for (int64_t channels : {1, 3}) {
    NdArray image = NdArray::zeros(ElementKind::U8, {16, 24, channels});
    for (int64_t i = 0; i < image.size(); ++i)
      image.data<uint8_t>()[i] = 40 * (i % channels + 1) +
                                 3 * (i / channels % 24) +
                                 5 * (i / channels / 24);
    Expected<NdArray> decoded = decode(encodeJpeg(image));
    ASSERT_TRUE(static_cast<bool>(decoded)) << toString(decoded.takeError());
    ASSERT_EQ(decoded->shape(), image.shape());
    for (int64_t i = 0; i < image.size(); ++i)
      ASSERT_NEAR(decoded->data<uint8_t>()[i], image.data<uint8_t>()[i], 3)
          << i;
  }
}

TEST(ImageDecodeTest, PpmAndPgm) {
  Expected<NdArray> image = decode("P6\n# by hand\n2 1\n255\nabcdef");
  ASSERT_TRUE(static_cast<bool>(image)) << toString(image.takeError());
  EXPECT_EQ(image->shape(), ArrayRef<int64_t>({1, 2, 3}));
  EXPECT_EQ(image->bytes(), ArrayRef<uint8_t>({'a', 'b', 'c', 'd', 'e', 'f'}));

  // 0..15 becomes 0..255 in steps of 17.
  image = decode(StringRef("P5 3 1 15 \x00\x07\x0f", 13));
  ASSERT_TRUE(static_cast<bool>(image)) << toString(image.takeError());
  EXPECT_EQ(image->bytes(), ArrayRef<uint8_t>({0, 119, 255}));

  // 16 bits: 0x8000 / 65535 * 255 = 127.502.
  image = decode(StringRef("P5 2 1 65535 \x80\x00\xff\xff", 17));
  ASSERT_TRUE(static_cast<bool>(image)) << toString(image.takeError());
  EXPECT_EQ(image->bytes(), ArrayRef<uint8_t>({128, 255}));
}

TEST(ImageDecodeTest, RefusesDamage) {
  expectRefused("", "empty");
  expectRefused("GIF89a", "not a JPEG, PNG or binary PPM/PGM");
  expectRefused("P6 2 2 255\nabc", "truncated");
  expectRefused("P6 2 x", "header is damaged");
  expectRefused("P5 1 1 70000\nab", "greatest value is 70000");
  expectRefused("P5 1 1 7\n\x08", "a value exceeds");
  expectRefused("P5 0 1 7\n\x08", "no pixels");
  // 2^32 * 2^32 is 0 modulo 2^64.
  expectRefused("P5 4294967296 4294967296 255\nx", "truncated");

  std::string png = encodePng(randomImage(8, 8, 3));
  expectRefused(StringRef(png).drop_back(40), "");
  std::string damaged = png;
  damaged[damaged.size() - 25] ^= 0x55;
  expectRefused(damaged, "");

  std::string jpeg = encodeJpeg(randomImage(64, 64, 3));
  EXPECT_EQ(messageOf(decode(jpeg)), "");
  expectRefused(StringRef(jpeg).take_front(jpeg.size() / 2), "");
  expectRefused(StringRef(jpeg).take_front(20), "");
}

TEST(ImageDecodeTest, RefusesAnImageThatClaimsTooMuch) {
  // The size in a JPEG's frame header (marker C0): height, then width.
  std::string jpeg = encodeJpeg(randomImage(8, 8, 3));
  size_t frame = jpeg.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  std::memcpy(&jpeg[frame + 5], "\xff\x00\xff\x00", 4);
  expectRefused(jpeg, "claims 65280x65280 pixels");
}

TEST(ImageDecodeTest, NamesAMissingFile) {
  std::string message = messageOf(readImage("no/such.jpg"));
  EXPECT_TRUE(StringRef(message).starts_with("cannot read image 'no/such.jpg'"))
      << message;
}

//===----------------------------------------------------------------------===//
// Resizing and cropping
//===----------------------------------------------------------------------===//

TEST(ImageResizeTest, EnlargesBetweenPixelCentres) {
  // Centres of the output lie at 0.25, 0.75, 1.25, 1.75 of two pixels.
  NdArray image = NdArray::of<uint8_t>({1, 2, 1}, {0, 100});
  EXPECT_EQ(resize(image, 1, 4).bytes(), ArrayRef<uint8_t>({0, 25, 75, 100}));
  image.reshape({2, 1, 1});
  EXPECT_EQ(resize(image, 4, 1).bytes(), ArrayRef<uint8_t>({0, 25, 75, 100}));
}

TEST(ImageResizeTest, ShrinksWithAWiderTriangle) {
  // Weights 3/4, 3/4, 1/4 and 1/4, 3/4, 3/4 of sum 7/4:
  // (0 + 75 + 50) / 1.75 = 71.4, (25 + 150 + 30) / 1.75 = 117.1.
  NdArray image = NdArray::of<uint8_t>({1, 4, 1}, {0, 100, 200, 40});
  EXPECT_EQ(resize(image, 1, 2).bytes(), ArrayRef<uint8_t>({71, 117}));
}

// CRC-32 of what Pillow 13.0.0 computes from the same pixels.
TEST(ImageResizeTest, EqualsPillow) {
  NdArray image = randomImage(13, 17, 3);
  EXPECT_EQ(checksum(resize(image, 7, 5)), 0x6e098130u);
  EXPECT_EQ(checksum(resize(image, 20, 31)), 0xa2cb7893u);
  EXPECT_EQ(checksum(resize(image, 13, 8)), 0x1f6dbc0du);
  EXPECT_EQ(checksum(resize(image, 6, 17)), 0xca93624fu);
  EXPECT_EQ(checksum(resize(image, 1, 1)), 0x4accea5cu);
  EXPECT_EQ(checksum(resize(image, 13, 17)), 0xf6f90f41u);
  EXPECT_EQ(checksum(resize(image, 40, 3)), 0xcec49427u);
  EXPECT_EQ(checksum(resize(randomImage(200, 300, 1), 96, 96)), 0x63e19755u);
}

TEST(ImageResizeTest, ShortSideKeepsTheAspectRoundedDown) {
  auto shape = [](int64_t height, int64_t width, int64_t side) {
    NdArray image = NdArray::zeros(ElementKind::U8, {height, width, 1});
    return shapeText(cantFail(resizeShortSide(image, side)).shape());
  };
  EXPECT_EQ(shape(20, 30, 10), "10x15x1");
  EXPECT_EQ(shape(31, 20, 10), "15x10x1");
  EXPECT_EQ(shape(7, 7, 3), "3x3x1");
  NdArray thread = NdArray::zeros(ElementKind::U8, {1, 40000, 1});
  EXPECT_EQ(messageOf(resizeShortSide(thread, 1)),
            "an image of 40000x1 pixels is too long to resize");
  thread.reshape({40000, 1, 1});
  EXPECT_EQ(messageOf(resizeBilinear(thread, 10, 16384)),
            "an image of 1x40000 pixels is too long to resize");
}

TEST(ImageResizeTest, CropOffsetRoundsHalfToEven) {
  // (side - crop) / 2 of 0.5, 1.5 and 2.5 becomes 0, 2 and 2.
  for (auto [side, offset] : {std::pair(5, 0), {7, 2}, {9, 2}, {8, 2}}) {
    NdArray row = NdArray::zeros(ElementKind::U8, {1, side, 1});
    NdArray column = NdArray::zeros(ElementKind::U8, {side, 1, 1});
    for (int i = 0; i < side; ++i)
      row.data<uint8_t>()[i] = column.data<uint8_t>()[i] = i;
    EXPECT_EQ(cropCenter(row, 1, 4).bytes()[0], offset) << side;
    EXPECT_EQ(cropCenter(column, 4, 1).bytes()[0], offset) << side;
  }
}

//===----------------------------------------------------------------------===//
// Real photographs
//===----------------------------------------------------------------------===//

TEST(ImageAssetsTest, DecodesTheReferenceCrops) {
  std::string npz = sharedAsset("imagenet_samples/crops224_u8_32.npz");
  if (npz.empty())
    GTEST_SKIP() << "no imagenet_samples in " << QAT_SHARED_DIR;
  NdArray crops = cantFail(readNpzMember(npz, "images_nhwc"));
  NdArray classes = cantFail(readNpzMember(npz, "class_index"));
  auto dataset = cantFail(openDataset("imagenet", sys::path::parent_path(npz)));
  ASSERT_EQ(dataset->size(), 200u);
  EXPECT_EQ(dataset->numClasses(), 1000);

  constexpr size_t pixels = 224 * 224 * 3;
  int found = 0, greatest = 0;
  for (size_t i = 0; i < dataset->size() && found < 4; ++i) {
    // The labels rise by five from image to image, so one class is one image.
    Sample sample = cantFail(dataset->get(i));
    ArrayRef<int32_t> wanted = classes.data<int32_t>();
    const int32_t *match = llvm::find(wanted, sample.label);
    if (match == wanted.end())
      continue;
    ++found;
    ArrayRef<uint8_t> expected =
        crops.data<uint8_t>().slice((match - wanted.begin()) * pixels, pixels);
    NdArray crop = cropCenter(sample.pixels, 224, 224);
    for (size_t j = 0; j < pixels; ++j)
      greatest =
          std::max(greatest, std::abs(crop.data<uint8_t>()[j] - expected[j]));
  }
  EXPECT_EQ(found, 4);
  // Decoders may differ by a few levels; libjpeg-turbo's do not.
  EXPECT_LE(greatest, 2);
  RecordProperty("greatest_difference", greatest);
}

// CRC-32 of what Pillow 13.0.0 makes of two of the pictures.
TEST(ImageAssetsTest, ResizesThePeopleAsPillowDoes) {
  std::string folder = sharedAsset("vww_images");
  if (folder.empty())
    GTEST_SKIP() << "no vww_images in " << QAT_SHARED_DIR;
  for (auto [file, expected] :
       {std::pair("COCO_val2014_000000036861.png", 0xfcdaa16du),
        {"COCO_val2014_000000145620.png", 0x102b30fau}}) {
    NdArray image = cantFail(readImage(folder + "/" + file));
    EXPECT_EQ(shapeText(image.shape()), "208x238x3");
    EXPECT_EQ(checksum(resize(image, 96, 96)), expected);
  }
}
} // namespace
