//===- CheckAccumulators.cpp - qat-check-accumulators -----------------------
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Dialect/Qat/IR/StoredWeights.h"
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
  using QatCheckAccumulatorsBase::QatCheckAccumulatorsBase;
  void runOnOperation() override;
};

/// What the partial sums of one output channel can reach.
struct Reach {
  int64_t low = 0, high = 0;
};
} // namespace

/// Bounds of the sum of any subset of terms (x - Z_x) * (w - Z_w): a partial
/// sum in any order is one of them. `channelOf` gives the channel of an
/// element. None where the weights cannot be read.
static std::optional<SmallVector<Reach>>
getReaches(ElementsAttr stored, QuantizedType weightType,
           UniformQuantizedType inputType, int64_t channels,
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
  auto add = [&](int64_t index, int64_t value) {
    int64_t channel = channelOf(index);
    int64_t weight = value - zeroPoints[channel];
    int64_t a = weight * inputLow, b = weight * inputHigh;
    reaches[channel].low += std::min<int64_t>({a, b, 0});
    reaches[channel].high += std::max<int64_t>({a, b, 0});
  };
  if (!forEachStored(stored, weightType.isSigned(), add))
    return std::nullopt;
  return reaches;
}

template <typename LayerOp>
static LogicalResult check(LayerOp op, int64_t channels, bool floatSums,
                           function_ref<int64_t(int64_t)> channelOf) {
  if (failed(verifyStoredWeights(op)))
    return failure();
  ElementsAttr stored = getStoredWeights(op.getWeights());
  DenseElementsAttr bias;
  auto weightType = cast<QuantizedType>(
      cast<RankedTensorType>(op.getWeights().getType()).getElementType());
  auto inputType = cast<UniformQuantizedType>(
      cast<RankedTensorType>(op.getInput().getType()).getElementType());
  std::optional<SmallVector<Reach>> reaches;
  if (stored && matchPattern(op.getBias(), m_Constant(&bias)))
    reaches = getReaches(stored, weightType, inputType, channels, channelOf);
  if (!reaches) {
    op.setAccumulatorBits(64);
    op.emitRemark("weights or bias are not constant: 64-bit accumulators");
    return success();
  }
  int64_t low = 0, high = 0;
  for (auto [reach, value] :
       llvm::zip_equal(*reaches, bias.getValues<int32_t>())) {
    low = std::min(low, reach.low + std::min<int64_t>(value, 0));
    high = std::max(high, reach.high + std::max<int64_t>(value, 0));
  }
  bool fits = low >= std::numeric_limits<int32_t>::min() &&
              high <= std::numeric_limits<int32_t>::max();
  op.setAccumulatorBits(fits ? 32 : 64);
  if (!fits)
    op.emitRemark("accumulators reach [")
        << low << ", " << high << "]: 64-bit accumulators";
  constexpr int64_t kFloatEnd = int64_t(1) << 24;
  if (floatSums && (low < -kFloatEnd || high > kFloatEnd))
    op.emitRemark("sums reach [")
        << low << ", " << high
        << "], of which float32 holds 24 bits: evaluated in float32, the layer "
           "may differ from the integer one";
  return success();
}

void CheckAccumulators::runOnOperation() {
  WalkResult checked = getOperation().walk([&](Operation *op) -> WalkResult {
    auto shapeOf = [](Value value) {
      return cast<RankedTensorType>(value.getType()).getShape();
    };
    if (auto conv = dyn_cast<qat::Conv2DOp>(op)) {
      ArrayRef<int64_t> shape = shapeOf(conv.getWeights());
      int64_t elements = shape[1] * shape[2] * shape[3];
      return check(conv, shape[0], floatSums,
                   [=](int64_t i) { return i / elements; });
    }
    if (auto dense = dyn_cast<FullyConnectedOp>(op)) {
      ArrayRef<int64_t> shape = shapeOf(dense.getWeights());
      return check(dense, shape[0], floatSums,
                   [=](int64_t i) { return i / shape[1]; });
    }
    if (auto depthwise = dyn_cast<qat::DepthwiseConv2DOp>(op)) {
      ArrayRef<int64_t> shape = shapeOf(depthwise.getWeights());
      return check(depthwise, shape[2], floatSums,
                   [=](int64_t i) { return i % shape[2]; });
    }
    return success();
  });
  if (checked.wasInterrupted())
    signalPassFailure();
}
