//===- WeightedLayers.cpp - integer convolutions and dense layers as loops ===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntegerElements.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Dialect/Qat/IR/StoredWeights.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/DialectConversion.h"

#include <limits>

using namespace mlir;
using namespace mlir::qat;

using utils::IteratorType;

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

/// The weights minus their zero points as `type`, with the dimensions in the
/// order `order`. `channelAxis` is the dimension of per-channel zero points.
/// `original` is the quantized tensor, `converted` its storage.
static Value buildWeights(ImplicitLocOpBuilder &b, Value original,
                          Value converted, IntegerType type,
                          ArrayRef<int64_t> order, int64_t channelAxis) {
  quant::QuantizedType quantized = getQuantizedElement(original);
  SmallVector<int64_t> zeroPoints = getZeroPoints(quantized);
  auto source = cast<RankedTensorType>(converted.getType());
  int64_t rank = source.getRank();
  SmallVector<int64_t> shape;
  for (int64_t axis : order)
    shape.push_back(source.getDimSize(axis));
  auto resultType = RankedTensorType::get(shape, type);

  if (ElementsAttr constant = getStoredWeights(original)) {
    // The stride in the result of each dimension of the source.
    SmallVector<int64_t> strides(rank);
    int64_t stride = 1;
    for (int64_t axis : llvm::reverse(order)) {
      strides[axis] = stride;
      stride *= source.getDimSize(axis);
    }
    SmallVector<int64_t> index(rank, 0);
    std::vector<int64_t> folded(source.getNumElements());
    bool known = forEachStored(
        constant, quantized.isSigned(), [&](int64_t, int64_t stored) {
          int64_t target = 0;
          for (int64_t axis = 0; axis < rank; ++axis)
            target += index[axis] * strides[axis];
          folded[target] =
              stored -
              zeroPoints[zeroPoints.size() == 1 ? 0 : index[channelAxis]];
          for (int64_t axis = rank - 1;
               axis >= 0 && ++index[axis] == source.getDimSize(axis); --axis)
            index[axis] = 0;
        });
    if (known) {
      if (type.getWidth() == 64)
        return arith::ConstantOp::create(
            b, DenseElementsAttr::get(resultType, ArrayRef<int64_t>(folded)));
      std::vector<int16_t> narrow(folded.begin(), folded.end());
      return arith::ConstantOp::create(
          b, DenseElementsAttr::get(resultType, ArrayRef<int16_t>(narrow)));
    }
  }

  // The map from the result's index to the source's.
  SmallVector<AffineExpr> sourceIndex(rank);
  for (auto [position, axis] : llvm::enumerate(order))
    sourceIndex[axis] = b.getAffineDimExpr(position);
  AffineMap sourceMap = AffineMap::get(rank, 0, sourceIndex, b.getContext());
  if (zeroPoints.size() == 1)
    return mapElements(b, converted, {sourceMap}, resultType,
                       [&](ImplicitLocOpBuilder &e, ValueRange v) {
                         return buildDifference(e, v[0], quantized,
                                                zeroPoints[0], type);
                       });
  SmallVector<APInt> values;
  for (int64_t zeroPoint : zeroPoints)
    values.emplace_back(type.getWidth(), zeroPoint, /*isSigned=*/true);
  Value offsets = arith::ConstantOp::create(
      b, DenseElementsAttr::get(RankedTensorType::get(zeroPoints.size(), type),
                                values));
  return mapElements(
      b, {converted, offsets},
      {sourceMap, AffineMap::get(rank, 0, sourceIndex[channelAxis])},
      resultType, [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
        return arith::SubIOp::create(
            e, buildDifference(e, v[0], quantized, 0, type), v[1]);
      });
}

//===----------------------------------------------------------------------===//
// Accumulation and requantization
//===----------------------------------------------------------------------===//

/// i32 where every partial sum of `terms` products fits it, by the operation's
/// word or by the storage ranges alone; else i64.
template <typename OpTy>
static IntegerType getAccumulatorType(OpTy op, int64_t terms) {
  int64_t input = getMaxMagnitude(getQuantizedElement(op.getInput()));
  int64_t weight = getMaxMagnitude(getQuantizedElement(op.getWeights()));
  int64_t product, sum;
  bool fits = !llvm::MulOverflow(input, weight, product) &&
              !llvm::MulOverflow(product, terms, sum) &&
              sum <= std::numeric_limits<int32_t>::max();
  bool narrow = op.getAccumulatorBits() == 32 || fits;
  return IntegerType::get(op.getContext(), narrow ? 32 : 64);
}

/// The differences of both operands take one type.
template <typename OpTy> static IntegerType getOperandType(OpTy op) {
  IntegerType input = getDifferenceType(getQuantizedElement(op.getInput()));
  IntegerType weight = getDifferenceType(getQuantizedElement(op.getWeights()));
  return input.getWidth() > weight.getWidth() ? input : weight;
}

/// acc + x * w; the product of two i16 fits i32.
static Value buildMultiplyAccumulate(ImplicitLocOpBuilder &b, ValueRange v) {
  Type product =
      v[0].getType().isInteger(16) ? b.getI32Type() : Type(b.getI64Type());
  Value p = arith::MulIOp::create(b, extend(b, v[0], product),
                                  extend(b, v[1], product));
  Type accumulator = v[2].getType();
  if (accumulator.getIntOrFloatBitWidth() < product.getIntOrFloatBitWidth())
    p = arith::TruncIOp::create(b, accumulator, p);
  return arith::AddIOp::create(b, v[2], extend(b, p, accumulator));
}

/// Per-channel parameters as a constant tensor; null for a single one.
template <typename T>
static Value buildChannelConstant(ImplicitLocOpBuilder &b, ArrayRef<T> values) {
  if (values.size() == 1)
    return {};
  return arith::ConstantOp::create(
      b,
      DenseElementsAttr::get(
          RankedTensorType::get(values.size(), b.getIntegerType(sizeof(T) * 8)),
          values));
}

/// clamp((((acc + bias) * multiplier) >> shift) + zero point, storage range),
/// or clamp(acc + bias, int32) without a multiplier. With an i32 accumulator
/// the sum is below 2^32 and the product fits i64; with an i64 one it takes
/// i128. Channels are the last dimension of `accumulator`.
template <typename OpTy>
static Value buildRequantized(ImplicitLocOpBuilder &b, OpTy op,
                              Value accumulator, Value bias,
                              RankedTensorType resultType) {
  auto quantized =
      cast<quant::UniformQuantizedType>(getQuantizedElement(op.getResult()));
  Type i64 = b.getI64Type();
  // Rounding adds up to 2^61 more, which leaves room for a sum of 32 bits that
  // includes the bias.
  bool rounds = op.getRounding() != ScaleRoundingMode::Floor;
  bool isNarrow = getElementTypeOrSelf(accumulator.getType()).isInteger(32) &&
                  (!rounds || op.getAccumulatorBits() == 32);
  Type wide = isNarrow ? i64 : b.getIntegerType(128);
  int64_t rank = resultType.getRank();
  AffineMap channel = getAxesMap(b.getContext(), rank, rank - 1);
  SmallVector<Value> inputs = {accumulator, bias};
  SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(rank), channel};

  std::optional<ArrayRef<int32_t>> multipliers = op.getMultiplier();
  std::optional<ArrayRef<int8_t>> shifts = op.getShift();
  unsigned multiplierInput = 0, shiftInput = 0;
  if (multipliers) {
    if (Value constant = buildChannelConstant(b, *multipliers)) {
      multiplierInput = inputs.size();
      inputs.push_back(constant);
      maps.push_back(channel);
    }
    if (Value constant = buildChannelConstant(b, *shifts)) {
      shiftInput = inputs.size();
      inputs.push_back(constant);
      maps.push_back(channel);
    }
  }
  return mapElements(
      b, inputs, maps, resultType,
      [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
        Value sum = arith::AddIOp::create(e, extend(e, v[0], i64),
                                          extend(e, v[1], i64));
        if (!multipliers)
          return buildStored(e, sum, quantized, resultType.getElementType());
        Value multiplier = multiplierInput
                               ? extend(e, v[multiplierInput], wide)
                               : buildScalar(e, wide, multipliers->front());
        Value shift = shiftInput ? extend(e, v[shiftInput], wide)
                                 : buildScalar(e, wide, shifts->front());
        Value scaled = buildRoundedScale(e, extend(e, sum, wide), multiplier,
                                         shift, op.getRounding());
        return buildStored(e, scaled, quantized, resultType.getElementType());
      });
}

/// The number of thresholds that each accumulator passes, plus the storage
/// minimum: a binary search in the channel's row, unrolled.
template <typename OpTy>
static Value buildCompared(ImplicitLocOpBuilder &b, OpTy op, Value accumulator,
                           RankedTensorType resultType) {
  DenseIntElementsAttr constant;
  matchPattern(op.getThresholds(), m_Constant(&constant)); // verified
  int64_t channels = constant.getType().getDimSize(0);
  int64_t levels = constant.getType().getDimSize(1);
  // Rows are filled up to 2^n - 1 elements: no step of the search leaves them.
  int64_t width = llvm::NextPowerOf2(levels) - 1;
  std::vector<int32_t> values;
  values.reserve(channels * width);
  for (int32_t value : constant.template getValues<int32_t>()) {
    values.push_back(value);
    if (static_cast<int64_t>(values.size()) % width == levels)
      values.resize(values.size() + width - levels,
                    std::numeric_limits<int32_t>::max());
  }
  Value table = arith::ConstantOp::create(
      b, DenseElementsAttr::get(
             RankedTensorType::get({channels, width}, b.getI32Type()),
             ArrayRef(values)));

  int64_t rank = resultType.getRank();
  SmallVector<Value> inputs = {accumulator};
  SmallVector<AffineMap> maps = {b.getMultiDimIdentityMap(rank)};
  if (std::optional<ArrayRef<bool>> falling = op.getFalling()) {
    SmallVector<int32_t> masks;
    for (bool falls : *falling)
      masks.push_back(falls ? -1 : 0);
    inputs.push_back(arith::ConstantOp::create(
        b,
        DenseElementsAttr::get(RankedTensorType::get(channels, b.getI32Type()),
                               ArrayRef(masks))));
    maps.push_back(getAxesMap(b.getContext(), rank, rank - 1));
  }
  auto quantized =
      cast<quant::UniformQuantizedType>(getQuantizedElement(op.getResult()));
  return mapElements(
      b, inputs, maps, resultType,
      [&](ImplicitLocOpBuilder &e, ValueRange v) -> Value {
        Value acc = v[0];
        if (acc.getType().isInteger(64)) {
          auto limit = [&](int64_t value) {
            return buildScalar(e, acc.getType(), value);
          };
          acc = arith::MaxSIOp::create(
              e, acc, limit(std::numeric_limits<int32_t>::min()));
          acc = arith::MinSIOp::create(
              e, acc, limit(std::numeric_limits<int32_t>::max()));
          acc = arith::TruncIOp::create(e, e.getI32Type(), acc);
        }
        if (op.getFalling())
          acc = arith::XOrIOp::create(e, acc, v[1]);
        Value channel = linalg::IndexOp::create(e, rank - 1);
        auto index = [&](int64_t value) -> Value {
          return arith::ConstantIndexOp::create(e, value);
        };
        Value passed = index(0);
        for (int64_t step = (width + 1) / 2; step > 0; step /= 2) {
          Value place = arith::AddIOp::create(e, passed, index(step - 1));
          Value threshold =
              tensor::ExtractOp::create(e, table, ValueRange{channel, place});
          Value passes = arith::CmpIOp::create(e, arith::CmpIPredicate::sge,
                                               acc, threshold);
          Value next = arith::AddIOp::create(e, passed, index(step));
          passed = arith::SelectOp::create(e, passes, next, passed);
        }
        Value count = arith::IndexCastOp::create(e, e.getI32Type(), passed);
        // The largest accumulator passes what rows are filled up with, too.
        if (width != levels)
          count = arith::MinSIOp::create(
              e, count, buildScalar(e, e.getI32Type(), levels));
        if (int64_t minimum = quantized.getStorageTypeMin())
          count = arith::AddIOp::create(
              e, count, buildScalar(e, e.getI32Type(), minimum));
        return arith::TruncIOp::create(e, resultType.getElementType(), count);
      });
}

/// The second half of a layer: accumulators to stored results.
template <typename OpTy>
static Value buildFinished(ImplicitLocOpBuilder &b, OpTy op, Value accumulator,
                           Value bias, RankedTensorType resultType) {
  if (op.getThresholds())
    return buildCompared(b, op, accumulator, resultType);
  return buildRequantized(b, op, accumulator, bias, resultType);
}

static Value buildZeros(ImplicitLocOpBuilder &b, ArrayRef<int64_t> shape,
                        Type type) {
  return buildFilled(b, RankedTensorType::get(shape, type),
                     buildScalar(b, type, 0));
}

namespace {
//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

/// conv2d: loops n, oh, ow, kh, kw, ic, oc over NHWC input and HWIO weights;
/// with groups one loop more, g, and all channels split into (g, channel).
struct LowerConv2D : OpConversionPattern<Conv2DOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(Conv2DOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto resultType =
        cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    auto weightType = cast<RankedTensorType>(op.getWeights().getType());
    int64_t kernelHeight = weightType.getDimSize(1);
    int64_t kernelWidth = weightType.getDimSize(2);
    int64_t groupChannels = weightType.getDimSize(3);
    IntegerType operandType = getOperandType(op);
    IntegerType accumulatorType =
        getAccumulatorType(op, kernelHeight * kernelWidth * groupChannels);

    auto inputElement =
        cast<quant::UniformQuantizedType>(getQuantizedElement(op.getInput()));
    Value input =
        buildPadded(b, adaptor.getInput(), inputElement,
                    inputElement.getZeroPoint(), op.getPad(), operandType, 0);
    Value weights =
        buildWeights(b, op.getWeights(), adaptor.getWeights(), operandType,
                     /*order=*/{1, 2, 3, 0}, /*channelAxis=*/0);

    int64_t groups = op.getGroups();
    SmallVector<int64_t> shape(resultType.getShape());
    AffineExpr n, oh, ow, kh, kw, g, ic, oc;
    bindDims(getContext(), n, oh, ow, kh, kw, g, ic, oc);
    ArrayRef<int64_t> stride = op.getStride(), dilation = op.getDilation();
    AffineExpr ih = oh * stride[0] + kh * dilation[0];
    AffineExpr iw = ow * stride[1] + kw * dilation[1];
    SmallVector<IteratorType> iterators(8, IteratorType::parallel);
    iterators[3] = iterators[4] = iterators[6] = IteratorType::reduction;
    SmallVector<AffineMap> maps;
    if (groups == 1) {
      iterators.pop_back();
      bindDims(getContext(), n, oh, ow, kh, kw, ic, oc);
      iterators[5] = IteratorType::reduction;
      iterators[6] = IteratorType::parallel;
      maps = AffineMap::inferFromExprList({ArrayRef<AffineExpr>{n, ih, iw, ic},
                                           {kh, kw, ic, oc},
                                           {n, oh, ow, oc}},
                                          getContext());
    } else {
      int64_t groupFilters = weightType.getDimSize(0) / groups;
      input = splitLast(b, input, groups);
      // HW I (G O): the filters of a group are contiguous.
      weights = splitLast(b, weights, groups);
      shape.back() = groups;
      shape.push_back(groupFilters);
      maps =
          AffineMap::inferFromExprList({ArrayRef<AffineExpr>{n, ih, iw, g, ic},
                                        {kh, kw, ic, g, oc},
                                        {n, oh, ow, g, oc}},
                                       getContext());
    }
    Value accumulator =
        buildLoops(b, {input, weights}, buildZeros(b, shape, accumulatorType),
                   maps, iterators, buildMultiplyAccumulate);
    if (groups != 1)
      accumulator = mergeLast(b, accumulator);
    rewriter.replaceOp(
        op, buildFinished(b, op, accumulator, adaptor.getBias(), resultType));
    return success();
  }

private:
  static SmallVector<ReassociationIndices> getSplit(int64_t rank) {
    SmallVector<ReassociationIndices> groups;
    for (int64_t axis = 0; axis < rank; ++axis)
      groups.push_back({axis});
    groups.back().push_back(rank);
    return groups;
  }
  /// [.., groups * c] -> [.., groups, c].
  static Value splitLast(ImplicitLocOpBuilder &b, Value value, int64_t groups) {
    auto type = cast<RankedTensorType>(value.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape.push_back(shape.back() / groups);
    shape[shape.size() - 2] = groups;
    return tensor::ExpandShapeOp::create(
        b, RankedTensorType::get(shape, type.getElementType()), value,
        getSplit(type.getRank()));
  }
  static Value mergeLast(ImplicitLocOpBuilder &b, Value value) {
    int64_t rank = cast<RankedTensorType>(value.getType()).getRank();
    return tensor::CollapseShapeOp::create(b, value, getSplit(rank - 1));
  }
};

/// depthwise_conv2d: loops n, oh, ow, kh, kw, c (and m, the outputs of one
/// input channel, where there are more than one).
struct LowerDepthwiseConv2D : OpConversionPattern<DepthwiseConv2DOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(DepthwiseConv2DOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto resultType =
        cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    auto weightType = cast<RankedTensorType>(op.getWeights().getType());
    IntegerType operandType = getOperandType(op);
    IntegerType accumulatorType = getAccumulatorType(
        op, weightType.getDimSize(0) * weightType.getDimSize(1));

    auto inputElement =
        cast<quant::UniformQuantizedType>(getQuantizedElement(op.getInput()));
    Value input =
        buildPadded(b, adaptor.getInput(), inputElement,
                    inputElement.getZeroPoint(), op.getPad(), operandType, 0);
    Value weights =
        buildWeights(b, op.getWeights(), adaptor.getWeights(), operandType,
                     /*order=*/{0, 1, 2}, /*channelAxis=*/2);

    int64_t channels =
        cast<RankedTensorType>(input.getType()).getShape().back();
    int64_t perChannel = weightType.getDimSize(2) / channels;
    SmallVector<int64_t> shape(resultType.getShape());
    AffineExpr n, oh, ow, kh, kw, c, m;
    bindDims(getContext(), n, oh, ow, kh, kw, c, m);
    ArrayRef<int64_t> stride = op.getStride(), dilation = op.getDilation();
    AffineExpr ih = oh * stride[0] + kh * dilation[0];
    AffineExpr iw = ow * stride[1] + kw * dilation[1];
    SmallVector<IteratorType> iterators(6, IteratorType::parallel);
    iterators[3] = iterators[4] = IteratorType::reduction;
    SmallVector<AffineMap> maps;
    if (perChannel == 1) {
      maps = AffineMap::inferFromExprList(
          {ArrayRef<AffineExpr>{n, ih, iw, c}, {kh, kw, c}, {n, oh, ow, c}},
          getContext());
    } else {
      weights = tensor::ExpandShapeOp::create(
          b,
          RankedTensorType::get({weightType.getDimSize(0),
                                 weightType.getDimSize(1), channels,
                                 perChannel},
                                operandType),
          weights, ArrayRef<ReassociationIndices>{{0}, {1}, {2, 3}});
      shape.back() = channels;
      shape.push_back(perChannel);
      iterators.push_back(IteratorType::parallel);
      maps = AffineMap::inferFromExprList({ArrayRef<AffineExpr>{n, ih, iw, c},
                                           {kh, kw, c, m},
                                           {n, oh, ow, c, m}},
                                          getContext());
    }
    Value accumulator =
        buildLoops(b, {input, weights}, buildZeros(b, shape, accumulatorType),
                   maps, iterators, buildMultiplyAccumulate);
    if (perChannel != 1)
      accumulator = tensor::CollapseShapeOp::create(
          b, accumulator,
          ArrayRef<ReassociationIndices>{{0}, {1}, {2}, {3, 4}});
    rewriter.replaceOp(
        op, buildFinished(b, op, accumulator, adaptor.getBias(), resultType));
    return success();
  }
};

/// fully_connected: loops n, k, oc over transposed weights.
struct LowerFullyConnected : OpConversionPattern<FullyConnectedOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(FullyConnectedOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto resultType =
        cast<RankedTensorType>(getTypeConverter()->convertType(op.getType()));
    auto inputType = cast<RankedTensorType>(op.getInput().getType());
    IntegerType operandType = getOperandType(op);
    IntegerType accumulatorType =
        getAccumulatorType(op, inputType.getDimSize(1));
    auto inputElement =
        cast<quant::UniformQuantizedType>(getQuantizedElement(op.getInput()));
    Value input = mapElements(
        b, adaptor.getInput(),
        RankedTensorType::get(inputType.getShape(), operandType),
        [&](ImplicitLocOpBuilder &e, ValueRange v) {
          return buildDifference(e, v[0], inputElement,
                                 inputElement.getZeroPoint(), operandType);
        });
    Value weights =
        buildWeights(b, op.getWeights(), adaptor.getWeights(), operandType,
                     /*order=*/{1, 0}, /*channelAxis=*/0);
    AffineExpr n, k, oc;
    bindDims(getContext(), n, k, oc);
    Value accumulator = buildLoops(
        b, {input, weights},
        buildZeros(b, resultType.getShape(), accumulatorType),
        AffineMap::inferFromExprList(
            {ArrayRef<AffineExpr>{n, k}, {k, oc}, {n, oc}}, getContext()),
        {IteratorType::parallel, IteratorType::reduction,
         IteratorType::parallel},
        buildMultiplyAccumulate);
    rewriter.replaceOp(
        op, buildFinished(b, op, accumulator, adaptor.getBias(), resultType));
    return success();
  }
};
} // namespace

void mlir::qat::populateWeightedLayerPatterns(const TypeConverter &converter,
                                              RewritePatternSet &patterns) {
  patterns.add<LowerConv2D, LowerDepthwiseConv2D, LowerFullyConnected>(
      converter, patterns.getContext());
}
