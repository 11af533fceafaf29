//===- ImageDecode.cpp - JPEG, PNG and PPM files to pixels ----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Data/Image.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstring>
#include <memory>
#include <png.h>
#include <turbojpeg.h>

using namespace llvm;
using namespace mlir::qat;

static Error fail(const Twine &why) {
  return createStringError(inconvertibleErrorCode(), why);
}

/// Zeroed pixels of a size that a header claims, or why not.
static Expected<NdArray> createImage(uint64_t height, uint64_t width,
                                     int64_t channels) {
  if (!height || !width)
    return fail("the image has no pixels");
  if (height > kMaxImagePixels || width > kMaxImagePixels ||
      height * width > kMaxImagePixels)
    return fail("the image claims " + Twine(width) + "x" + Twine(height) +
                " pixels, more than " + Twine(kMaxImagePixels));
  return NdArray::zeros(
      ElementKind::U8,
      {static_cast<int64_t>(height), static_cast<int64_t>(width), channels});
}

//===----------------------------------------------------------------------===//
// JPEG
//===----------------------------------------------------------------------===//

/// Adobe stores CMYK inverted, so 255 is no ink.
static NdArray convertInvertedCmyk(const NdArray &cmyk) {
  NdArray rgb = NdArray::zeros(ElementKind::U8, {cmyk.dim(0), cmyk.dim(1), 3});
  ArrayRef<uint8_t> from = cmyk.data<uint8_t>();
  MutableArrayRef<uint8_t> to = rgb.data<uint8_t>();
  for (size_t pixel = 0; pixel < from.size() / 4; ++pixel)
    for (size_t colour = 0; colour < 3; ++colour)
      to[3 * pixel + colour] =
          (from[4 * pixel + colour] * from[4 * pixel + 3] + 127) / 255;
  return rgb;
}

static Expected<NdArray> decodeJpeg(StringRef data) {
  tjhandle decoder = tjInitDecompress();
  if (!decoder)
    return fail("libjpeg-turbo cannot start a decoder");
  scope_exit release([&] { tjDestroy(decoder); });

  const auto *bytes = reinterpret_cast<const unsigned char *>(data.data());
  int width, height, subsampling, colours;
  if (tjDecompressHeader3(decoder, bytes, data.size(), &width, &height,
                          &subsampling, &colours))
    return fail(tjGetErrorStr2(decoder));

  int format = colours == TJCS_GRAY                           ? TJPF_GRAY
               : colours == TJCS_CMYK || colours == TJCS_YCCK ? TJPF_CMYK
                                                              : TJPF_RGB;
  Expected<NdArray> image = createImage(height, width, tjPixelSize[format]);
  if (!image)
    return image;
  if (tjDecompress2(decoder, bytes, data.size(), image->bytes().data(), width,
                    /*pitch=*/0, height, format,
                    TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS)) {
    // Stray bytes between segments lose nothing, and real data sets have
    // them; any other warning means that pixels are missing.
    StringRef reason = tjGetErrorStr2(decoder);
    if (tjGetErrorCode(decoder) != TJERR_WARNING ||
        !reason.contains("extraneous bytes"))
      return fail(reason);
  }
  if (format == TJPF_CMYK)
    return convertInvertedCmyk(*image);
  return image;
}

//===----------------------------------------------------------------------===//
// PNG
//===----------------------------------------------------------------------===//

static Expected<NdArray> decodePng(StringRef data) {
  png_image png;
  std::memset(&png, 0, sizeof(png));
  png.version = PNG_IMAGE_VERSION;
  scope_exit release([&] { png_image_free(&png); });
  if (!png_image_begin_read_from_memory(&png, data.data(), data.size()))
    return fail(png.message);

  // Without this libpng takes 16-bit values for linear light, which hardly any
  // file holds.
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  // Asking for no alpha where the file has one would blend with black.
  bool colour = png.format & PNG_FORMAT_FLAG_COLOR;
  bool alpha = png.format & PNG_FORMAT_FLAG_ALPHA;
  int64_t channels = colour ? 3 : 1;
  png.format = (colour ? PNG_FORMAT_FLAG_COLOR : 0) |
               (alpha ? PNG_FORMAT_FLAG_ALPHA : 0);
  Expected<NdArray> image =
      createImage(png.height, png.width, channels + alpha);
  if (!image)
    return image;
  if (!png_image_finish_read(&png, /*background=*/nullptr,
                             image->bytes().data(), /*row_stride=*/0,
                             /*colormap=*/nullptr))
    return fail(png.message);
  if (!alpha)
    return image;

  NdArray opaque =
      NdArray::zeros(ElementKind::U8, {image->dim(0), image->dim(1), channels});
  const uint8_t *from = image->bytes().data();
  uint8_t *to = opaque.bytes().data();
  for (int64_t pixel = 0; pixel < image->dim(0) * image->dim(1); ++pixel)
    std::memcpy(to + pixel * channels, from + pixel * (channels + 1), channels);
  return opaque;
}

//===----------------------------------------------------------------------===//
// PPM and PGM
//===----------------------------------------------------------------------===//

/// Takes the next number of a header, past white space and comments.
static bool consumeHeaderNumber(StringRef &rest, uint64_t &value) {
  rest = rest.ltrim();
  while (rest.consume_front("#"))
    rest = rest.drop_until([](char c) { return c == '\n'; }).ltrim();
  return !rest.consumeInteger(10, value);
}

static Expected<NdArray> decodePnm(StringRef data) {
  int64_t channels = data[1] == '6' ? 3 : 1;
  StringRef rest = data.drop_front(2);
  uint64_t width, height, maximum;
  if (!consumeHeaderNumber(rest, width) || !consumeHeaderNumber(rest, height) ||
      !consumeHeaderNumber(rest, maximum) || rest.empty() || !isSpace(rest[0]))
    return fail("the header is damaged");
  if (!maximum || maximum > 65535)
    return fail("the greatest value is " + Twine(maximum) +
                ", expected 1 to 65535");
  rest = rest.drop_front();

  // Check the file's size before taking memory for what the header claims.
  uint64_t valueSize = maximum > 255 ? 2 : 1;
  uint64_t available = rest.size() / (valueSize * channels);
  if (width && height && height > available / width)
    return fail("the file is truncated");
  Expected<NdArray> image = createImage(height, width, channels);
  if (!image)
    return image;
  MutableArrayRef<uint8_t> to = image->data<uint8_t>();
  const auto *from = reinterpret_cast<const uint8_t *>(rest.data());
  for (size_t i = 0; i < to.size(); ++i) {
    uint64_t value =
        valueSize == 1 ? from[i] : from[2 * i] * 256u + from[2 * i + 1];
    if (value > maximum)
      return fail("a value exceeds the greatest one in the header");
    to[i] = (value * 255 * 2 + maximum) / (2 * maximum);
  }
  return image;
}

//===----------------------------------------------------------------------===//
// Any
//===----------------------------------------------------------------------===//

static Expected<NdArray> decode(StringRef data) {
  if (data.empty())
    return fail("the file is empty");
  if (data.starts_with("\xff\xd8\xff"))
    return decodeJpeg(data);
  if (data.starts_with("\x89PNG\r\n\x1a\n"))
    return decodePng(data);
  if (data.starts_with("P5") || data.starts_with("P6"))
    return decodePnm(data);
  return fail("not a JPEG, PNG or binary PPM/PGM image");
}

Expected<NdArray> mlir::qat::decodeImage(MemoryBufferRef buffer) {
  Expected<NdArray> image = decode(buffer.getBuffer());
  if (image)
    return image;
  // The libraries' messages may be of several lines.
  std::string reason = toString(image.takeError());
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  return fail("cannot decode image '" + buffer.getBufferIdentifier() +
              "': " + reason);
}

Expected<NdArray> mlir::qat::readImage(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (std::error_code reason = buffer.getError())
    return createStringError(reason, "cannot read image '" + path +
                                         "': " + reason.message());
  return decodeImage((*buffer)->getMemBufferRef());
}
