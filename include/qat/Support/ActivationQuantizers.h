//===- ActivationQuantizers.h - input, PACT, two bounds --------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The quantizers of tensors that flow through a network: sections 1 and 2 of
// docs/Spec.md. Each is a small value made once per tensor; quantize()
// gives the stored integer, fakeQuantize() the real value of its level. All
// arithmetic on elements is float32, one rounding an operation. A NaN element
// counts as 0.0.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_ACTIVATIONQUANTIZERS_H
#define QAT_SUPPORT_ACTIVATIONQUANTIZERS_H

#include "qat/Support/FixedPoint.h"
#include "qat/Support/Grid.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

namespace mlir::qat {

/// The network's input, always 8 bits (section 1).
class InputQuantizer {
public:
  /// The quantizer of real inputs in [lo, hi]. [-1, 1] has the signed grid
  /// S = 2/255, Z = 0, -128..127; any other range S = (hi - lo)/255 and
  /// Z = round(-lo/S) on 0..255. Fails where the range is not finite, is empty
  /// or does not hold 0: zero padding needs a zero point.
  static llvm::Expected<InputQuantizer> get(double lo = -1.0, double hi = 1.0);

  /// The quantizer of a network whose input has `grid`: what `get` gave, seen
  /// from the integer network. A grid that `get` does not give (of an imported
  /// network) takes the rule of the other ranges on its own storage range.
  static InputQuantizer fromGrid(const Grid &grid);

  const Grid &getGrid() const { return grid; }

  /// min(round(clamp(x, -1, 1) * 127.5), 127) for [-1, 1], else
  /// clamp(round(clamp(x, lo, hi)/S) + Z, 0, 255); rounds half to even.
  int32_t quantize(float x) const;

  /// (quantize(x) - Z) * float32(S).
  float fakeQuantize(float x) const { return grid.dequantize(quantize(x)); }

private:
  InputQuantizer(float lo, float hi, Grid grid);

  float lo, hi;
  Grid grid;
  /// Whether the grid is that of [-1, 1], whose rule multiplies.
  bool isDefault;
};

/// The grid of a PACT activation with bound `alpha` (section 2): zero point 0,
/// S_o = alpha/n in double, 0..n. Fails where `bits` is outside 2..8 or alpha
/// is not positive and finite.
llvm::Expected<Grid> getPactGrid(double alpha, unsigned bits);

/// A PACT activation, unsigned with one learned bound (section 2).
class PactQuantizer {
public:
  /// `alpha` may be any number: one that training has driven to 0 or below
  /// gives a useless but defined quantizer (getPactGrid refuses it).
  PactQuantizer(float alpha, unsigned bits, Rounding rounding);

  /// n where x >= alpha, else clamp(floor(s*x + r), 0, n) with
  /// s = float32(n/alpha), r = 0 (floor) or 0.5 (nearest); product and sum are
  /// two roundings.
  int32_t quantize(float x) const;

  /// quantize(x) * float32(S_o).
  float fakeQuantize(float x) const {
    return static_cast<float>(quantize(x)) * step;
  }

private:
  float alpha, reciprocal, offset, step;
  int32_t maxLevel;
};

/// The gradient of a PACT activation (section 2) for upstream gradient `g` of
/// the size of `x`: dx = g where 0 < x < alpha, else 0, is written; the return
/// value is dalpha = sum of g where x >= alpha, summed in double in order.
double pactGradient(llvm::ArrayRef<float> x, llvm::ArrayRef<float> g,
                    float alpha, llvm::MutableArrayRef<float> dx);

/// The grid of an activation between two bounds (section 2): the bounds
/// clamped to straddle 0, S_o = (hi - lo)/n in double, 1 for an empty range;
/// Z = clamp(round(-lo/S_o), 0, n), half to even; stored 0..n. Fails where
/// `bits` is outside 2..8 or a bound is not finite.
llvm::Expected<Grid> getTwoBoundGrid(double lo, double hi, unsigned bits);

/// An activation between two learned bounds, for tensors without a ReLU
/// (section 2).
class TwoBoundQuantizer {
public:
  /// The bounds must be finite, `bits` 2 to 8.
  TwoBoundQuantizer(float lo, float hi, unsigned bits, Rounding rounding);

  /// A quantizer of real values onto a given grid, by the same rule.
  TwoBoundQuantizer(const Grid &grid, Rounding rounding);

  const Grid &getGrid() const { return grid; }

  /// clamp(floor(x/float32(S_o) + r) + Z, 0, n); a true division, then the sum.
  int32_t quantize(float x) const;

  /// (quantize(x) - Z) * float32(S_o).
  float fakeQuantize(float x) const { return grid.dequantize(quantize(x)); }

private:
  Grid grid;
  float offset;
};

/// What two bounds receive from the elements they clip.
struct BoundGradient {
  double lo = 0;
  double hi = 0;
};

/// The gradient of a tensor clamped between two bounds, which are clamped to
/// straddle 0 first (sections 2 and 3): dx = g where lo < x < hi, else 0, is
/// written; dlo = sum of g where x <= lo, dhi = sum of g where x >= hi, summed
/// in double in order.
BoundGradient twoBoundGradient(llvm::ArrayRef<float> x, llvm::ArrayRef<float> g,
                               float lo, float hi,
                               llvm::MutableArrayRef<float> dx);

} // namespace mlir::qat

#endif // QAT_SUPPORT_ACTIVATIONQUANTIZERS_H
