//===- WeightQuantizers.h - the four weight schemes ------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Section 3 of docs/Spec.md. A weight tensor is a flat array whose
// outermost dimension is the output channel (O first, then any order inside):
// `channels` runs of `elementsPerChannel` elements. Elements are finite
// float32; every step and every fake weight is one float32 operation.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_WEIGHTQUANTIZERS_H
#define QAT_SUPPORT_WEIGHTQUANTIZERS_H

#include "qat/Support/ActivationQuantizers.h"
#include "qat/Support/Grid.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace mlir::qat {

/// The table of section 3.
enum class WeightScheme {
  PerLayerAsymPACT,
  PerLayerAsymMinMax,
  PerChannelsAsymMinMax,
  PerLayerSymPACT,
};

/// How a batch norm leaves a layer (section 4).
enum class FoldType { FoldingWeights, ICN, FoldingThresh };

/// The spelling of the command line: "PerLayerAsymPACT", ...
llvm::StringRef stringifyWeightScheme(WeightScheme scheme);
/// The inverse; also takes "PerLayerDymPACT" for PerLayerSymPACT.
std::optional<WeightScheme> symbolizeWeightScheme(llvm::StringRef word);

/// "folding_weights", "ICN" or "folding_thresh".
llvm::StringRef stringifyFoldType(FoldType foldType);
std::optional<FoldType> symbolizeFoldType(llvm::StringRef word);

constexpr bool isPerChannel(WeightScheme scheme) {
  return scheme == WeightScheme::PerChannelsAsymMinMax;
}
constexpr bool isSymmetric(WeightScheme scheme) {
  return scheme == WeightScheme::PerLayerSymPACT;
}
/// Whether the scheme learns clamping bounds: `lo` and `hi`, for the symmetric
/// scheme `hi` alone.
constexpr bool hasBounds(WeightScheme scheme) {
  return scheme == WeightScheme::PerLayerAsymPACT ||
         scheme == WeightScheme::PerLayerSymPACT;
}

/// The clamping bounds of a weight tensor, in the units of the tensor that is
/// quantized (folded ones with folding_weights). Any finite numbers: they are
/// clamped to straddle 0 at each use. The symmetric scheme ignores `lo`.
struct WeightBounds {
  float lo = 0;
  float hi = 0;
};

/// A quantized weight tensor.
struct QuantizedWeights {
  WeightScheme scheme = WeightScheme::PerLayerAsymPACT;
  unsigned bits = 8;
  int64_t channels = 1;
  /// The step S, one for the tensor or one a channel.
  llvm::SmallVector<float> scales;
  /// Z, as many as scales; 0 to n, and 0 for the symmetric scheme.
  llvm::SmallVector<int32_t> zeroPoints;
  /// The integers without zero point, channel outermost: -Z to n-Z, or
  /// -2^(bits-1) to 2^(bits-1)-1.
  std::vector<int32_t> integers;

  int64_t getElementsPerChannel() const {
    return channels ? static_cast<int64_t>(integers.size()) / channels : 0;
  }
  float getScale(int64_t channel) const {
    return scales[scales.size() == 1 ? 0 : channel];
  }
  int32_t getZeroPoint(int64_t channel) const {
    return zeroPoints[zeroPoints.size() == 1 ? 0 : channel];
  }
  /// The integers of one channel.
  llvm::ArrayRef<int32_t> getChannel(int64_t channel) const;
  /// Whether all integers of a channel are 0: such a channel is constant with
  /// ICN (section 5) and has a step of its own in the last layer (section 6).
  bool isChannelZero(int64_t channel) const;
  /// Sets the integers of a channel to 0 and leaves its step: what becomes of
  /// a constant channel (section 5).
  void clearChannel(int64_t channel);
  /// integer + Z, what is stored in 0..n; two's complement for the symmetric
  /// scheme.
  std::vector<int32_t> getStored() const;
  /// integer * S, the fake weights, one float32 product each.
  std::vector<float> getFake() const;
};

/// Quantizes `t` (section 3), the weight itself or the weight with its batch
/// norm folded in. `bounds` are clamped to straddle 0 and used by the schemes
/// that have them; without them nothing is clamped, as before freezing in
/// layers that fold into weights. The step is
/// (max(t',0) - min(t',0))/n, or 2*max|t'|/n, of the clamped data, and 1 where
/// it is zero or underflows to zero; integers are round(t'/S), half to even, a
/// true division, and clamped so that integer + Z stays in 0..n.
/// `channels` divides the size of `t`; `bits` is 2 to 8.
QuantizedWeights quantizeWeights(llvm::ArrayRef<float> t, int64_t channels,
                                 unsigned bits, WeightScheme scheme,
                                 std::optional<WeightBounds> bounds);

/// The gradient of section 3 for upstream gradient `g` of the fake weights: dt
/// is written, and the bounds' gradients returned, summed in double in order
/// (zero for the MinMax schemes, and `lo` zero for the symmetric scheme).
/// PerLayerAsymPACT: twoBoundGradient. PerLayerSymPACT: dt = g where |t| < hi,
/// dhi = sum of g*sign(t) where |t| >= hi. MinMax, or no bounds: dt = g.
BoundGradient weightGradient(llvm::ArrayRef<float> t, llvm::ArrayRef<float> g,
                             WeightScheme scheme,
                             std::optional<WeightBounds> bounds,
                             llvm::MutableArrayRef<float> dt);

/// t = w * factor[channel], one float32 product each: the weights with their
/// batch norm folded in, and, applied to dt, the gradient of w (chain rule;
/// sections 3 and 4). One factor a channel.
void scaleChannels(llvm::ArrayRef<float> w, llvm::ArrayRef<float> factors,
                   llvm::MutableArrayRef<float> t);

/// Where the bounds of `t` start (section 3): PerLayerAsymPACT with ICN or
/// folding_thresh at the bounds of ppqBounds, with folding_weights at min and
/// max; PerLayerSymPACT at hi = max|t|; nullopt for schemes without bounds.
/// The result straddles 0.
std::optional<WeightBounds> getInitialBounds(llvm::ArrayRef<float> t,
                                             unsigned bits, WeightScheme scheme,
                                             FoldType foldType);

/// The smallest range that holds 0 and all of `t`.
WeightBounds minMaxBounds(llvm::ArrayRef<float> t);

/// The projection onto the step of least squared error, ten passes
/// (reference-quantizers.md, "Threshold initialisation"); sums are taken in
/// double and rounded to float32. A constant tensor has minMaxBounds.
WeightBounds ppqBounds(llvm::ArrayRef<float> t, unsigned bits);

} // namespace mlir::qat

#endif // QAT_SUPPORT_WEIGHTQUANTIZERS_H
