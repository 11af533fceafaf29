//===- InputPipeline.cpp - from samples to network inputs -----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Data/InputPipeline.h"

#include "qat/Data/Image.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

#include <algorithm>
#include <array>
#include <vector>

using namespace llvm;
using namespace mlir::qat;

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

/// The dimensions that say something.
static SmallVector<int64_t> withoutOnes(ArrayRef<int64_t> shape) {
  return to_vector(make_filter_range(shape, [](int64_t d) { return d != 1; }));
}

/// The layout in which `shape` is an input of exactly this size, if it is one.
static std::optional<ArrayLayout> matchLayout(ArrayRef<int64_t> shape,
                                              int64_t height, int64_t width,
                                              int64_t channels,
                                              ArrayLayout preferred) {
  SmallVector<int64_t> dims = withoutOnes(shape);
  bool flat = dims.size() == 1 && dims[0] == height * width * channels;
  bool hwc = flat || dims == withoutOnes({height, width, channels});
  bool chw = flat || dims == withoutOnes({channels, height, width});
  if (hwc && chw)
    return preferred;
  if (hwc)
    return ArrayLayout::HWC;
  if (chw)
    return ArrayLayout::CHW;
  return std::nullopt;
}

template <class T> static NdArray transposeToHwc(const NdArray &array) {
  int64_t channels = array.dim(0), height = array.dim(1), width = array.dim(2);
  NdArray result = NdArray::zeros(array.kind(), {height, width, channels});
  const T *from = array.data<T>().data();
  T *to = result.data<T>().data();
  for (int64_t pixel = 0; pixel < height * width; ++pixel)
    for (int64_t channel = 0; channel < channels; ++channel)
      to[pixel * channels + channel] = from[channel * height * width + pixel];
  return result;
}

/// A copy of `array` as height x width x channels.
template <class T>
static NdArray toHwc(const NdArray &array, ArrayLayout layout, int64_t height,
                     int64_t width, int64_t channels) {
  NdArray copy = array.clone();
  if (layout == ArrayLayout::HWC) {
    copy.reshape({height, width, channels});
    return copy;
  }
  copy.reshape({channels, height, width});
  return transposeToHwc<T>(copy);
}

//===----------------------------------------------------------------------===//
// Pixels
//===----------------------------------------------------------------------===//

static Error fail(const Sample &sample, const Twine &why) {
  return createStringError(inconvertibleErrorCode(),
                           "sample '" + sample.name + "' " + why);
}

/// The pixels as HWC of their own size.
static Expected<NdArray> arrangePixels(const Sample &sample, int64_t height,
                                       int64_t width, int64_t channels,
                                       ArrayLayout preferred) {
  const NdArray &pixels = sample.pixels;
  if (std::optional<ArrayLayout> layout =
          matchLayout(pixels.shape(), height, width, channels, preferred))
    return toHwc<uint8_t>(pixels, *layout, height, width, channels);

  auto mayBeChannels = [&](int64_t dim) {
    return dim == 1 || dim == 3 || dim == channels;
  };
  bool hwc = pixels.rank() == 3 && mayBeChannels(pixels.dim(2));
  bool chw = pixels.rank() == 3 && mayBeChannels(pixels.dim(0));
  if (!pixels.size() || (!hwc && !chw))
    return fail(sample,
                "of shape " + shapeText(pixels.shape()) + " is not an image");
  if (chw && (!hwc || preferred == ArrayLayout::CHW))
    return transposeToHwc<uint8_t>(pixels);
  return pixels.clone();
}

static Expected<NdArray> convertChannels(const Sample &sample, NdArray pixels,
                                         int64_t channels) {
  int64_t have = pixels.dim(2);
  if (have == channels)
    return std::move(pixels);
  bool replicate = have == 1 && channels == 3;
  if (!replicate && (have != 3 || channels != 1))
    return fail(sample, "has " + Twine(have) +
                            " channels, but the model takes " +
                            Twine(channels));
  NdArray result =
      NdArray::zeros(ElementKind::U8, {pixels.dim(0), pixels.dim(1), channels});
  const uint8_t *from = pixels.data<uint8_t>().data();
  uint8_t *to = result.data<uint8_t>().data();
  for (int64_t pixel = 0; pixel < pixels.dim(0) * pixels.dim(1); ++pixel) {
    if (replicate)
      std::fill_n(to + 3 * pixel, 3, from[pixel]);
    else
      to[pixel] = (19595 * from[3 * pixel] + 38470 * from[3 * pixel + 1] +
                   7471 * from[3 * pixel + 2] + 32768) >>
                  16;
  }
  return result;
}

static Error asBadSample(const Sample &sample, Error error) {
  return make_error<BadSample>("sample '" + sample.name +
                               "': " + toString(std::move(error)));
}

/// A random resized crop.
static Expected<NdArray> cutRandomPart(const Sample &sample,
                                       const NdArray &pixels, int64_t height,
                                       int64_t width,
                                       SampleAugmentation &augmentation) {
  CropBox box = drawCropBox(augmentation.how, pixels.dim(0), pixels.dim(1),
                            augmentation.random);
  Expected<NdArray> resized =
      resizeBilinear(cropBox(pixels, box), height, width);
  if (!resized)
    return asBadSample(sample, resized.takeError());
  return resized;
}

/// Resizes and crops as `preprocessing` says.
static Expected<NdArray> fitSize(const Sample &sample, NdArray pixels,
                                 const Preprocessing &preprocessing,
                                 int64_t height, int64_t width) {
  if (!preprocessing.resize && !preprocessing.crop) {
    if (pixels.dim(0) == height && pixels.dim(1) == width)
      return std::move(pixels);
    Expected<NdArray> resized = resizeBilinear(pixels, height, width);
    if (!resized)
      return asBadSample(sample, resized.takeError());
    return resized;
  }

  if (preprocessing.resize) {
    Expected<NdArray> resized = resizeShortSide(pixels, *preprocessing.resize);
    if (!resized)
      return asBadSample(sample, resized.takeError());
    pixels = std::move(*resized);
  }
  if (std::optional<int64_t> crop = preprocessing.crop) {
    if (pixels.dim(0) < *crop || pixels.dim(1) < *crop)
      return make_error<BadSample>(
          "sample '" + sample.name + "' of " + Twine(pixels.dim(1)) + "x" +
          Twine(pixels.dim(0)) + " pixels is smaller than the crop of " +
          Twine(*crop));
    pixels = cropCenter(pixels, *crop, *crop);
  }
  if (pixels.dim(0) != height || pixels.dim(1) != width)
    return fail(sample, "has " + Twine(pixels.dim(1)) + "x" +
                            Twine(pixels.dim(0)) +
                            " pixels after resize and crop, but the model "
                            "takes " +
                            Twine(width) + "x" + Twine(height) +
                            "; change 'crop', or give neither");
  return std::move(pixels);
}

Expected<NdArray> mlir::qat::preparePixels(const Sample &sample,
                                           const Preprocessing &preprocessing,
                                           int64_t height, int64_t width,
                                           int64_t channels,
                                           ArrayLayout preferred,
                                           SampleAugmentation *augmentation) {
  if (sample.pixels.kind() != ElementKind::U8)
    return fail(sample, "holds real values of " +
                            kindName(sample.pixels.kind()) +
                            ", but pixels of u8 are needed");
  Expected<NdArray> pixels =
      arrangePixels(sample, height, width, channels, preferred);
  if (!pixels)
    return pixels;
  pixels = convertChannels(sample, std::move(*pixels), channels);
  if (!pixels)
    return pixels;
  if (augmentation && augmentation->how.resizedCrop)
    pixels = cutRandomPart(sample, *pixels, height, width, *augmentation);
  else
    pixels = fitSize(sample, std::move(*pixels), preprocessing, height, width);
  if (!pixels)
    return pixels;
  if (augmentation)
    shiftAndFlip(augmentation->how, *pixels, augmentation->random);
  if (preprocessing.order == PixelOrder::BGR && channels == 3) {
    MutableArrayRef<uint8_t> data = pixels->data<uint8_t>();
    for (size_t i = 0; i < data.size(); i += 3)
      std::swap(data[i], data[i + 2]);
  }
  return pixels;
}

//===----------------------------------------------------------------------===//
// Real inputs
//===----------------------------------------------------------------------===//

Expected<NdArray> mlir::qat::prepareInput(const Sample &sample,
                                          const Preprocessing &preprocessing,
                                          int64_t height, int64_t width,
                                          int64_t channels,
                                          ArrayLayout preferred,
                                          SampleAugmentation *augmentation) {
  const NdArray &values = sample.pixels;
  if (values.kind() == ElementKind::F32) {
    std::optional<ArrayLayout> layout =
        matchLayout(values.shape(), height, width, channels, preferred);
    if (!layout)
      return fail(sample, "has shape " + shapeText(values.shape()) +
                              ", but the model takes " +
                              shapeText({height, width, channels}));
    NdArray real = toHwc<float>(values, *layout, height, width, channels);
    if (!augmentation)
      return real;
    if (augmentation->how.resizedCrop)
      return fail(sample, "holds real values, but a random resized crop takes "
                          "pixels of u8; give another --augment");
    shiftAndFlip(augmentation->how, real, augmentation->random);
    return real;
  }

  Expected<NdArray> pixels = preparePixels(sample, preprocessing, height, width,
                                           channels, preferred, augmentation);
  if (!pixels)
    return pixels;
  std::vector<std::array<float, 256>> real(channels);
  for (int64_t channel = 0; channel < channels; ++channel)
    for (int pixel = 0; pixel < 256; ++pixel)
      real[channel][pixel] =
          static_cast<float>(preprocessing.toReal(pixel, channel));

  NdArray result = NdArray::zeros(ElementKind::F32, {height, width, channels});
  const uint8_t *from = pixels->data<uint8_t>().data();
  float *to = result.data<float>().data();
  for (int64_t pixel = 0; pixel < height * width; ++pixel)
    for (int64_t channel = 0; channel < channels; ++channel)
      to[pixel * channels + channel] =
          real[channel][from[pixel * channels + channel]];
  return result;
}
