//===- Packing.cpp - weights in the order of the kernels ------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With stored inputs x, shifted to 0..255 with their zero point Z, and weights
// d less theirs, the sum of a channel is
//
//   sum (x - Z) * d  =  sum x * (d - f)  +  f * sum x  -  Z * sum d
//
// f is chosen so that d - f fits 8 bits, which is 0 for most channels; the last
// term joins the bias. Pads hold Z, so that they add nothing.
//
//===----------------------------------------------------------------------===//

#include "Shape.h"

#include "qat/HostKernels/HostKernels.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cstring>
#include <limits>

using namespace llvm;
using namespace mlir::qat;
using namespace mlir::qat::kernels;

static const Shape &getShape(HostIsa isa) {
  switch (isa) {
  case HostIsa::Generic:
    return kGenericShape;
  case HostIsa::Avx2:
    return kAvx2Shape;
  case HostIsa::Avx512Vnni:
    return kAvx512VnniShape;
  }
  llvm_unreachable("all instruction sets are handled");
}

namespace {
/// The channel rows of a layer while they are filled.
class Channels {
public:
  Channels(PackedHostLayer &packed, const HostLayerParameters &parameters)
      : packed(packed), parameters(parameters),
        pitch(packed.layer.outputChannels + kChannelPadding) {
    packed.channels.assign(4 * pitch, 0);
  }

  /// Adds the weights of one channel, with `factor` the f above. False where
  /// the sum may leave 32 bits.
  template <typename Range>
  bool add(int64_t channel, Range &&weights, int64_t factor) {
    const HostLayer &layer = packed.layer;
    int64_t zeroPoint = layer.inputZeroPoint + (layer.inputSigned ? 128 : 0);
    int64_t reach = std::max(zeroPoint, 255 - zeroPoint);
    int64_t magnitude = 0, sum = 0;
    for (int64_t weight : weights) {
      magnitude += std::abs(weight);
      sum += weight;
    }
    int64_t bias = parameters.biases[channel];
    if (magnitude * reach + std::abs(bias) >
        std::numeric_limits<int32_t>::max())
      return false;
    // Modulo 2^32, as the kernels' sums are.
    set(0, channel, static_cast<int32_t>(bias - zeroPoint * sum));
    set(1, channel, factor);
    packed.layer.usesSums |= factor != 0;
    if (layer.isScaled) {
      bool single = parameters.multipliers.size() == 1;
      set(2, channel, parameters.multipliers[single ? 0 : channel]);
      set(3, channel, parameters.shifts[single ? 0 : channel]);
    }
    return true;
  }

private:
  void set(int64_t row, int64_t channel, int32_t value) {
    packed.channels[row * pitch + channel] = value;
  }

  PackedHostLayer &packed;
  const HostLayerParameters &parameters;
  int64_t pitch;
};
} // namespace

/// What to take off the weights of a channel so that they fit 8 bits.
static int64_t getFactor(ArrayRef<int16_t> weights) {
  auto [low, high] = std::minmax_element(weights.begin(), weights.end());
  return *low >= -128 && *high <= 127 ? 0 : *low + 128;
}

std::optional<PackedHostLayer>
mlir::qat::packHostConv2D(HostIsa isa, const HostLayer &layer,
                          const HostLayerParameters &parameters) {
  const Shape &shape = getShape(isa);
  int64_t step = 4 / shape.inputBytes; // Inputs a step.
  int64_t taps = layer.kernelHeight * layer.kernelWidth *
                 (layer.inputChannels / layer.groups);
  int64_t steps = divideCeil(taps, step);
  int64_t groupChannels = layer.outputChannels / layer.groups;
  int64_t groupVectors = divideCeil(groupChannels, shape.lanes);

  PackedHostLayer packed;
  packed.layer = layer;
  Channels channels(packed, parameters);
  packed.weights.assign(layer.groups * groupVectors * shape.lanes * steps * 4,
                        0);
  int8_t *group = packed.weights.data();
  for (int64_t g = 0; g < layer.groups; ++g) {
    for (int64_t c = 0; c < groupChannels; ++c) {
      int64_t channel = g * groupChannels + c;
      ArrayRef<int16_t> weights =
          parameters.weights.slice(channel * taps, taps);
      int64_t factor = shape.inputBytes == 1 ? getFactor(weights) : 0;
      if (!channels.add(channel, weights, factor))
        return std::nullopt;

      // Blocks of whole vectors, each [step][vector][lane][input].
      int64_t vector = c / shape.lanes, lane = c % shape.lanes;
      int64_t firstVector = vector - vector % shape.vectors;
      int64_t vectors =
          std::min<int64_t>(shape.vectors, groupVectors - firstVector);
      int8_t *block = group + firstVector * steps * shape.lanes * 4;
      for (int64_t tap = 0; tap < taps; ++tap) {
        int64_t place =
            ((tap / step * vectors + vector - firstVector) * shape.lanes +
             lane) *
                4 +
            tap % step * shape.inputBytes;
        int16_t value = weights[tap] - factor;
        if (shape.inputBytes == 1)
          block[place] = value;
        else
          std::memcpy(block + place, &value, sizeof(value));
      }
    }
    group += groupVectors * shape.lanes * steps * 4;
  }

  // As many gathered pixels as stay in the second-level cache beside weights.
  constexpr int64_t kBlockBytes = 1 << 16, kMostPixels = 384;
  int64_t pitch = steps * 4;
  int64_t pixels = std::min(kMostPixels, kBlockBytes / pitch);
  pixels = std::max<int64_t>(pixels - pixels % shape.pixels, shape.pixels);
  packed.layer.blockPixels =
      std::min(pixels, layer.outputHeight * layer.outputWidth);
  packed.scratchBytes = alignTo(packed.layer.blockPixels * pitch, 64) +
                        alignTo(packed.layer.blockPixels * sizeof(int32_t), 64);
  return packed;
}

std::optional<PackedHostLayer>
mlir::qat::packHostDepthwiseConv2D(HostIsa isa, const HostLayer &layer,
                                   const HostLayerParameters &parameters) {
  if (layer.inputChannels != layer.outputChannels || layer.outputBytes != 1)
    return std::nullopt;
  int64_t taps = layer.kernelHeight * layer.kernelWidth;
  int64_t count = layer.outputChannels;
  PackedHostLayer packed;
  packed.layer = layer;
  Channels channels(packed, parameters);
  // As 32 bits, [tap][channel].
  std::vector<int32_t> weights(parameters.weights.begin(),
                               parameters.weights.end());
  SmallVector<int16_t> column(taps);
  for (int64_t channel = 0; channel < count; ++channel) {
    for (int64_t tap = 0; tap < taps; ++tap)
      column[tap] = parameters.weights[tap * count + channel];
    if (!channels.add(channel, column, /*factor=*/0))
      return std::nullopt;
  }
  packed.weights.resize(weights.size() * sizeof(int32_t));
  std::memcpy(packed.weights.data(), weights.data(), packed.weights.size());
  // The addresses of the taps of one output row, and a pixel of pads.
  packed.scratchBytes =
      alignTo(count, 64) + layer.outputWidth * taps * sizeof(const uint8_t *);
  return packed;
}
