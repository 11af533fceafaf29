//===- FoldWeightQuantizers.cpp - weights quantized at compile time --*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/ConstantValues.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Execution/Passes.h"
#include "qat/Support/WeightQuantizers.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATFOLDWEIGHTQUANTIZERS
#include "qat/Execution/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

/// The quantized weights, if weights and bounds are constant.
static std::optional<std::vector<float>> fold(WeightQuantizerOpInterface op) {
  auto weight = getConstantFloats(op.getQuantizedInput());
  if (!weight)
    return std::nullopt;
  std::optional<WeightBounds> bounds;
  SmallVector<Value> operands = op.getBounds();
  if (op.isClamped()) {
    SmallVector<float> values;
    for (Value operand : operands) {
      auto value = getConstantFloats(operand);
      if (!value)
        return std::nullopt;
      values.push_back(value->front());
    }
    // The symmetric scheme has the upper bound alone.
    bounds = WeightBounds{values.size() == 2 ? values[0] : -values[0],
                          values.back()};
  }
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  ArrayRef<int64_t> axes;
  if (auto minMax = dyn_cast<WeightMinMaxOp>(*op))
    axes = minMax.getChannelAxes().value_or(ArrayRef<int64_t>());
  int64_t channels = 1;
  for (int64_t axis : axes)
    channels *= type.getDimSize(axis);
  std::vector<float> sorted =
      toChannelMajor(ArrayRef<float>(*weight), type.getShape(), axes);
  std::vector<float> fake = quantizeWeights(sorted, channels, op.getGridBits(),
                                            op.getScheme(), bounds)
                                .getFake();
  return fromChannelMajor(ArrayRef<float>(fake), type.getShape(), axes);
}

namespace {
struct FoldWeightQuantizers
    : qat::impl::QatFoldWeightQuantizersBase<FoldWeightQuantizers> {
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      std::optional<std::vector<float>> values;
      if (isa<FoldWeightOp, FoldBiasOp>(op))
        values = getConstantFloats(op->getResult(0));
      else if (auto quantizer = dyn_cast<WeightQuantizerOpInterface>(op))
        values = fold(quantizer);
      if (!values)
        return;
      OpBuilder b(op);
      auto constant = arith::ConstantOp::create(
          b, op->getLoc(),
          DenseElementsAttr::get(
              cast<RankedTensorType>(op->getResult(0).getType()),
              ArrayRef<float>(*values)));
      op->replaceAllUsesWith(constant);
      op->erase();
    });
  }
};
} // namespace
