//===- Differentiate.h - from a network to its training step ----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIFFERENTIATION_DIFFERENTIATE_H
#define QAT_DIFFERENTIATION_DIFFERENTIATE_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::qat {

/// The elements of the argument of role "hyper".
enum class Hyper : unsigned {
  /// Learning rates: of bounds (alpha, lo, hi of activations and weights), and
  /// of everything else.
  WeightRate = 0,
  BoundRate = 1,
  /// Factors of an L2 term, likewise.
  WeightDecay = 2,
  BoundDecay = 3,
  /// 1 - beta1^t and 1 - beta2^t of Adam for the step t = 1, 2, ...
  Correction1 = 4,
  Correction2 = 5,
  Beta1 = 6,
  Beta2 = 7,
  AdamEpsilon = 8,
  SgdMomentum = 9,
  /// Norm to which gradients are clipped; 0: not at all.
  ClipNorm = 10,
  BatchNormMomentum = 11,
  LabelSmoothing = 12,
  /// 0: the labels alone, 1: the teacher alone.
  DistillationWeight = 13,
  Temperature = 14,
  /// 1 / number of batches whose gradients are added up.
  GradientFactor = 15,
};
inline constexpr int64_t kHyperCount = 16;
/// Elements of the argument of role "metrics": mean loss, right answers, right
/// answers among the first five, norm of the gradient.
inline constexpr int64_t kMetricCount = 4;

enum class LossKind { CrossEntropy, MeanSquaredError };
enum class OptimizerKind { Adam, Sgd };
enum class BoundScale { None, Lsq };

struct DifferentiateSettings {
  int64_t batch = 32;
  LossKind loss = LossKind::CrossEntropy;
  OptimizerKind optimizer = OptimizerKind::Adam;
  /// Probability with which an input of the last layer is left out.
  double dropout = 0;
  bool accumulate = false;
  bool clip = false;
  BoundScale boundScale = BoundScale::None;
};

/// Replaces `@main` of `module`, in form F or Q, by `@step` (and `@update`)
/// as qat-differentiate describes it. `teacher`, where given, is a module in
/// form F with the input and the logits of `module`; it is given the batch,
/// too. Emits an error and fails where something cannot be trained.
LogicalResult differentiate(ModuleOp module,
                            const DifferentiateSettings &settings,
                            ModuleOp teacher = {});

} // namespace mlir::qat

#endif // QAT_DIFFERENTIATION_DIFFERENTIATE_H
