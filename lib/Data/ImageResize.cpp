//===- ImageResize.cpp - bilinear resizing and centre crops ---------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Data/Image.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/ErrorHandling.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

using namespace llvm;
using namespace mlir::qat;

//===----------------------------------------------------------------------===//
// Resizing, after Pillow's src/libImaging/Resample.c
//===----------------------------------------------------------------------===//

/// Fractional bits of a weight: 32 less 8 of the pixel and 2 of headroom.
static constexpr int kPrecisionBits = 32 - 8 - 2;
/// What a sum begins with, to be rounded half up.
static constexpr int32_t kHalf = 1 << (kPrecisionBits - 1);

namespace {
/// For each output position, where its input window begins and the weights of
/// the window, which sum to about 1 << kPrecisionBits.
struct Filter {
  struct Window {
    int64_t first;
    int64_t count;
    size_t weights; ///< Index of the first weight.
  };
  std::vector<Window> windows;
  std::vector<int32_t> weights;
};
} // namespace

/// The triangle filter from `inSize` to `outSize` positions:
///
///   weight[x] = 1 - |x + 1/2 - centre| / max(step, 1),  normalized
static Filter computeFilter(int64_t inSize, int64_t outSize) {
  Filter filter;
  double step = static_cast<double>(inSize) / outSize;
  double support = std::max(step, 1.0);
  std::vector<double> window;
  for (int64_t out = 0; out < outSize; ++out) {
    double centre = (out + 0.5) * step;
    // The casts truncate as C's do in Pillow.
    int64_t first =
        std::max<int64_t>(static_cast<int64_t>(centre - support + 0.5), 0);
    int64_t end =
        std::min(static_cast<int64_t>(centre + support + 0.5), inSize);
    window.clear();
    double sum = 0.0;
    for (int64_t x = first; x < end; ++x) {
      double distance = std::abs((x - centre + 0.5) * (1.0 / support));
      window.push_back(distance < 1.0 ? 1.0 - distance : 0.0);
      sum += window.back();
    }
    filter.windows.push_back({first, end - first, filter.weights.size()});
    for (double weight : window)
      filter.weights.push_back(
          static_cast<int32_t>(0.5 + weight / sum * (1 << kPrecisionBits)));
  }
  return filter;
}

static uint8_t roundToPixel(int32_t sum) {
  return std::clamp(sum >> kPrecisionBits, 0, 255);
}

/// Resamples the columns of an image of `channels` channels (0: any number),
/// whose sums stay in registers where it is a constant.
template <int64_t channels>
static void resampleColumns(const NdArray &image, const Filter &filter,
                            NdArray &result) {
  int64_t inner = channels ? channels : image.dim(2);
  const uint8_t *from = image.bytes().data();
  uint8_t *to = result.bytes().data();
  SmallVector<int32_t, channels ? channels : 16> sums(inner);
  for (int64_t row = 0; row < image.dim(0); ++row) {
    for (const Filter::Window &window : filter.windows) {
      std::fill_n(sums.data(), inner, kHalf);
      const int32_t *weight = filter.weights.data() + window.weights;
      const uint8_t *pixel = from + window.first * inner;
      for (int64_t x = 0; x < window.count; ++x)
        for (int64_t i = 0; i < inner; ++i)
          sums[i] += *pixel++ * weight[x];
      for (int64_t i = 0; i < inner; ++i)
        *to++ = roundToPixel(sums[i]);
    }
    from += image.dim(1) * inner;
  }
}

/// Resamples the rows, a row of sums at a time.
static void resampleRows(const NdArray &image, const Filter &filter,
                         NdArray &result) {
  int64_t inner = image.dim(1) * image.dim(2);
  uint8_t *to = result.bytes().data();
  std::vector<int32_t> sums(inner);
  for (const Filter::Window &window : filter.windows) {
    std::fill(sums.begin(), sums.end(), kHalf);
    for (int64_t x = 0; x < window.count; ++x) {
      int32_t weight = filter.weights[window.weights + x];
      const uint8_t *row = image.bytes().data() + (window.first + x) * inner;
      for (int64_t i = 0; i < inner; ++i)
        sums[i] += row[i] * weight;
    }
    for (int64_t i = 0; i < inner; ++i)
      *to++ = roundToPixel(sums[i]);
  }
}

/// Resamples axis `axis` (0: rows, 1: columns) of an HxWxC image.
static NdArray resample(const NdArray &image, unsigned axis, int64_t outSize) {
  SmallVector<int64_t, 3> shape(image.shape());
  Filter filter = computeFilter(shape[axis], outSize);
  shape[axis] = outSize;
  NdArray result = NdArray::zeros(ElementKind::U8, shape);
  if (axis == 0)
    resampleRows(image, filter, result);
  else if (image.dim(2) == 3)
    resampleColumns<3>(image, filter, result);
  else if (image.dim(2) == 1)
    resampleColumns<1>(image, filter, result);
  else
    resampleColumns<0>(image, filter, result);
  return result;
}

static Error tooLong(const NdArray &image) {
  return createStringError(inconvertibleErrorCode(),
                           "an image of " + Twine(image.dim(1)) + "x" +
                               Twine(image.dim(0)) +
                               " pixels is too long to resize");
}

Expected<NdArray> mlir::qat::resizeBilinear(const NdArray &image,
                                            int64_t height, int64_t width) {
  if (image.rank() != 3 || !image.size() || height < 1 || width < 1 ||
      height > kMaxResizedSide || width > kMaxResizedSide)
    reportFatalInternalError("resize of " + Twine(shapeText(image.shape())) +
                             " to " + Twine(height) + "x" + Twine(width));
  if (image.dim(1) == width)
    return image.dim(0) == height ? image.clone() : resample(image, 0, height);
  if (image.dim(0) > kMaxImagePixels / width ||
      height > kMaxImagePixels / width)
    return tooLong(image);
  NdArray wide = resample(image, 1, width);
  if (wide.dim(0) == height)
    return wide;
  return resample(wide, 0, height);
}

Expected<NdArray> mlir::qat::resizeShortSide(const NdArray &image,
                                             int64_t side) {
  int64_t shortSide = std::min(image.dim(0), image.dim(1));
  int64_t longSide = std::max(image.dim(0), image.dim(1));
  if (longSide > kMaxImagePixels || side > kMaxResizedSide)
    return tooLong(image);
  int64_t newLongSide = side * longSide / shortSide;
  if (newLongSide > kMaxResizedSide)
    return tooLong(image);
  return image.dim(0) < image.dim(1) ? resizeBilinear(image, side, newLongSide)
                                     : resizeBilinear(image, newLongSide, side);
}

//===----------------------------------------------------------------------===//
// Cropping
//===----------------------------------------------------------------------===//

/// difference / 2, rounded half to even.
static int64_t halfToEven(int64_t difference) {
  int64_t half = difference / 2;
  return half + (difference % 2 && half % 2);
}

NdArray mlir::qat::cropCenter(const NdArray &image, int64_t height,
                              int64_t width) {
  if (image.rank() != 3 || height > image.dim(0) || width > image.dim(1))
    reportFatalInternalError("crop of " + Twine(shapeText(image.shape())) +
                             " to " + Twine(height) + "x" + Twine(width));
  int64_t channels = image.dim(2);
  int64_t top = halfToEven(image.dim(0) - height);
  int64_t left = halfToEven(image.dim(1) - width);
  NdArray result = NdArray::zeros(ElementKind::U8, {height, width, channels});
  if (!result.size())
    return result;
  for (int64_t y = 0; y < height; ++y)
    std::memcpy(result.bytes().data() + y * width * channels,
                image.bytes().data() +
                    ((top + y) * image.dim(1) + left) * channels,
                width * channels);
  return result;
}
