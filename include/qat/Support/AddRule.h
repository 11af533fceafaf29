//===- AddRule.h - add and concat on integer grids -------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The add of two tensors on different grids, and the move of one tensor onto
// another grid (concat), in 32-bit arithmetic: section 7 of docs/Spec.md.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_ADDRULE_H
#define QAT_SUPPORT_ADDRULE_H

#include "qat/Support/FixedPoint.h"
#include "qat/Support/Grid.h"

namespace mlir::qat {

/// The integers of one add (section 7). Every intermediate value fits int32 as
/// long as operands and result have at most 8 bits.
struct AddRule {
  /// m_1 and m_2, 0 to 2^20; m_2 is 0 in the rule of one operand.
  int32_t multiplier1 = 0;
  int32_t multiplier2 = 0;
  /// s, 1 to 31.
  int32_t shift = 0;
  /// c: 2^(s-1) for nearest, 0 for floor.
  int32_t offset = 0;
};

/// The rule for operands of step `scale1` and `scale2` and a result of step
/// `scaleOut` (all positive and finite): with max(scale1, scale2) / scaleOut =
/// f * 2^e, 0.5 <= f < 1, in double: s = 20 - e, m_i = round(scale_i / scaleOut
/// * 2^s), half to even. Fails where s is outside 1..31: the result's step is
/// then too fine or too coarse for the operands.
llvm::Expected<AddRule> getAddRule(double scale1, double scale2,
                                   double scaleOut, Rounding rounding);

/// The same rule with one operand: what a concat does to an operand that is
/// not on the grid of the result. Equal scales give m = 2^19, s = 19: a copy.
llvm::Expected<AddRule> getRescaleRule(double scale, double scaleOut,
                                       Rounding rounding);

/// clamp((((x1 - Z_1)*m_1 + (x2 - Z_2)*m_2 + c) >> s) + Z_o, lo, hi) on stored
/// values; the grids give the zero points, and `result` its storage range. Only
/// zero points and the range are read from the grids: the steps are in `rule`.
int32_t addRequantize(int32_t x1, const Grid &grid1, int32_t x2,
                      const Grid &grid2, const Grid &result,
                      const AddRule &rule);

/// addRequantize with one operand.
int32_t rescale(int32_t x, const Grid &grid, const Grid &result,
                const AddRule &rule);

} // namespace mlir::qat

#endif // QAT_SUPPORT_ADDRULE_H
