//===- HostKernels.h - integer layers as vector code of the host -*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The layers with weights (docs/Spec.md, section 5) as functions that compiled
// networks call. They are exact: integer sums modulo 2^32 of what is proved to
// fit 32 bits, a 64-bit product, an arithmetic shift. What a function needs is
// packed once, when the network is compiled.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_HOSTKERNELS_HOSTKERNELS_H
#define QAT_HOSTKERNELS_HOSTKERNELS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace mlir::qat {

/// The instruction sets that the kernels are written for.
enum class HostIsa {
  /// Any processor, 128-bit vectors.
  Generic,
  /// x86-64 with AVX2, 256-bit vectors of 16-bit products.
  Avx2,
  /// x86-64 with AVX-512 VNNI, 512-bit vectors of 8-bit products.
  Avx512Vnni,
};

/// "generic", "avx2" or "avx512vnni".
llvm::StringRef stringifyHostIsa(HostIsa isa);

/// The inverse, nullopt for any other word.
std::optional<HostIsa> symbolizeHostIsa(llvm::StringRef word);

/// What this processor and its operating system can run, the fastest last.
llvm::SmallVector<HostIsa> getSupportedHostIsas();

/// A layer as its kernel reads it: 64-bit integers, so that a constant of the
/// compiled network can hold it. A fully connected layer is a convolution of
/// one pixel.
struct HostLayer {
  int64_t batch = 1, inputHeight = 1, inputWidth = 1, inputChannels = 1;
  int64_t outputHeight = 1, outputWidth = 1, outputChannels = 1;
  int64_t kernelHeight = 1, kernelWidth = 1;
  int64_t strideHeight = 1, strideWidth = 1;
  int64_t dilationHeight = 1, dilationWidth = 1;
  int64_t padTop = 0, padLeft = 0;
  int64_t groups = 1;
  /// Whether the input is stored as signed bytes, and its zero point.
  int64_t inputSigned = 0, inputZeroPoint = 0;
  /// Bytes of an element of the output: 1, or 4 for int32.
  int64_t outputBytes = 1;
  /// The storage range of the output less its zero point, and that zero point.
  int64_t low = 0, high = 255, zeroPoint = 0;
  /// Whether there are multipliers and shifts; without them the sum is the
  /// output.
  int64_t isScaled = 1;
  /// How the product is rounded, a ScaleRounding of qat/Support/FixedPoint.h. A
  /// rounding other than Floor goes with multipliers of at least 0 and shifts
  /// from 2 to 62.
  int64_t rounding = 0;
  /// Set by the packing: output pixels whose inputs are gathered at a time,
  /// and whether the sums of the inputs enter the result.
  int64_t blockPixels = 0, usesSums = 0;
};

/// What a layer computes with. Channels are output channels.
struct HostLayerParameters {
  /// Stored weights minus their zero points: in the order OHWI for
  /// convolutions, HWO for depthwise ones, within [-255, 255].
  llvm::ArrayRef<int16_t> weights;
  /// One a channel.
  llvm::ArrayRef<int32_t> biases;
  /// One, one a channel, or none (with shifts).
  llvm::ArrayRef<int32_t> multipliers;
  /// 0 to 63, as many as multipliers.
  llvm::ArrayRef<int8_t> shifts;
};

/// A layer that is ready to run.
struct PackedHostLayer {
  HostLayer layer;
  /// Weights in the order in which the kernel takes them.
  std::vector<int8_t> weights;
  /// Four rows of as many elements: bias, factor of the input sum, multiplier,
  /// shift.
  std::vector<int32_t> channels;
  /// Bytes that a call may write over.
  int64_t scratchBytes = 0;

  llvm::ArrayRef<int64_t> getLayerWords() const {
    return {reinterpret_cast<const int64_t *>(&layer),
            sizeof(HostLayer) / sizeof(int64_t)};
  }
};

/// Packs a convolution. Nullopt where `acc + bias` of some channel may not fit
/// 32 bits: the kernels do not serve such a layer.
std::optional<PackedHostLayer>
packHostConv2D(HostIsa isa, const HostLayer &layer,
               const HostLayerParameters &parameters);

/// Packs a depthwise convolution with one output channel an input channel and
/// outputs of one byte; nullopt for another, and as packHostConv2D.
std::optional<PackedHostLayer>
packHostDepthwiseConv2D(HostIsa isa, const HostLayer &layer,
                        const HostLayerParameters &parameters);

/// A kernel. `layer` points to the words of a HostLayer, `output` to bytes or
/// int32s, `scratch` to PackedHostLayer::scratchBytes, 64-byte aligned.
using HostKernel = void (*)(const uint8_t *input, const int8_t *weights,
                            const int32_t *channels, const int64_t *layer,
                            uint8_t *scratch, void *output);

/// A kernel under the name by which compiled networks call it.
struct NamedHostKernel {
  llvm::StringRef name;
  HostKernel kernel;
};

/// All kernels, also those that this processor cannot run: names of
/// convolutions are "qat_host_conv2d_ISA", for int32 outputs followed by
/// "_i32".
llvm::ArrayRef<NamedHostKernel> getNamedHostKernels();

} // namespace mlir::qat

#endif // QAT_HOSTKERNELS_HOSTKERNELS_H
