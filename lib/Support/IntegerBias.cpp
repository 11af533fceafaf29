//===- IntegerBias.cpp - bias and multiplier of integer layers -----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/IntegerBias.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace llvm;
using namespace mlir::qat;

/// An integral float as an integer of int32, saturating.
static int32_t toInt32(float value) {
  return static_cast<int32_t>(
      clampToInteger(value, std::numeric_limits<int32_t>::min(),
                     std::numeric_limits<int32_t>::max()));
}

/// h of section 5: half an output step in accumulator units.
static float getHalfStep(float multiplier, Rounding rounding) {
  return rounding == Rounding::Nearest ? 0.5f / multiplier : 0.0f;
}

/// h as the fake graph has it where a quantizer follows: less by a hair, so that
/// what is exactly on a step, as an accumulator of zero is, is not below it by
/// the error of a float sum.
static float getFakeHalfStep(float multiplier, Rounding rounding) {
  return (getRoundingOffset(rounding) - kFakeStepMargin) / multiplier;
}

/// (b_int - h)*e, what the fake graph adds. Where M is so small that h is
/// infinite, the real bias takes its place: nothing passes such a multiplier.
static float getFakeBias(int32_t bias, float halfStep, float biasScale,
                         float realBias) {
  float fake = (static_cast<float>(bias) - halfStep) * biasScale;
  return std::isfinite(fake) ? fake : realBias;
}

float mlir::qat::getBatchNormGain(float gamma, float variance, float epsilon) {
  return gamma / std::sqrt(variance + epsilon);
}

ChannelParameters
mlir::qat::getFoldedParameters(const ChannelNorm &norm, float weightScale,
                               double inputScale, double outputScale,
                               Rounding rounding, unsigned biasBits) {
  float e = weightScale * static_cast<float>(inputScale);
  ChannelParameters result;
  result.multiplier = e / static_cast<float>(outputScale);
  float h = getHalfStep(result.multiplier, rounding);
  float folded = norm.getFoldedBias();
  result.bias =
      saturateToBits(toInt32(roundHalfEven(folded / e + h)), biasBits);
  result.fakeBias =
      getFakeBias(result.bias, getFakeHalfStep(result.multiplier, rounding), e,
                  folded);
  return result;
}

ChannelParameters
mlir::qat::getIcnParameters(const ChannelNorm &norm, float weightScale,
                            double inputScale, double outputScale,
                            Rounding rounding, bool allWeightsZero,
                            unsigned biasBits) {
  float e = weightScale * static_cast<float>(inputScale);
  float step = static_cast<float>(outputScale);
  ChannelParameters result;
  result.multiplier = norm.gain * (e / step);
  float h = getHalfStep(result.multiplier, rounding);
  float bias =
      roundHalfEven(((-norm.mean + norm.bias) + norm.beta / norm.gain) / e + h);
  // Written so that NaN, as from 0/0, does not fit either.
  bool fits = bias >= -0x1p31f && bias < 0x1p31f;
  if (norm.gain == 0 || !fits || allWeightsZero) {
    float folded = norm.getFoldedBias();
    result.isConstant = true;
    result.multiplier = 1;
    result.bias =
        toInt32(std::floor(folded / step + getRoundingOffset(rounding)));
    result.fakeBias = folded;
    return result;
  }
  result.bias = saturateToBits(static_cast<int64_t>(bias), biasBits);
  result.fakeBias =
      getFakeBias(result.bias, getFakeHalfStep(result.multiplier, rounding), e,
                  norm.bias);
  result.fakeScale = norm.gain;
  return result;
}

/// Appends the class whose accumulator has step `e`.
static void addClass(LogitParameters &result, float bias, float e, float h,
                     unsigned biasBits) {
  int32_t integer =
      saturateToBits(toInt32(roundHalfEven(bias / e + h)), biasBits);
  result.biases.push_back(integer);
  result.fakeBiases.push_back(getFakeBias(integer, h, e, bias));
}

LogitParameters mlir::qat::getPerLayerLogitParameters(ArrayRef<float> biases,
                                                      float weightScale,
                                                      double inputScale,
                                                      unsigned biasBits) {
  LogitParameters result;
  result.scale = weightScale * static_cast<float>(inputScale);
  for (float bias : biases)
    addClass(result, bias, result.scale, /*h=*/0.0f, biasBits);
  return result;
}

LogitParameters mlir::qat::getPerChannelLogitParameters(
    ArrayRef<float> biases, ArrayRef<float> weightScales,
    ArrayRef<bool> allWeightsZero, double inputScale, Rounding rounding,
    unsigned biasBits) {
  float inputStep = static_cast<float>(inputScale);
  float largest = 0;
  for (size_t c = 0; c < biases.size(); ++c)
    if (!allWeightsZero[c])
      largest = std::max(largest, weightScales[c]);
  if (largest == 0)
    largest = 1;
  LogitParameters result;
  for (size_t c = 0; c < biases.size(); ++c) {
    float weightScale = allWeightsZero[c] ? largest : weightScales[c];
    float multiplier = 256.0f * weightScale / largest;
    result.multipliers.push_back(multiplier);
    addClass(result, biases[c], weightScale * inputStep,
             getHalfStep(multiplier, rounding), biasBits);
  }
  result.scale = largest * inputStep / 256.0f;
  return result;
}
