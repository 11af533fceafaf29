//===- Augmentation.cpp - random changes to training images ---------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Data/Augmentation.h"

#include "qat/Data/Image.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/ErrorHandling.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>

using namespace llvm;
using namespace mlir::qat;

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

Augmentation mlir::qat::defaultAugmentation(StringRef dataset) {
  Augmentation augmentation;
  if (dataset == "cifar10") {
    augmentation.shift = 4;
    augmentation.flip = true;
  } else if (dataset == "imagenet" || dataset == "folder") {
    augmentation.resizedCrop = true;
    augmentation.flip = true;
  }
  return augmentation;
}

static Error fail(StringRef step, const Twine &why) {
  return createStringError(inconvertibleErrorCode(),
                           "augmentation '" + step + "' " + why);
}

static Error parseScales(StringRef step, StringRef text,
                         Augmentation &augmentation) {
  auto [min, max] = text.split(':');
  if (min.getAsDouble(augmentation.minScale) ||
      (text.contains(':') && max.getAsDouble(augmentation.maxScale)))
    return fail(step, "is not of the form resized-crop:0.08:1");
  // The negation also refuses NaN.
  if (!(augmentation.minScale > 0 && augmentation.maxScale <= 1 &&
        augmentation.minScale <= augmentation.maxScale))
    return fail(step, "has areas out of range; expected 0 < least <= greatest "
                      "<= 1, in terms of the image's");
  return Error::success();
}

static Error parseStep(StringRef step, Augmentation &augmentation) {
  auto [name, value] = step.split(':');
  if (step == "flip") {
    augmentation.flip = true;
    return Error::success();
  }
  if (name == "crop") {
    if (value.getAsInteger(10, augmentation.shift))
      return fail(step, "is not of the form crop:4");
    if (augmentation.shift < 1 || augmentation.shift > kMaxResizedSide)
      return fail(step, "is out of range, expected 1 to " +
                            Twine(kMaxResizedSide) + " pixels");
    return Error::success();
  }
  if (name == "resized-crop") {
    augmentation.resizedCrop = true;
    return step == name ? Error::success()
                        : parseScales(step, value, augmentation);
  }
  return fail(step, "is not known; expected none, default, or a list of "
                    "crop:N, flip and resized-crop");
}

Expected<Augmentation> mlir::qat::parseAugmentation(StringRef text,
                                                    StringRef dataset) {
  if (text == "default")
    return defaultAugmentation(dataset);
  Augmentation augmentation;
  if (text == "none")
    return augmentation;
  SmallVector<StringRef> steps;
  text.split(steps, ',');
  for (StringRef step : steps)
    if (Error error = parseStep(step.trim(), augmentation))
      return error;
  return augmentation;
}

/// The shortest text that reads back as `value`.
static std::string shortest(double value) {
  char text[32];
  return std::string(text, std::to_chars(text, std::end(text), value).ptr);
}

std::string mlir::qat::augmentationText(const Augmentation &augmentation) {
  SmallVector<std::string> steps;
  if (augmentation.resizedCrop) {
    bool whole = augmentation.minScale == Augmentation().minScale &&
                 augmentation.maxScale == Augmentation().maxScale;
    steps.push_back(whole ? "resized-crop"
                          : "resized-crop:" + shortest(augmentation.minScale) +
                                ":" + shortest(augmentation.maxScale));
  }
  if (augmentation.shift)
    steps.push_back(("crop:" + Twine(augmentation.shift)).str());
  if (augmentation.flip)
    steps.push_back("flip");
  return steps.empty() ? "none" : join(steps, ",");
}

//===----------------------------------------------------------------------===//
// Random resized crop
//===----------------------------------------------------------------------===//

static constexpr double kMinRatio = 3.0 / 4.0;
static constexpr double kMaxRatio = 4.0 / 3.0;

/// The largest centred box whose ratio is in range.
static CropBox centralBox(int64_t height, int64_t width) {
  double ratio = static_cast<double>(width) / static_cast<double>(height);
  CropBox box{0, 0, height, width};
  if (ratio < kMinRatio)
    box.height = std::llrint(static_cast<double>(width) / kMinRatio);
  else if (ratio > kMaxRatio)
    box.width = std::llrint(static_cast<double>(height) * kMaxRatio);
  box.top = (height - box.height) / 2;
  box.left = (width - box.width) / 2;
  return box;
}

CropBox mlir::qat::drawCropBox(const Augmentation &augmentation, int64_t height,
                               int64_t width, CounterRandom &random) {
  constexpr int kAttempts = 10;
  const double logMin = std::log(kMinRatio), logMax = std::log(kMaxRatio);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    double area = static_cast<double>(height * width) *
                  (augmentation.minScale +
                   random.nextUniform() *
                       (augmentation.maxScale - augmentation.minScale));
    // Rounded so that the last bits of a machine's exp do not count.
    double ratio = static_cast<float>(
        std::exp(logMin + random.nextUniform() * (logMax - logMin)));
    int64_t boxWidth = std::llrint(std::sqrt(area * ratio));
    int64_t boxHeight = std::llrint(std::sqrt(area / ratio));
    if (boxWidth < 1 || boxWidth > width || boxHeight < 1 || boxHeight > height)
      continue;
    int64_t top = random.nextBelow(height - boxHeight + 1);
    int64_t left = random.nextBelow(width - boxWidth + 1);
    return {top, left, boxHeight, boxWidth};
  }
  return centralBox(height, width);
}

/// Bytes of a pixel of an HxWxC image.
static int64_t pixelSize(const NdArray &image) {
  return image.dim(2) * elementSize(image.kind());
}

NdArray mlir::qat::cropBox(const NdArray &image, const CropBox &box) {
  if (image.rank() != 3 || box.top < 0 || box.left < 0 ||
      box.top + box.height > image.dim(0) ||
      box.left + box.width > image.dim(1))
    reportFatalInternalError("crop beyond " + Twine(shapeText(image.shape())));
  NdArray result =
      NdArray::zeros(image.kind(), {box.height, box.width, image.dim(2)});
  int64_t pixel = pixelSize(image);
  for (int64_t y = 0; y < box.height; ++y)
    std::memcpy(result.bytes().data() + y * box.width * pixel,
                image.bytes().data() +
                    ((box.top + y) * image.dim(1) + box.left) * pixel,
                box.width * pixel);
  return result;
}

//===----------------------------------------------------------------------===//
// Shift and flip
//===----------------------------------------------------------------------===//

/// Moves the image so that pixel (y, x) becomes that of (y + down, x + right),
/// or black where there is none.
static NdArray moveWindow(const NdArray &image, int64_t down, int64_t right) {
  int64_t height = image.dim(0), width = image.dim(1);
  int64_t pixel = pixelSize(image);
  NdArray result = NdArray::zeros(image.kind(), image.shape());
  int64_t first = std::max<int64_t>(0, -right);
  int64_t end = std::min(width, width - right);
  for (int64_t y = std::max<int64_t>(0, -down);
       y < std::min(height, height - down) && first < end; ++y)
    std::memcpy(result.bytes().data() + (y * width + first) * pixel,
                image.bytes().data() +
                    ((y + down) * width + first + right) * pixel,
                (end - first) * pixel);
  return result;
}

static void mirror(NdArray &image) {
  int64_t width = image.dim(1), pixel = pixelSize(image);
  for (int64_t y = 0; y < image.dim(0); ++y) {
    uint8_t *row = image.bytes().data() + y * width * pixel;
    for (int64_t x = 0; x < width / 2; ++x)
      std::swap_ranges(row + x * pixel, row + (x + 1) * pixel,
                       row + (width - 1 - x) * pixel);
  }
}

void mlir::qat::shiftAndFlip(const Augmentation &augmentation, NdArray &image,
                             CounterRandom &random) {
  if (int64_t shift = augmentation.shift) {
    int64_t down =
        static_cast<int64_t>(random.nextBelow(2 * shift + 1)) - shift;
    int64_t right =
        static_cast<int64_t>(random.nextBelow(2 * shift + 1)) - shift;
    image = moveWindow(image, down, right);
  }
  if (augmentation.flip && random.next() >> 63)
    mirror(image);
}
