//===- Preprocessing.h - from pixels to real inputs -------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_PREPROCESSING_H
#define QAT_SUPPORT_PREPROCESSING_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <optional>
#include <utility>

namespace mlir::qat {

/// The order in which a network takes the colours of a pixel. Images decode to
/// RGB.
enum class PixelOrder { RGB, BGR };

/// "rgb" or "bgr".
llvm::StringRef pixelOrderName(PixelOrder order);
llvm::Expected<PixelOrder> parsePixelOrder(llvm::StringRef text);

/// How an image becomes the input of a network, as given at `qat import` and
/// stored in the module. The steps, in this order: `resize` the short side,
/// keep the centre `crop`, put the colours in `order`, and normalize channel c
/// of the network's input by
///
///   real = (pixel * scale - mean[c]) / std[c]        pixel in 0..255
///
/// in double precision. The channels of `mean` and `std` are the network's, so
/// mean[0] belongs to blue where `order` is BGR.
struct Preprocessing {
  /// Empty (0), one value for all channels, or one a channel.
  llvm::SmallVector<double, 4> mean;
  /// Empty (1), one value for all channels, or one a channel; positive.
  llvm::SmallVector<double, 4> std;
  /// Finite and not 0.
  double scale = 1.0;
  /// The short side in pixels.
  std::optional<int64_t> resize;
  /// Height and width of the centre crop in pixels.
  std::optional<int64_t> crop;
  PixelOrder order = PixelOrder::RGB;

  /// The real input of channel `channel` for a pixel value. Expects what
  /// `verify` accepts and `channel` among its channels.
  double toReal(double pixel, unsigned channel) const;

  /// The least and greatest real input of any of `channels` channels over
  /// pixels 0..255.
  std::pair<double, double> realRange(unsigned channels) const;

  /// Fails with one line that names the option whose value is wrong for a
  /// network of `channels` input channels.
  llvm::Error verify(unsigned channels) const;
};

/// A finite decimal number, or a fraction of two such as 1/255.
llvm::Expected<double> parseNumber(llvm::StringRef text);

/// Numbers separated by commas, at least one: "0.485,0.456,0.406".
llvm::Expected<llvm::SmallVector<double>> parseNumberList(llvm::StringRef text);

} // namespace mlir::qat

#endif // QAT_SUPPORT_PREPROCESSING_H
