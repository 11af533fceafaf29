//===- Image.h - decoding, resizing and cropping images ---------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DATA_IMAGE_H
#define QAT_DATA_IMAGE_H

#include "qat/Support/NdArray.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"

namespace mlir::qat {

/// The most pixels an image may have; a header that claims more is refused
/// before memory is taken.
constexpr int64_t kMaxImagePixels = int64_t(1) << 27;

/// The longest side that an image is resized to.
constexpr int64_t kMaxResizedSide = int64_t(1) << 14;

/// Decodes JPEG, PNG, or binary PPM/PGM (P6, P5), told apart by the first
/// bytes and not by the file's name. The result is u8 of shape HxWx3 (RGB) or,
/// where the file is gray, HxWx1.
///
/// * JPEG: the accurate integer DCT and smooth chroma upsampling of libjpeg,
///   as Pillow has them; CMYK (taken as Adobe writes it, inverted) becomes RGB
///   by `c * k / 255`. The EXIF orientation is not applied.
/// * PNG: palettes are looked up, 16 bits a channel become round(v / 257), and
///   an alpha channel is dropped.
/// * PPM/PGM: values are scaled from 0..maxval to 0..255, rounded half up.
///
/// Damage that a lenient viewer would paper over (a truncated JPEG) is an
/// error. The message is one line and names the buffer's identifier.
llvm::Expected<NdArray> decodeImage(llvm::MemoryBufferRef buffer);

/// The same from a file.
llvm::Expected<NdArray> readImage(llvm::StringRef path);

/// Resizes a u8 HxWxC image to `height` x `width` (1 to 2^14) bilinearly,
/// with half-pixel centres and, where it shrinks, a triangle filter as wide
/// as the step (antialiasing). Bit-equal to Pillow's `Image.resize((width,
/// height), Image.BILINEAR)`: rows first, then columns, each rounded to u8
/// with weights of 22 fractional bits. Fails where an image is so long that
/// the rows alone, once resized, exceed `kMaxImagePixels`.
llvm::Expected<NdArray> resizeBilinear(const NdArray &image, int64_t height,
                                       int64_t width);

/// Resizes so that the short side becomes `side` and the long one
/// floor(side * long / short), as torchvision's `Resize(side)` does. Fails
/// where the long side would exceed 2^14 pixels.
llvm::Expected<NdArray> resizeShortSide(const NdArray &image, int64_t side);

/// Cuts `height` x `width` from the centre of a u8 HxWxC image that is at least
/// as large; the offset is (side - crop) / 2, rounded half to even (as
/// Python's `round`, hence torchvision's `CenterCrop`).
NdArray cropCenter(const NdArray &image, int64_t height, int64_t width);

} // namespace mlir::qat

#endif // QAT_DATA_IMAGE_H
