//===- Augmentation.h - random changes to training images -------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DATA_AUGMENTATION_H
#define QAT_DATA_AUGMENTATION_H

#include "qat/Support/CounterRandom.h"
#include "qat/Support/NdArray.h"

#include "llvm/Support/Error.h"

#include <string>

namespace mlir::qat {

/// How the images of a training are changed at random, in the order of the
/// members. Default: not at all.
struct Augmentation {
  /// Cut a part of random size and shape out of the image and resize it to the
  /// network's input, in place of `resize` and `crop` of the preprocessing: as
  /// torchvision's RandomResizedCrop, with the part's area in terms of the
  /// image's from `minScale` to `maxScale` (0 < min <= max <= 1) and its width
  /// in terms of its height from 3/4 to 4/3.
  bool resizedCrop = false;
  double minScale = 0.08, maxScale = 1.0;
  /// Move the image by up to so many pixels to every side; what comes in is
  /// black (0): torchvision's RandomCrop with this padding. Up to 2^14.
  int64_t shift = 0;
  /// Mirror every second image, left to right.
  bool flip = false;

  bool isNone() const { return !resizedCrop && !shift && !flip; }
};

/// The augmentation that is usual for a data set of this kind: `cifar10` is
/// shifted by 4 and flipped, `imagenet` and `folder` get the reference's
/// random resized crop and flip; digits and arrays stay as they are.
Augmentation defaultAugmentation(llvm::StringRef dataset);

/// Reads "none", "default" (that of `dataset`), or a list, separated by
/// commas, of:
///
/// * `crop:N`: shift by up to N pixels;
/// * `flip`;
/// * `resized-crop`, `resized-crop:MIN` or `resized-crop:MIN:MAX`: areas.
///
/// Fails with one line for what is none of them.
llvm::Expected<Augmentation> parseAugmentation(llvm::StringRef text,
                                               llvm::StringRef dataset);

/// The text that parseAugmentation reads as `augmentation`.
std::string augmentationText(const Augmentation &augmentation);

/// A part of an image, in pixels.
struct CropBox {
  int64_t top, left, height, width;
};

/// The part of an image of `height` x `width` for a random resized crop. Up to
/// ten times: with u and v the next two uniform draws,
///
///   area  = height * width * (minScale + u * (maxScale - minScale))
///   ratio = exp(log(3/4) + v * (log(4/3) - log(3/4))), rounded to f32
///   box   = round(sqrt(area / ratio)) x round(sqrt(area * ratio))
///
/// in double, rounded half to even; the first box of 1 pixel at least that
/// fits into the image is taken, at a place (top, then left) drawn by
/// nextBelow. If none fits, the largest centred box with a ratio between 3/4
/// and 4/3.
CropBox drawCropBox(const Augmentation &augmentation, int64_t height,
                    int64_t width, CounterRandom &random);

/// The box, which lies in the image, as an image (HxWxC of any kind).
NdArray cropBox(const NdArray &image, const CropBox &box);

/// `shift` and `flip` in place, on HxWxC of any kind. With `shift`, the rows
/// move by nextBelow(2 * shift + 1) - shift and then the columns likewise; with
/// `flip`, the image is mirrored where the top bit of the next draw is set.
void shiftAndFlip(const Augmentation &augmentation, NdArray &image,
                  CounterRandom &random);

} // namespace mlir::qat

#endif // QAT_DATA_AUGMENTATION_H
