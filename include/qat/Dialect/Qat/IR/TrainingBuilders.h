//===- TrainingBuilders.h - loss and bounds of a step, briefly --*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_IR_TRAININGBUILDERS_H
#define QAT_DIALECT_QAT_IR_TRAININGBUILDERS_H

#include "mlir/IR/Builders.h"

namespace mlir::qat {

/// What the end of a forward pass gives the backward pass and the metrics.
struct LossValues {
  /// The mean loss over the samples that count: a number.
  Value loss;
  /// The gradient of the mean loss, of the type of the network's output.
  Value gradient;
  /// Samples that are right, and right among five, as numbers; null for a loss
  /// without labels.
  Value top1, top5;
};

/// The second loss beside the labels: how far the logits are from a teacher's.
struct Distillation {
  /// The logits of the teacher, of the type of the logits.
  Value teacher;
  /// Numbers: the weight of this loss, from 0 to 1, and the temperature, above
  /// 0.
  Value weight, temperature;
};

/// Writes the cross entropy of `logits` (N x C, f32 or f64) with `labels`
/// (N x i32; a label outside 0..C-1 makes a sample count nothing) at the label
/// smoothing `smoothing` (a number of the element type of `logits`), blended
/// with `distillation` where given.
LossValues buildClassificationLoss(
    OpBuilder &builder, Location loc, Value logits, Value labels,
    Value smoothing, std::optional<Distillation> distillation = std::nullopt);

/// Writes the mean squared error of `output` against `target`; both have the
/// batch in dimension 0, and every sample counts.
LossValues buildReconstructionLoss(OpBuilder &builder, Location loc,
                                   Value output, Value target);

/// The indices 0 to `batch` - 1 as i32: the samples of a qat.dropout. They are
/// a constant, so that whatever cuts the batch cuts them as well.
Value buildSampleIndices(OpBuilder &builder, Location loc, int64_t batch);

/// The number `value` as a rank-0 tensor of `element`.
Value buildNumber(OpBuilder &builder, Location loc, Type element, double value);

/// The factor of the gradient of a learned bound by LSQ (Esser et al., arXiv
/// 1902.08153, section 2.2): 1 / sqrt(elements * (2^bits - 1)), where
/// `elements` is the size of the quantized tensor, for activations that of one
/// sample.
double getBoundGradientScale(int64_t elements, unsigned bits);

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_IR_TRAININGBUILDERS_H
