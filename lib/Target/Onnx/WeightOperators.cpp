//===- WeightOperators.cpp - convolutions and dense layers ----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Operators.h"
#include "Window.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/Twine.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat::onnx;

/// Refuses a bias that is not one value an output channel.
static LogicalResult checkBias(NodeContext &node, const Constant &bias,
                               int64_t channels) {
  if (bias.dims.size() == 1 && bias.dims[0] == channels)
    return success();
  return node.refuse("its bias has the shape " + formatShape(bias.dims) +
                     "; expected " + Twine(channels));
}

/// The bias parameter, or constant zeros.
static Value makeBias(NodeContext &node, const std::vector<float> &bias,
                      int64_t channels) {
  if (bias.empty())
    return node.emit().zeros(node.loc(), channels);
  return node.parameter(node.layer(), "bias", {channels}, bias);
}

/// Gives the result of `conv` to the node; `value` is what the next layers read
/// of it.
static LogicalResult resultOfLayer(NodeContext &node, Operation *conv,
                                   Value value, ArrayRef<int64_t> shape,
                                   bool hasBias) {
  Data data;
  data.value = value;
  data.shape.assign(shape.begin(), shape.end());
  data.layer = node.layer().str();
  data.biasFree = hasBias ? nullptr : conv;
  return node.result(std::move(data));
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

/// OIHW to OHWI.
static std::vector<float> toOHWI(const std::vector<float> &values,
                                 int64_t outputs, int64_t inputs,
                                 int64_t pixels) {
  std::vector<float> result;
  result.reserve(values.size());
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t pixel = 0; pixel < pixels; ++pixel)
      for (int64_t i = 0; i < inputs; ++i)
        result.push_back(values[(o * inputs + i) * pixels + pixel]);
  return result;
}

/// (C*M)x1xHxW to HxWxCxM: the output channels keep their order.
static std::vector<float> toHWCM(const std::vector<float> &values,
                                 int64_t outputs, int64_t pixels) {
  std::vector<float> result;
  result.reserve(values.size());
  for (int64_t pixel = 0; pixel < pixels; ++pixel)
    for (int64_t o = 0; o < outputs; ++o)
      result.push_back(values[o * pixels + pixel]);
  return result;
}

LogicalResult qat::onnx::importConv(NodeContext &node) {
  FailureOr<Data> input = node.image(0);
  if (failed(input))
    return failure();
  FailureOr<const Constant *> weight = node.reals(1, "weight");
  if (failed(weight))
    return failure();
  int64_t groups = 1;
  if (failed(node.read("group", groups)))
    return failure();
  ArrayRef<int64_t> dims = (*weight)->dims;
  int64_t inputs = input->shape[1];
  if (dims.size() != 4 || (*weight)->floats.empty())
    return node.refuse("its weight has the shape " + formatShape(dims) +
                       "; a 2-D convolution needs four dimensions");
  int64_t outputs = dims[0];
  if (groups < 1 || inputs % groups != 0 || outputs % groups != 0)
    return node.refuse(Twine(groups) + " groups do not divide " +
                       Twine(inputs) + " input and " + Twine(outputs) +
                       " output channels");
  if (dims[1] != inputs / groups)
    return node.refuse("its weight has the shape " + formatShape(dims) +
                       ", which does not fit " + Twine(inputs) +
                       " input channels in " + Twine(groups) + " groups");
  bool isDepthwise = groups == inputs && groups > 1;
  if (groups > 1 && !isDepthwise)
    return node.refuse("grouped convolutions other than depthwise are not "
                       "supported (" +
                       Twine(groups) + " groups of " + Twine(inputs / groups) +
                       " channels)");
  std::vector<int64_t> kernel = {dims[2], dims[3]};
  if (failed(node.read("kernel_shape", kernel)))
    return failure();
  if (kernel != std::vector<int64_t>{dims[2], dims[3]})
    return node.refuse("its kernel_shape " + formatShape(kernel) +
                       " is not that of its weight, " + formatShape(dims));
  std::vector<float> bias;
  if (node.has(2)) {
    FailureOr<const Constant *> constant = node.reals(2, "bias");
    if (failed(constant) || failed(checkBias(node, **constant, outputs)))
      return failure();
    bias = (*constant)->floats;
  }
  FailureOr<Window> window = readWindow(node, {dims[2], dims[3]}, *input);
  if (failed(window) || failed(node.checkAllRead(3)))
    return failure();

  Emitter &emit = node.emit();
  Value image = cropToWindows(node, *window, *input);
  SmallVector<int64_t, 4> shape = {input->shape[0], outputs, window->output[0],
                                   window->output[1]};
  RankedTensorType type = emit.type({shape[0], shape[2], shape[3], shape[1]});
  int64_t pixels = dims[2] * dims[3];
  const std::vector<float> &values = (*weight)->floats;
  Value weights =
      isDepthwise ? node.parameter(node.layer(), "weight",
                                   {dims[2], dims[3], inputs, outputs / inputs},
                                   toHWCM(values, outputs, pixels))
                  : node.parameter(node.layer(), "weight",
                                   {outputs, dims[2], dims[3], inputs},
                                   toOHWI(values, outputs, inputs, pixels));
  Value biases = makeBias(node, bias, outputs);
  Value zeroPoint = emit.zeros(node.loc(), 1);
  Type accumulator = node.builder().getF32Type();
  Operation *conv;
  if (isDepthwise)
    conv = tosa::DepthwiseConv2DOp::create(
        node.builder(), node.loc(), type, image, weights, biases, zeroPoint,
        zeroPoint, window->pad, window->stride, window->dilation, accumulator);
  else
    conv = tosa::Conv2DOp::create(
        node.builder(), node.loc(), type, image, weights, biases, zeroPoint,
        zeroPoint, window->pad, window->stride, window->dilation, accumulator);
  return resultOfLayer(node, conv, conv->getResult(0), shape, !bias.empty());
}

//===----------------------------------------------------------------------===//
// Dense layers
//===----------------------------------------------------------------------===//

/// A dense layer as a 1x1 convolution. `weights` is outputs x inputs in the
/// model's order of columns.
static LogicalResult makeDense(NodeContext &node, const Data &input,
                               std::vector<float> weights, int64_t outputs,
                               const std::vector<float> &bias) {
  int64_t batch = input.shape[0], inputs = input.shape[1];
  if (input.columns) {
    std::vector<int64_t> order = columnOrder(*input.columns);
    std::vector<float> permuted;
    permuted.reserve(weights.size());
    for (int64_t row = 0; row < outputs; ++row)
      for (int64_t column : order)
        permuted.push_back(weights[row * inputs + column]);
    weights = std::move(permuted);
  }
  Emitter &emit = node.emit();
  Value image = emit.reshape(node.loc(), input.value, {batch, 1, 1, inputs});
  Value weight =
      node.parameter(node.layer(), "weight", {outputs, 1, 1, inputs}, weights);
  Value biases = makeBias(node, bias, outputs);
  Value zeroPoint = emit.zeros(node.loc(), 1);
  auto conv = tosa::Conv2DOp::create(
      node.builder(), node.loc(), emit.type({batch, 1, 1, outputs}), image,
      weight, biases, zeroPoint, zeroPoint, ArrayRef<int64_t>{0, 0, 0, 0},
      ArrayRef<int64_t>{1, 1}, ArrayRef<int64_t>{1, 1},
      node.builder().getF32Type());
  Value matrix = emit.reshape(node.loc(), conv, {batch, outputs});
  return resultOfLayer(node, conv, matrix, {batch, outputs}, !bias.empty());
}

/// The constant `weight`, inputs x outputs or the other way round, as
/// outputs x inputs, times `factor`.
static FailureOr<std::vector<float>>
readDenseWeights(NodeContext &node, const Data &input, const Constant &weight,
                 bool isTransposed, float factor, int64_t &outputs) {
  int64_t inputs = input.shape[1];
  ArrayRef<int64_t> dims = weight.dims;
  if (dims.size() != 2 || weight.floats.empty() ||
      dims[isTransposed ? 1 : 0] != inputs)
    return node.refuse("its weight has the shape " + formatShape(dims) +
                       ", which does not fit an input of " +
                       formatShape(input.shape));
  outputs = dims[isTransposed ? 0 : 1];
  std::vector<float> values;
  values.reserve(weight.floats.size());
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t i = 0; i < inputs; ++i)
      values.push_back(
          factor *
          weight.floats[isTransposed ? o * inputs + i : i * outputs + o]);
  return values;
}

LogicalResult qat::onnx::importGemm(NodeContext &node) {
  FailureOr<Data> input = node.matrix(0);
  if (failed(input))
    return failure();
  FailureOr<const Constant *> weight = node.reals(1, "weight");
  float alpha = 1, beta = 1;
  int64_t transA = 0, transB = 0;
  if (failed(weight) || failed(node.read("alpha", alpha)) ||
      failed(node.read("beta", beta)) || failed(node.read("transA", transA)) ||
      failed(node.read("transB", transB)) || failed(node.checkAllRead(3)))
    return failure();
  if (transA != 0)
    return node.refuse("transA is not supported");
  int64_t outputs = 0;
  FailureOr<std::vector<float>> weights =
      readDenseWeights(node, *input, **weight, transB != 0, alpha, outputs);
  if (failed(weights))
    return failure();
  std::vector<float> bias;
  if (node.has(2)) {
    FailureOr<const Constant *> constant = node.reals(2, "bias");
    if (failed(constant))
      return failure();
    std::optional<std::vector<float>> values =
        onePerChannel(**constant, {input->shape[0], outputs});
    if (!values)
      return node.refuse(
          "its bias has the shape " + formatShape((*constant)->dims) +
          "; expected one value for each of " + Twine(outputs) + " outputs");
    bias = std::move(*values);
    for (float &value : bias)
      value *= beta;
  }
  return makeDense(node, *input, std::move(*weights), outputs, bias);
}

LogicalResult qat::onnx::importMatMul(NodeContext &node) {
  FailureOr<Data> input = node.matrix(0);
  if (failed(input))
    return failure();
  FailureOr<const Constant *> weight = node.reals(1, "weight");
  if (failed(weight) || failed(node.checkAllRead(2)))
    return failure();
  int64_t outputs = 0;
  FailureOr<std::vector<float>> weights = readDenseWeights(
      node, *input, **weight, /*isTransposed=*/false, 1.0f, outputs);
  if (failed(weights))
    return failure();
  return makeDense(node, *input, std::move(*weights), outputs, {});
}
