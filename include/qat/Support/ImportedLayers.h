//===- ImportedLayers.h - layers of imported integer networks ---*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The scalar reference of qat.rescaled_add, qat.table and qat.table_softmax, as
// docs/Spec.md, section 11, and TOSA 1.0 have them. Like IntegerLayers.h: plain
// loops over stored values, for tests.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_IMPORTEDLAYERS_H
#define QAT_SUPPORT_IMPORTEDLAYERS_H

#include "qat/Support/FixedPoint.h"

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <vector>

namespace mlir::qat {

/// An operand of a rescaled add: its zero point, and its scalings in turn.
struct RescaledOperand {
  int32_t zeroPoint = 0;
  llvm::ArrayRef<Multiplier> scales;
};

/// scale(a + b) + zeroPoint, clamped to [storageMin, storageMax], where a and b
/// are the scaled differences to the operands' zero points.
int32_t rescaledAdd(int32_t x1, const RescaledOperand &operand1, int32_t x2,
                    const RescaledOperand &operand2, Multiplier scale,
                    ScaleRounding rounding, int32_t zeroPoint,
                    int32_t storageMin, int32_t storageMax);

/// Softmax of one row of stored values. `table[d]` is the exponential of -d
/// with 31 fractional bits; every difference of two inputs has an element. The
/// result has 8 fractional bits before `zeroPoint` is added and it is clamped.
std::vector<int32_t> tableSoftmax(llvm::ArrayRef<int32_t> row,
                                  llvm::ArrayRef<int32_t> table,
                                  int32_t zeroPoint, int32_t storageMin,
                                  int32_t storageMax);

/// The average of `count` (> 0) integers that add up to `sum`, halves away from
/// 0: tosa.avg_pool2d with zero points of 0.
int64_t roundAverageHalfAway(int64_t sum, int64_t count);

} // namespace mlir::qat

#endif // QAT_SUPPORT_IMPORTEDLAYERS_H
