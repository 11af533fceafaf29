//===- TrainingBuilders.cpp - loss and bounds of a step, briefly -*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/TrainingBuilders.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace mlir::qat;

Value mlir::qat::buildNumber(OpBuilder &builder, Location loc, Type element,
                             double value) {
  auto type = RankedTensorType::get({}, element);
  return arith::ConstantOp::create(
      builder, loc,
      DenseElementsAttr::get(type, builder.getFloatAttr(element, value)));
}

Value mlir::qat::buildSampleIndices(OpBuilder &builder, Location loc,
                                    int64_t batch) {
  SmallVector<int32_t> indices(batch);
  std::iota(indices.begin(), indices.end(), 0);
  return arith::ConstantOp::create(builder, loc,
                                   builder.getI32TensorAttr(indices));
}

double mlir::qat::getBoundGradientScale(int64_t elements, unsigned bits) {
  double levels = std::ldexp(1.0, bits) - 1;
  return 1.0 / std::sqrt(static_cast<double>(elements) * levels);
}

LossValues
mlir::qat::buildClassificationLoss(OpBuilder &builder, Location loc,
                                   Value logits, Value labels, Value smoothing,
                                   std::optional<Distillation> distillation) {
  auto type = cast<RankedTensorType>(logits.getType());
  auto number = RankedTensorType::get({}, type.getElementType());
  Value samples =
      CountSamplesOp::create(builder, loc, number, labels,
                             builder.getI64IntegerAttr(type.getDimSize(1)));
  auto hard = SoftmaxCrossEntropyOp::create(builder, loc, logits, labels,
                                            smoothing, samples);
  Value loss = hard.getLoss(), gradient = hard.getGradient();
  if (distillation) {
    auto soft =
        DistillationLossOp::create(builder, loc, logits, distillation->teacher,
                                   labels, distillation->temperature, samples);
    loss = BlendOp::create(builder, loc, loss, soft.getLoss(),
                           distillation->weight);
    gradient = BlendOp::create(builder, loc, gradient, soft.getGradient(),
                               distillation->weight);
  }
  auto hits =
      CountCorrectOp::create(builder, loc, number, number, logits, labels);
  return {MeanLossOp::create(builder, loc, loss, samples), gradient,
          hits.getTop1(), hits.getTop5()};
}

LossValues mlir::qat::buildReconstructionLoss(OpBuilder &builder, Location loc,
                                              Value output, Value target) {
  auto type = cast<RankedTensorType>(output.getType());
  Value samples =
      buildNumber(builder, loc, type.getElementType(), type.getDimSize(0));
  auto error =
      MeanSquaredErrorOp::create(builder, loc, output, target, samples);
  return {MeanLossOp::create(builder, loc, error.getLoss(), samples),
          error.getGradient(), Value(), Value()};
}
