//===- FreezeForTraining.h - form Q, live and frozen -------------*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A network is trained live at first: batch norms follow the batch, and the
// weights that they will be folded into are quantized unfolded, without
// clamping. From epoch `batch_fold_delay` on it is trained frozen, as it will
// be deployed (docs/Spec.md, sections 3 to 5).
//
// What is kept on disk is always the live module with the values of its
// parameters; freezing changes the graph and, once, the bounds of folded
// weights. kTrainedBoundsAttribute on the module says that this has happened,
// so that nothing sets them anew: the trained ones stay.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_TRANSFORMS_FREEZEFORTRAINING_H
#define QAT_DIALECT_QAT_TRANSFORMS_FREEZEFORTRAINING_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::qat {

/// On a live module (unit): the bounds of folded weights were set when the
/// batch norms were frozen, and trained since.
inline constexpr StringLiteral kTrainedBoundsAttribute = "qat.trained_bounds";

/// Sets the bounds of all weights that are not clamped yet (`unclamped`), into
/// which a batch norm is going to be folded, from t = w*g: minimum and maximum,
/// or the largest magnitude. `module` is live, form Q with parameters; only
/// the values of globals change. A live network needs this whenever its
/// weights or statistics have moved and it is to be folded: to be evaluated as
/// integers, or saved. Takes kTrainedBoundsAttribute off. Emits an error where
/// a weight, a statistic or a bound is no parameter, or not finite.
LogicalResult setFoldedBoundsAnew(ModuleOp module);

/// Makes the frozen network of a live one, as qat-freeze-for-training: bounds
/// are set anew unless `keepBounds` or kTrainedBoundsAttribute. The names and
/// shapes of the parameters stay; those that nothing uses any more do too.
/// Emits an error where a layer has no quantizer or the graph is not form Q.
LogicalResult freezeForTraining(ModuleOp module, bool keepBounds = false);

/// Takes back the graph that freezeForTraining made, to form Q with frozen
/// batch norms as qat-fold-batch-norm leaves it. A module that is not frozen
/// for training stays as it is.
void thawTraining(ModuleOp module);

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_TRANSFORMS_FREEZEFORTRAINING_H
