//===- IntegerBias.h - bias and multiplier of integer layers ---*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From batch norm, bias and scales to the integer bias and the real multiplier
// of one output channel: sections 4, 5 and 6 of docs/Spec.md. All of it is
// float32 in the order written, on S_in and S_o rounded to float32 first.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_INTEGERBIAS_H
#define QAT_SUPPORT_INTEGERBIAS_H

#include "qat/Support/FixedPoint.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

namespace mlir::qat {

/// g = gamma / sqrt(variance + epsilon) of section 4.
float getBatchNormGain(float gamma, float variance, float epsilon);

/// What follows the convolution of one channel: (conv + bias - mean) * gain +
/// beta. The default is a layer without bias and batch norm.
struct ChannelNorm {
  /// b, the convolution's own bias.
  float bias = 0;
  /// g, see getBatchNormGain.
  float gain = 1;
  float mean = 0;
  float beta = 0;

  /// B = (b - mean)*g + beta: the bias with the batch norm folded in, and the
  /// fake pre-activation of a constant channel.
  float getFoldedBias() const { return (bias - mean) * gain + beta; }
};

/// In steps of the output: what the fake graph's biases have added where a
/// quantizer follows. An integer accumulator of exactly zero (or another that
/// lies on a step) rounds up; the float sum that stands for it in the fake graph
/// is off by some 1e-6 steps, and half of the time rounded down. About 0.2 % of
/// the elements of a 4-bit layer are such (docs/Rationale.md). 2^-18 is above the
/// error of sums of few bits, where accumulators of zero are frequent, and moves
/// one element in 262,144 otherwise.
inline constexpr float kFakeStepMargin = 0x1p-18f;

/// The integers of one output channel, and the fake graph's view of them.
struct ChannelParameters {
  /// b_int, with the half output step of Rounding::Nearest in it.
  int32_t bias = 0;
  /// M; splitMultiplier makes integers of it.
  float multiplier = 1;
  /// The channel does not depend on its input (section 5, last points): the
  /// caller sets its integer weights to 0 (QuantizedWeights::clearChannel).
  bool isConstant = false;
  /// The fake graph computes (conv(x, fake weights) + fakeBias) * fakeScale:
  /// fakeBias = (b_int - h)*e but for kFakeStepMargin, and g with ICN or 1 with folding_weights. A
  /// constant channel has fakeBias = (b - mean)*g + beta, fakeScale = 1.
  float fakeBias = 0;
  float fakeScale = 1;
};

/// folding_weights (section 5), for weights quantized with step `weightScale`:
/// e = S_w*S_in, M = (S_in*S_w)/S_o, b_int = clamp(round(B/e + h), biasBits),
/// h = 0.5/M for nearest, else 0. M is the same for all channels.
ChannelParameters getFoldedParameters(const ChannelNorm &norm,
                                      float weightScale, double inputScale,
                                      double outputScale, Rounding rounding,
                                      unsigned biasBits = 32);

/// ICN and folding_thresh (section 5), `weightScale` the step of this channel's
/// weights: e = S_w*S_in, M = g*(e/S_o), may be negative, b_int =
/// clamp(round(((-mean + b) + beta/g)/e + h), biasBits). The channel is
/// constant where g is 0, b_int would not fit int32 (whatever biasBits is), or
/// `allWeightsZero`: then b_int = clamp(floor(B/S_o + r), int32), M = 1.
ChannelParameters getIcnParameters(const ChannelNorm &norm, float weightScale,
                                   double inputScale, double outputScale,
                                   Rounding rounding, bool allWeightsZero,
                                   unsigned biasBits = 32);

/// The integers of a last layer, whose result is the int32 logits (section 6).
struct LogitParameters {
  /// b_int, one a class.
  llvm::SmallVector<int32_t> biases;
  /// M, one a class with per-channel weights. Empty with per-layer weights:
  /// the logits are acc + b_int.
  llvm::SmallVector<float> multipliers;
  /// The fake graph's bias (b_int - h)*e, one a class.
  llvm::SmallVector<float> fakeBiases;
  /// The real value of one unit of all logits.
  float scale = 1;
};

/// The last layer with one weight step for all classes (section 6): b_int =
/// round(b/e), scale e = S_w*S_in, whatever the rounding. `biases` is one a
/// class, with the batch norm folded in where there was one; the integers
/// saturate at `biasBits`.
LogitParameters getPerLayerLogitParameters(llvm::ArrayRef<float> biases,
                                           float weightScale, double inputScale,
                                           unsigned biasBits = 32);

/// The last layer with a weight step for each class (section 6): M =
/// 2^8*S_w[c]/S_max, S_max the largest step among the classes whose integer
/// weights are not all 0 (such a class takes S_max; 1 where all are), b_int =
/// round(b/e[c] + h), h = 0.5/M for nearest, else 0, scale S_max*S_in/2^8. The
/// three arrays have one element a class.
LogitParameters getPerChannelLogitParameters(
    llvm::ArrayRef<float> biases, llvm::ArrayRef<float> weightScales,
    llvm::ArrayRef<bool> allWeightsZero, double inputScale, Rounding rounding,
    unsigned biasBits = 32);

} // namespace mlir::qat

#endif // QAT_SUPPORT_INTEGERBIAS_H
