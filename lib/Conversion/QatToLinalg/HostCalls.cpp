//===- HostCalls.cpp - layers with weights as calls of host kernels -------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "IntegerElements.h"

#include "qat/Conversion/Passes.h"
#include "qat/Dialect/Qat/IR/Qat.h"
#include "qat/Dialect/Qat/IR/ScaleRounding.h"
#include "qat/Dialect/Qat/IR/StoredWeights.h"
#include "qat/HostKernels/HostKernels.h"
#include "qat/Support/FixedPoint.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/DialectConversion.h"

using namespace mlir;
using namespace mlir::qat;

namespace {
/// The constants of a layer as the packing takes them.
struct Constants {
  std::vector<int16_t> weights;
  SmallVector<int32_t> biases;

  HostLayerParameters getParameters(std::optional<ArrayRef<int32_t>> multiplier,
                                    std::optional<ArrayRef<int8_t>> shift) {
    return {weights, biases, multiplier.value_or(ArrayRef<int32_t>()),
            shift.value_or(ArrayRef<int8_t>())};
  }
};
} // namespace

/// Reads weights (less their zero points) and biases; false where they are not
/// constant, or where the layer compares with thresholds, which the kernels
/// cannot. The channel is axis `channelAxis` of the weights.
template <typename OpTy>
static bool readConstants(OpTy op, unsigned channelAxis, Constants &constants) {
  DenseIntElementsAttr biases;
  ElementsAttr stored = getStoredWeights(op.getWeights());
  if (op.getThresholds() || !stored ||
      !matchPattern(op.getBias(), m_Constant(&biases)))
    return false;
  for (const APInt &bias : biases.getValues<APInt>())
    constants.biases.push_back(bias.getSExtValue());
  quant::QuantizedType type = getQuantizedElement(op.getWeights());
  SmallVector<int64_t> zeroPoints = getZeroPoints(type);
  ArrayRef<int64_t> shape = stored.getShapedType().getShape();
  int64_t inner = 1;
  for (int64_t size : shape.drop_front(channelAxis + 1))
    inner *= size;
  constants.weights.resize(stored.getNumElements());
  return forEachStored(
      stored, type.isSigned(), [&](int64_t index, int64_t value) {
        int64_t channel =
            zeroPoints.size() == 1 ? 0 : index / inner % shape[channelAxis];
        constants.weights[index] = value - zeroPoints[channel];
      });
}

/// What every layer says about its input and its output. `resultType` is the
/// converted one.
template <typename OpTy>
static HostLayer describe(OpTy op, RankedTensorType resultType) {
  HostLayer layer;
  auto input =
      cast<quant::UniformQuantizedType>(getQuantizedElement(op.getInput()));
  auto result =
      cast<quant::UniformQuantizedType>(getQuantizedElement(op.getResult()));
  layer.inputSigned = input.isSigned();
  layer.inputZeroPoint = input.getZeroPoint();
  layer.outputBytes = resultType.getElementTypeBitWidth() / 8;
  layer.low = result.getStorageTypeMin() - result.getZeroPoint();
  layer.high = result.getStorageTypeMax() - result.getZeroPoint();
  layer.zeroPoint = result.getZeroPoint();
  layer.isScaled = op.getMultiplier().has_value();
  layer.rounding = static_cast<int64_t>(getScaleRounding(op.getRounding()));
  return layer;
}

/// Adds the images and the window of a convolution.
template <typename OpTy>
static void describeImages(OpTy op, RankedTensorType resultType,
                           HostLayer &layer) {
  auto inputType = cast<RankedTensorType>(op.getInput().getType());
  layer.batch = inputType.getDimSize(0);
  layer.inputHeight = inputType.getDimSize(1);
  layer.inputWidth = inputType.getDimSize(2);
  layer.inputChannels = inputType.getDimSize(3);
  layer.outputHeight = resultType.getDimSize(1);
  layer.outputWidth = resultType.getDimSize(2);
  layer.outputChannels = resultType.getDimSize(3);
  layer.strideHeight = op.getStride()[0];
  layer.strideWidth = op.getStride()[1];
  layer.dilationHeight = op.getDilation()[0];
  layer.dilationWidth = op.getDilation()[1];
  layer.padTop = op.getPad()[0];
  layer.padLeft = op.getPad()[2];
}

template <typename T>
static Value buildConstant(ImplicitLocOpBuilder &b, ArrayRef<T> values) {
  auto type = RankedTensorType::get(static_cast<int64_t>(values.size()),
                                    b.getIntegerType(sizeof(T) * 8));
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, values));
}

/// The call that computes `packed` from `input`.
static Value buildCall(ImplicitLocOpBuilder &b, StringRef name, HostIsa isa,
                       const PackedHostLayer &packed, Value input,
                       RankedTensorType resultType) {
  Value weights = buildConstant<int8_t>(b, packed.weights);
  Value channels = buildConstant<int32_t>(b, packed.channels);
  Value layer = buildConstant<int64_t>(b, packed.getLayerWords());
  Value init = tensor::EmptyOp::create(b, resultType.getShape(),
                                       resultType.getElementType());
  std::string kernel =
      (Twine("qat_host_") + name + "_" + stringifyHostIsa(isa) +
       (packed.layer.outputBytes == 4 ? "_i32" : ""))
          .str();
  return HostCallOp::create(b, kernel, input, weights, channels, layer, init,
                            packed.scratchBytes)
      .getResult();
}

namespace {
/// A pattern that knows the instruction set.
template <typename OpTy> struct CallKernel : OpConversionPattern<OpTy> {
  CallKernel(const TypeConverter &converter, MLIRContext *context, HostIsa isa)
      : OpConversionPattern<OpTy>(converter, context, /*benefit=*/2), isa(isa) {
  }

  RankedTensorType getResultType(OpTy op) const {
    return cast<RankedTensorType>(
        this->getTypeConverter()->convertType(op.getType()));
  }

  LogicalResult replace(OpTy op, typename OpTy::Adaptor adaptor,
                        const std::optional<PackedHostLayer> &packed,
                        StringRef name,
                        ConversionPatternRewriter &rewriter) const {
    if (!packed)
      return rewriter.notifyMatchFailure(op, "no kernel serves the layer");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    rewriter.replaceOp(op, buildCall(b, name, isa, *packed, adaptor.getInput(),
                                     getResultType(op)));
    return success();
  }

  HostIsa isa;
};

struct CallConv2D : CallKernel<Conv2DOp> {
  using CallKernel::CallKernel;

  LogicalResult
  matchAndRewrite(Conv2DOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Constants constants;
    if (!readConstants(op, /*channelAxis=*/0, constants))
      return rewriter.notifyMatchFailure(
          op, "thresholds, or parameters that are not constant");
    HostLayer layer = describe(op, getResultType(op));
    describeImages(op, getResultType(op), layer);
    auto weights = cast<RankedTensorType>(op.getWeights().getType());
    layer.kernelHeight = weights.getDimSize(1);
    layer.kernelWidth = weights.getDimSize(2);
    layer.groups = op.getGroups();
    return replace(op, adaptor,
                   packHostConv2D(isa, layer,
                                  constants.getParameters(op.getMultiplier(),
                                                          op.getShift())),
                   "conv2d", rewriter);
  }
};

struct CallDepthwiseConv2D : CallKernel<DepthwiseConv2DOp> {
  using CallKernel::CallKernel;

  LogicalResult
  matchAndRewrite(DepthwiseConv2DOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Constants constants;
    if (!readConstants(op, /*channelAxis=*/2, constants))
      return rewriter.notifyMatchFailure(
          op, "thresholds, or parameters that are not constant");
    HostLayer layer = describe(op, getResultType(op));
    describeImages(op, getResultType(op), layer);
    auto weights = cast<RankedTensorType>(op.getWeights().getType());
    layer.kernelHeight = weights.getDimSize(0);
    layer.kernelWidth = weights.getDimSize(1);
    return replace(
        op, adaptor,
        packHostDepthwiseConv2D(
            isa, layer,
            constants.getParameters(op.getMultiplier(), op.getShift())),
        "depthwise_conv2d", rewriter);
  }
};

/// A batch of rows is a line of pixels.
struct CallFullyConnected : CallKernel<FullyConnectedOp> {
  using CallKernel::CallKernel;

  LogicalResult
  matchAndRewrite(FullyConnectedOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Constants constants;
    if (!readConstants(op, /*channelAxis=*/0, constants))
      return rewriter.notifyMatchFailure(
          op, "thresholds, or parameters that are not constant");
    HostLayer layer = describe(op, getResultType(op));
    auto inputType = cast<RankedTensorType>(op.getInput().getType());
    layer.inputWidth = layer.outputWidth = inputType.getDimSize(0);
    layer.inputChannels = inputType.getDimSize(1);
    layer.outputChannels = getResultType(op).getDimSize(1);
    return replace(op, adaptor,
                   packHostConv2D(isa, layer,
                                  constants.getParameters(op.getMultiplier(),
                                                          op.getShift())),
                   "conv2d", rewriter);
  }
};
} // namespace

void mlir::qat::populateQatToHostKernelPatterns(const TypeConverter &converter,
                                                RewritePatternSet &patterns,
                                                HostIsa isa) {
  patterns.add<CallConv2D, CallDepthwiseConv2D, CallFullyConnected>(
      converter, patterns.getContext(), isa);
}
