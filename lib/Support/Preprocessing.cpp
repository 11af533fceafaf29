//===- Preprocessing.cpp - from pixels to real inputs ---------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/Preprocessing.h"

#include "llvm/ADT/Twine.h"

#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace mlir::qat;

/// The largest side of an image we resize or crop to; beyond it lies a typing
/// error.
static constexpr int64_t kMaxSide = 1 << 14;

static Error fail(const Twine &why) {
  return createStringError(inconvertibleErrorCode(), why);
}

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

StringRef mlir::qat::pixelOrderName(PixelOrder order) {
  return order == PixelOrder::RGB ? "rgb" : "bgr";
}

Expected<PixelOrder> mlir::qat::parsePixelOrder(StringRef text) {
  if (text == "rgb")
    return PixelOrder::RGB;
  if (text == "bgr")
    return PixelOrder::BGR;
  return fail("expected 'rgb' or 'bgr', but got '" + text + "'");
}

/// A finite number without '/'.
static bool parsePlainNumber(StringRef text, double &value) {
  // getAsDouble also takes "inf" and "nan", and rounds 1e999 to infinity.
  return !text.getAsDouble(value) && std::isfinite(value);
}

Expected<double> mlir::qat::parseNumber(StringRef text) {
  auto [above, below] = text.split('/');
  double numerator, denominator = 1.0;
  if (!parsePlainNumber(above.trim(), numerator) ||
      (text.contains('/') && !parsePlainNumber(below.trim(), denominator)))
    return fail("expected a number or a fraction such as 1/255, but got '" +
                text + "'");
  if (denominator == 0.0)
    return fail("division by zero in '" + text + "'");
  double value = numerator / denominator;
  if (!std::isfinite(value))
    return fail("'" + text + "' is too large for a number");
  return value;
}

Expected<SmallVector<double>> mlir::qat::parseNumberList(StringRef text) {
  SmallVector<StringRef> parts;
  text.split(parts, ',');
  SmallVector<double> values;
  for (StringRef part : parts) {
    Expected<double> value = parseNumber(part);
    if (!value)
      return value.takeError();
    values.push_back(*value);
  }
  return values;
}

//===----------------------------------------------------------------------===//
// Normalization
//===----------------------------------------------------------------------===//

static double valueOf(ArrayRef<double> values, unsigned channel,
                      double fallback) {
  if (values.empty())
    return fallback;
  return values.size() == 1 ? values[0] : values[channel];
}

double Preprocessing::toReal(double pixel, unsigned channel) const {
  return (pixel * scale - valueOf(mean, channel, 0.0)) /
         valueOf(std, channel, 1.0);
}

std::pair<double, double> Preprocessing::realRange(unsigned channels) const {
  // Affine in the pixel, so the ends are where the extremes are; a negative
  // scale swaps them.
  double low = INFINITY, high = -INFINITY;
  for (unsigned channel = 0; channel < channels; ++channel) {
    auto [first, second] =
        std::minmax({toReal(0.0, channel), toReal(255.0, channel)});
    low = std::min(low, first);
    high = std::max(high, second);
  }
  return {low, high};
}

Error Preprocessing::verify(unsigned channels) const {
  auto isFinite = [](double value) { return std::isfinite(value); };
  auto checkCount = [&](StringRef option, ArrayRef<double> values) -> Error {
    if (values.size() > 1 && values.size() != channels)
      return fail("'" + option + "' has " + Twine(values.size()) +
                  " values, but the input has " + Twine(channels) +
                  " channels; give one value, or one a channel");
    return Error::success();
  };
  auto checkSide = [&](StringRef option, std::optional<int64_t> side) -> Error {
    if (side && (*side < 1 || *side > kMaxSide))
      return fail("'" + option + "' is " + Twine(*side) + ", expected 1 to " +
                  Twine(kMaxSide) + " pixels");
    return Error::success();
  };

  if (Error error = checkCount("mean", mean))
    return error;
  if (Error error = checkCount("std", std))
    return error;
  if (!all_of(mean, isFinite))
    return fail("'mean' has a value that is not finite");
  if (!all_of(std, [&](double v) { return isFinite(v) && v > 0.0; }))
    return fail("'std' has a value that is not positive");
  if (!isFinite(scale) || scale == 0.0)
    return fail("'scale' must be finite and not 0");
  if (Error error = checkSide("resize", resize))
    return error;
  if (Error error = checkSide("crop", crop))
    return error;
  if (resize && crop && *crop > *resize)
    return fail("'crop' of " + Twine(*crop) + " exceeds 'resize' of " +
                Twine(*resize) + " pixels");
  if (order == PixelOrder::BGR && channels != 3)
    return fail("'pixel-order' bgr needs 3 input channels, but the input has " +
                Twine(channels));
  return Error::success();
}
