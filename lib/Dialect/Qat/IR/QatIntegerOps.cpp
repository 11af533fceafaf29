//===- QatIntegerOps.cpp - verifiers of the integer layers ===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntegerVerifiers.h"
#include "WindowedSize.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::qat;
using quant::QuantizedType;
using quant::UniformQuantizedPerAxisType;
using quant::UniformQuantizedType;

//===----------------------------------------------------------------------===//
// Checks shared by the layers
//===----------------------------------------------------------------------===//

RankedTensorType qat::tensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

UniformQuantizedType qat::gridOf(Value value) {
  return cast<UniformQuantizedType>(tensorType(value).getElementType());
}

LogicalResult qat::verifyZeroPoints(Operation *op) {
  auto check = [&](Value value, StringRef what, unsigned index) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    auto grid = type ? dyn_cast<QuantizedType>(type.getElementType()) : nullptr;
    if (!grid)
      return success();
    SmallVector<int64_t> zeroPoints;
    if (auto perAxis = dyn_cast<UniformQuantizedPerAxisType>(grid))
      llvm::append_range(zeroPoints, perAxis.getZeroPoints());
    else
      zeroPoints.push_back(cast<UniformQuantizedType>(grid).getZeroPoint());
    for (int64_t zeroPoint : zeroPoints)
      if (zeroPoint < grid.getStorageTypeMin() ||
          zeroPoint > grid.getStorageTypeMax())
        return LogicalResult(
            op->emitOpError("expects the zero point of ")
            << what << " #" << index << " to lie in its storage range ["
            << grid.getStorageTypeMin() << ", " << grid.getStorageTypeMax()
            << "], but got " << zeroPoint);
    return success();
  };
  for (auto [index, operand] : llvm::enumerate(op->getOperands()))
    if (failed(check(operand, "operand", index)))
      return failure();
  for (auto [index, result] : llvm::enumerate(op->getResults()))
    if (failed(check(result, "result", index)))
      return failure();
  return success();
}

static LogicalResult verifyShape(Operation *op, ArrayRef<int64_t> expected) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (type.getShape() == expected &&
      llvm::all_of(expected, [](int64_t size) { return size > 0; }))
    return success();
  return op->emitOpError("expects a result of shape [")
         << expected << "], but got [" << type.getShape() << "]";
}

/// Whether the stored values of `type` are the int32 numbers themselves.
static bool isWholeInt32(UniformQuantizedType type) {
  return type.isSigned() && type.getZeroPoint() == 0 &&
         type.getStorageTypeMin() == std::numeric_limits<int32_t>::min() &&
         type.getStorageTypeMax() == std::numeric_limits<int32_t>::max();
}

/// conv2d_c11 to conv2d_c13 and their likes.
template <typename LayerOp>
static LogicalResult verifyThresholds(LayerOp op, int64_t channels) {
  std::optional<ArrayRef<bool>> falling = op.getFalling();
  if (!op.getThresholds()) {
    if (falling) // c13
      return op.emitOpError("expects 'thresholds' with 'falling'");
    return success();
  }
  if (op.getMultiplier() || op.getShift() ||
      op.getRounding() != ScaleRoundingMode::Floor) // c12
    return op.emitOpError("expects no 'multiplier', 'shift' or 'rounding' with "
                          "'thresholds'");
  if (falling && static_cast<int64_t>(falling->size()) != channels) // c13
    return op.emitOpError("expects 'falling' to have one element a channel (")
           << channels << "), but got " << falling->size();
  DenseIntElementsAttr bias, thresholds;
  if (!matchPattern(op.getBias(), m_Constant(&bias)) ||
      llvm::any_of(bias.template getValues<int32_t>(),
                   [](int32_t value) { return value != 0; })) // c12
    return op.emitOpError("expects a constant 'bias' of zeros with "
                          "'thresholds', which hold the bias");
  UniformQuantizedType grid = gridOf(op.getResult());
  if (grid.getStorageTypeIntegralWidth() > 8) // c11
    return op.emitOpError("expects a result of at most 8 bits with "
                          "'thresholds', but got ")
           << grid;
  int64_t levels = grid.getStorageTypeMax() - grid.getStorageTypeMin();
  ArrayRef<int64_t> shape = tensorType(op.getThresholds()).getShape();
  if (shape != ArrayRef{channels, levels}) // c11
    return op.emitOpError("expects 'thresholds' of shape [")
           << channels << ", " << levels << "], but got [" << shape << "]";
  if (!matchPattern(op.getThresholds(), m_Constant(&thresholds))) // c11
    return op.emitOpError("expects constant 'thresholds'");
  int64_t index = 0;
  int32_t last = 0;
  for (int32_t value : thresholds.template getValues<int32_t>()) {
    if (index % levels != 0 && value < last) // c11
      return op.emitOpError("expects ascending 'thresholds', but channel ")
             << index / levels << " has " << value << " after " << last;
    last = value;
    ++index;
  }
  return success();
}

/// Bias, requantization and accumulators of a layer with weights
/// (conv2d_c2 to conv2d_c5, c7 to c13 and their likes).
template <typename LayerOp>
static LogicalResult verifyWeightedLayer(LayerOp op, int64_t channels,
                                         int32_t channelAxis) {
  int64_t biases = tensorType(op.getBias()).getDimSize(0);
  if (biases != channels) // c2
    return op.emitOpError("expects 'bias' to have one element a channel (")
           << channels << "), but got " << biases;
  if (failed(verifyThresholds(op, channels))) // c11 to c13
    return failure();

  std::optional<ArrayRef<int32_t>> multiplier = op.getMultiplier();
  std::optional<ArrayRef<int8_t>> shift = op.getShift();
  if (multiplier.has_value() != shift.has_value()) // c3
    return op.emitOpError("expects 'multiplier' and 'shift' together");
  if (multiplier) {
    auto isOneOrAll = [&](size_t count) {
      return count == 1 || static_cast<int64_t>(count) == channels;
    };
    if (!isOneOrAll(multiplier->size()) ||
        multiplier->size() != shift->size()) // c3
      return op.emitOpError("expects 'multiplier' and 'shift' to have 1 or ")
             << channels << " elements, but got " << multiplier->size()
             << " and " << shift->size();
    for (int8_t bits : *shift)
      if (bits < 0 || bits > 63) // c4
        return op.emitOpError("expects 'shift' between 0 and 63, but got ")
               << static_cast<int>(bits);
    if (op.getRounding() != ScaleRoundingMode::Floor) { // c10
      for (int8_t bits : *shift)
        if (bits < 2 || bits > 62)
          return op.emitOpError("expects 'shift' between 2 and 62 with "
                                "'rounding' ")
                 << stringifyScaleRoundingMode(op.getRounding()) << ", but got "
                 << static_cast<int>(bits);
      for (int32_t factor : *multiplier)
        if (factor < 0)
          return op.emitOpError("expects no negative 'multiplier' with "
                                "'rounding' ")
                 << stringifyScaleRoundingMode(op.getRounding()) << ", but got "
                 << factor;
    }
  } else if (op.getRounding() != ScaleRoundingMode::Floor) { // c10
    return op.emitOpError("expects a 'multiplier' with 'rounding' ")
           << stringifyScaleRoundingMode(op.getRounding());
  } else if (!op.getThresholds() &&
             !isWholeInt32(gridOf(op.getResult()))) { // c5
    return op.emitOpError("expects a result of storage type i32 with zero "
                          "point 0 where there is no 'multiplier', but got ")
           << gridOf(op.getResult());
  }

  auto weightElement =
      cast<QuantizedType>(tensorType(op.getWeights()).getElementType());
  if (auto perAxis = dyn_cast<UniformQuantizedPerAxisType>(weightElement)) {
    if (perAxis.getQuantizedDimension() != channelAxis) // c7
      return op.emitOpError("expects the scales of 'weights' along dimension ")
             << channelAxis << ", but got dimension "
             << perAxis.getQuantizedDimension();
    int64_t scales = perAxis.getScales().size();
    if (scales != channels) // c7
      return op.emitOpError("expects 'weights' to have one scale a channel (")
             << channels << "), but got " << scales;
  }
  for (auto [what, type] :
       {std::pair<StringRef, QuantizedType>("input", gridOf(op.getInput())),
        {"weights", weightElement}})
    if (type.getStorageTypeIntegralWidth() > 8) // c9
      return op.emitOpError("expects '")
             << what << "' of at most 8 bits, but got " << type;
  unsigned width = gridOf(op.getResult()).getStorageTypeIntegralWidth();
  if (width > 8 && width != 32) // c9
    return op.emitOpError("expects a result of at most 8 bits or of 32, but "
                          "got ")
           << gridOf(op.getResult());
  return verifyZeroPoints(op); // c8
}

//===----------------------------------------------------------------------===//
// Layers with weights
//===----------------------------------------------------------------------===//

LogicalResult Conv2DOp::verify() {
  ArrayRef<int64_t> input = tensorType(getInput()).getShape();
  ArrayRef<int64_t> weights = tensorType(getWeights()).getShape();
  int64_t groups = getGroups(), channels = weights[0];
  if (input[3] % groups != 0 || channels % groups != 0 ||
      weights[3] != input[3] / groups) // conv2d_c1
    return emitOpError("expects 'weights' of shape OC x KH x KW x IC/groups "
                       "with 'groups' dividing IC and OC (IC = ")
           << input[3] << ", groups = " << groups << "), but got [" << weights
           << "]";
  if (failed(verifyWeightedLayer(*this, channels, /*channelAxis=*/0)))
    return failure();
  ArrayRef<int64_t> pad = getPad(), stride = getStride(),
                    dilation = getDilation();
  return verifyShape( // conv2d_c6
      *this, {input[0],
              windowedSize(input[1], pad[0], pad[1], weights[1], stride[0],
                           dilation[0]),
              windowedSize(input[2], pad[2], pad[3], weights[2], stride[1],
                           dilation[1]),
              channels});
}

int64_t Conv2DOp::getMacs() {
  RankedTensorType weights = tensorType(getWeights());
  return tensorType(getResult()).getNumElements() *
         (weights.getNumElements() / weights.getDimSize(0));
}

LogicalResult DepthwiseConv2DOp::verify() {
  ArrayRef<int64_t> input = tensorType(getInput()).getShape();
  ArrayRef<int64_t> weights = tensorType(getWeights()).getShape();
  int64_t channels = weights[2];
  if (channels % input[3] != 0) // depthwise_conv2d_c1
    return emitOpError("expects 'weights' of shape KH x KW x OC with OC a "
                       "multiple of the input channels (")
           << input[3] << "), but got [" << weights << "]";
  if (failed(verifyWeightedLayer(*this, channels, /*channelAxis=*/2)))
    return failure();
  ArrayRef<int64_t> pad = getPad(), stride = getStride(),
                    dilation = getDilation();
  return verifyShape( // depthwise_conv2d_c6
      *this, {input[0],
              windowedSize(input[1], pad[0], pad[1], weights[0], stride[0],
                           dilation[0]),
              windowedSize(input[2], pad[2], pad[3], weights[1], stride[1],
                           dilation[1]),
              channels});
}

int64_t DepthwiseConv2DOp::getMacs() {
  ArrayRef<int64_t> weights = tensorType(getWeights()).getShape();
  return tensorType(getResult()).getNumElements() * weights[0] * weights[1];
}

LogicalResult FullyConnectedOp::verify() {
  ArrayRef<int64_t> input = tensorType(getInput()).getShape();
  ArrayRef<int64_t> weights = tensorType(getWeights()).getShape();
  if (weights[1] != input[1]) // fully_connected_c1
    return emitOpError("expects 'weights' of shape OC x K with K = ")
           << input[1] << ", but got [" << weights << "]";
  if (failed(verifyWeightedLayer(*this, weights[0], /*channelAxis=*/0)))
    return failure();
  return verifyShape(*this, {input[0], weights[0]}); // fully_connected_c6
}

int64_t FullyConnectedOp::getMacs() {
  return tensorType(getResult()).getNumElements() *
         tensorType(getInput()).getDimSize(1);
}

//===----------------------------------------------------------------------===//
// Add, requantize
//===----------------------------------------------------------------------===//

/// The largest |multiplier * (value - zero point)| over the storage range.
static int64_t largestTerm(UniformQuantizedType grid, int64_t multiplier) {
  int64_t low = (grid.getStorageTypeMin() - grid.getZeroPoint()) * multiplier;
  int64_t high = (grid.getStorageTypeMax() - grid.getZeroPoint()) * multiplier;
  return std::max(std::abs(low), std::abs(high));
}

/// add_c1 to add_c5, requantize_c1 to requantize_c5.
static LogicalResult verifyRescaled(Operation *op,
                                    ArrayRef<std::pair<Value, int64_t>> terms,
                                    int64_t offset, int64_t shift) {
  if (failed(verifyZeroPoints(op))) // c5, first: it bounds the products
    return failure();
  Value result = op->getResult(0);
  int64_t bound = offset;
  if (shift < 1 || shift > 31) // c2
    return op->emitOpError("expects 'shift' between 1 and 31, but got ")
           << shift;
  if (offset != 0 && offset != int64_t(1) << (shift - 1)) // c2
    return op->emitOpError("expects 'offset' to be 0 or 2^(shift-1) (")
           << (int64_t(1) << (shift - 1)) << "), but got " << offset;
  if (gridOf(result).getStorageTypeIntegralWidth() > 8) // c3
    return op->emitOpError("expects a result of at most 8 bits, but got ")
           << gridOf(result).getStorageType();
  for (auto [operand, multiplier] : terms) {
    if (tensorType(operand).getShape() != tensorType(result).getShape()) // c1
      return op->emitOpError("expects operands of the result's shape [")
             << tensorType(result).getShape() << "], but got ["
             << tensorType(operand).getShape() << "]";
    if (gridOf(operand).getStorageTypeIntegralWidth() > 8) // c3
      return op->emitOpError("expects operands of at most 8 bits, but got ")
             << gridOf(operand).getStorageType();
    bound += largestTerm(gridOf(operand), multiplier);
  }
  if (bound > std::numeric_limits<int32_t>::max()) // c4
    return op->emitOpError("expects a sum that fits int32, but it reaches ")
           << bound;
  return success();
}

LogicalResult AddOp::verify() {
  return verifyRescaled(*this,
                        {{getLhs(), getLhsMultiplierAttr().getInt()},
                         {getRhs(), getRhsMultiplierAttr().getInt()}},
                        getOffsetAttr().getInt(), getShiftAttr().getInt());
}

Value AddOp::getInPlaceOperand() { return getLhs(); }

LogicalResult RequantizeOp::verify() {
  return verifyRescaled(*this, {{getInput(), getMultiplierAttr().getInt()}},
                        getOffsetAttr().getInt(), getShiftAttr().getInt());
}

Value RequantizeOp::getInPlaceOperand() { return getInput(); }

//===----------------------------------------------------------------------===//
// Pooling
//===----------------------------------------------------------------------===//

template <typename PoolOp> static LogicalResult verifyPool(PoolOp op) {
  RankedTensorType input = tensorType(op.getInput());
  RankedTensorType result = tensorType(op.getResult());
  if (input.getElementType() != result.getElementType() ||
      input.getDimSize(3) != result.getDimSize(3)) // c1
    return op.emitOpError("expects a result with the element type and the "
                          "channels of the input (")
           << input.getElementType() << ", " << input.getDimSize(3)
           << "), but got " << result.getElementType() << ", "
           << result.getDimSize(3);
  if (gridOf(op.getInput()).getStorageTypeIntegralWidth() > 8) // c5
    return op.emitOpError("expects an input of at most 8 bits, but got ")
           << input.getElementType();
  ArrayRef<int64_t> kernel = op.getKernel(), stride = op.getStride(),
                    pad = op.getPad();
  for (auto [index, size] : llvm::enumerate(pad))
    if (size >= kernel[index / 2]) // c3
      return op.emitOpError("expects each pad to be smaller than the kernel [")
             << kernel << "], but got [" << pad << "]";
  if (failed(verifyShape( // c2
          op, {input.getDimSize(0),
               windowedSize(input.getDimSize(1), pad[0], pad[1], kernel[0],
                            stride[0], 1),
               windowedSize(input.getDimSize(2), pad[2], pad[3], kernel[1],
                            stride[1], 1),
               input.getDimSize(3)})))
    return failure();
  return verifyZeroPoints(op); // c4
}

LogicalResult AvgPool2DOp::verify() { return verifyPool(*this); }
LogicalResult MaxPool2DOp::verify() { return verifyPool(*this); }

//===----------------------------------------------------------------------===//
// Concat, pad
//===----------------------------------------------------------------------===//

/// concat_c1, concat_c4 and the like: values are moved, not computed.
static LogicalResult verifyMoved(Operation *op) {
  Value result = op->getResult(0);
  UniformQuantizedType grid = gridOf(result);
  for (Value operand : op->getOperands())
    if (gridOf(operand) != grid) // c1
      return op->emitOpError("expects operands of the result's element type ")
             << grid << ", but got " << gridOf(operand);
  if (grid.getStorageTypeIntegralWidth() > 8) // c4
    return op->emitOpError("expects values of at most 8 bits, but got ")
           << grid.getStorageType();
  return verifyZeroPoints(op); // c5
}

LogicalResult ConcatOp::verify() {
  if (getInputs().empty())
    return emitOpError("expects at least one operand");
  if (failed(verifyMoved(*this)))
    return failure();
  ArrayRef<int64_t> result = tensorType(getResult()).getShape();
  int64_t axis = getAxis(), size = 0;
  if (axis >= static_cast<int64_t>(result.size())) // concat_c2
    return emitOpError("expects 'axis' between 1 and ")
           << static_cast<int64_t>(result.size()) - 1 << ", but got " << axis;
  for (Value operand : getInputs()) {
    SmallVector<int64_t> shape(tensorType(operand).getShape());
    bool hasRank = shape.size() == result.size();
    if (hasRank) {
      size += shape[axis];
      shape[axis] = result[axis];
    }
    if (!hasRank || ArrayRef(shape) != result) // concat_c3
      return emitOpError("expects operands of the result's shape [")
             << result << "] but along 'axis', but got ["
             << tensorType(operand).getShape() << "]";
  }
  if (size != result[axis]) // concat_c3
    return emitOpError("expects operands whose sizes along 'axis' add up to ")
           << result[axis] << ", but got " << size;
  return success();
}

LogicalResult PadOp::verify() {
  if (failed(verifyMoved(*this)))
    return failure();
  SmallVector<int64_t> shape(tensorType(getInput()).getShape());
  for (auto [size, low, high] : llvm::zip_equal(shape, getLow(), getHigh()))
    size += low + high;
  if (getLow()[0] != 0 || getHigh()[0] != 0) // pad_c2
    return emitOpError("expects no padding of the batch");
  if (failed(verifyShape(*this, shape))) // pad_c2
    return failure();
  UniformQuantizedType grid = gridOf(getResult());
  int64_t value = getValueAttr().getInt();
  if (value < grid.getStorageTypeMin() || value > grid.getStorageTypeMax())
    return emitOpError("expects 'value' in the storage range [") // pad_c3
           << grid.getStorageTypeMin() << ", " << grid.getStorageTypeMax()
           << "], but got " << value;
  return success();
}
