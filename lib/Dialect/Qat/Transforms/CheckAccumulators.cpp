//===- CheckAccumulators.cpp - qat-check-accumulators -----------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/Transforms/Passes.h"

#include "mlir/IR/Matchers.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATCHECKACCUMULATORS
#include "qat/Dialect/Qat/Transforms/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;
using quant::QuantizedType;
using quant::UniformQuantizedPerAxisType;
using quant::UniformQuantizedType;

namespace {
struct CheckAccumulators
    : qat::impl::QatCheckAccumulatorsBase<CheckAccumulators> {
  void runOnOperation() override;
};

/// What the partial sums of one output channel can reach.
struct Reach {
  int64_t low = 0, high = 0;
};
} // namespace

/// The constant behind a weight operand: integers, then quant.scast.
static DenseElementsAttr getStoredWeights(Value weights) {
  DenseElementsAttr values;
  auto cast = weights.getDefiningOp<quant::StorageCastOp>();
  if (!cast || !matchPattern(cast.getInput(), m_Constant(&values)))
    return {};
  return values;
}

/// Bounds of the sum of any subset of terms (x - Z_x) * (w - Z_w): a partial
/// sum in any order is one of them. `channelOf` gives the channel of an
/// element.
static SmallVector<Reach> getReaches(DenseElementsAttr stored,
                                     QuantizedType weightType,
                                     UniformQuantizedType inputType,
                                     int64_t channels,
                                     function_ref<int64_t(int64_t)> channelOf) {
  SmallVector<int64_t> zeroPoints(channels, 0);
  if (auto perAxis = dyn_cast<UniformQuantizedPerAxisType>(weightType))
    llvm::copy(perAxis.getZeroPoints(), zeroPoints.begin());
  else
    llvm::fill(zeroPoints,
               cast<UniformQuantizedType>(weightType).getZeroPoint());
  int64_t inputLow = inputType.getStorageTypeMin() - inputType.getZeroPoint();
  int64_t inputHigh = inputType.getStorageTypeMax() - inputType.getZeroPoint();

  SmallVector<Reach> reaches(channels);
  for (auto [index, value] : llvm::enumerate(stored.getValues<APInt>())) {
    int64_t channel = channelOf(index);
    int64_t weight =
        (weightType.isSigned() ? value.getSExtValue() : value.getZExtValue()) -
        zeroPoints[channel];
    int64_t a = weight * inputLow, b = weight * inputHigh;
    reaches[channel].low += std::min<int64_t>({a, b, 0});
    reaches[channel].high += std::max<int64_t>({a, b, 0});
  }
  return reaches;
}

template <typename LayerOp>
static void check(LayerOp op, int64_t channels,
                  function_ref<int64_t(int64_t)> channelOf) {
  DenseElementsAttr stored = getStoredWeights(op.getWeights());
  DenseElementsAttr bias;
  auto weightType = cast<QuantizedType>(
      cast<RankedTensorType>(op.getWeights().getType()).getElementType());
  auto inputType = cast<UniformQuantizedType>(
      cast<RankedTensorType>(op.getInput().getType()).getElementType());
  if (!stored || !matchPattern(op.getBias(), m_Constant(&bias))) {
    op.setAccumulatorBits(64);
    op.emitRemark("weights or bias are not constant: 64-bit accumulators");
    return;
  }
  SmallVector<Reach> reaches =
      getReaches(stored, weightType, inputType, channels, channelOf);
  int64_t low = 0, high = 0;
  for (auto [reach, value] :
       llvm::zip_equal(reaches, bias.getValues<int32_t>())) {
    low = std::min(low, reach.low + std::min<int64_t>(value, 0));
    high = std::max(high, reach.high + std::max<int64_t>(value, 0));
  }
  bool fits = low >= std::numeric_limits<int32_t>::min() &&
              high <= std::numeric_limits<int32_t>::max();
  op.setAccumulatorBits(fits ? 32 : 64);
  if (!fits)
    op.emitRemark("accumulators reach [")
        << low << ", " << high << "]: 64-bit accumulators";
}

void CheckAccumulators::runOnOperation() {
  getOperation().walk([](Operation *op) {
    auto shapeOf = [](Value value) {
      return cast<RankedTensorType>(value.getType()).getShape();
    };
    if (auto conv = dyn_cast<qat::Conv2DOp>(op)) {
      ArrayRef<int64_t> shape = shapeOf(conv.getWeights());
      int64_t elements = shape[1] * shape[2] * shape[3];
      check(conv, shape[0], [=](int64_t i) { return i / elements; });
    } else if (auto dense = dyn_cast<FullyConnectedOp>(op)) {
      ArrayRef<int64_t> shape = shapeOf(dense.getWeights());
      check(dense, shape[0], [=](int64_t i) { return i / shape[1]; });
    } else if (auto depthwise = dyn_cast<qat::DepthwiseConv2DOp>(op)) {
      ArrayRef<int64_t> shape = shapeOf(depthwise.getWeights());
      check(depthwise, shape[2], [=](int64_t i) { return i % shape[2]; });
    }
  });
}
