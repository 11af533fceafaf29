//===- DenseOperators.cpp - dense layers --------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// A dense layer is a 1x1 convolution. Where the columns of its input lie in
// another order than the model's (a flattened image), its weights are permuted.

#include "Operators.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/Twine.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat::onnx;

namespace {
struct Dense {
  int64_t inputs = 0, outputs = 0;
  /// outputs x inputs, in the model's order of columns.
  std::vector<float> weights;
  /// Empty where there is none.
  std::vector<float> bias;
};
} // namespace

/// Makes scale * x + offset of the input a part of the layer.
static void takeUp(const Pending &pending, Dense &dense) {
  auto at = [](ArrayRef<double> values, int64_t column) {
    return values[values.size() == 1 ? 0 : column];
  };
  std::vector<double> bias(dense.bias.begin(), dense.bias.end());
  if (pending.hasOffset())
    bias.resize(dense.outputs, 0.0);
  for (int64_t row = 0; row < dense.outputs; ++row)
    for (int64_t column = 0; column < dense.inputs; ++column) {
      float &weight = dense.weights[row * dense.inputs + column];
      if (pending.hasOffset())
        bias[row] += weight * at(pending.offset, column);
      weight *= at(pending.scale, column);
    }
  dense.bias.assign(bias.begin(), bias.end());
}

/// The layer on the last dimension of `input`, which may have an affine map
/// pending.
static LogicalResult makeDense(NodeContext &node, Data input, Dense dense) {
  unsigned axis = input.shape.size() - 1;
  if (input.pending &&
      (input.pending->kind == Pending::Kind::Pad ||
       (input.pending->axis != axis &&
        (input.pending->scale.size() > 1 || input.pending->offset.size() > 1))))
    node.settle(0, input);
  if (input.pending)
    takeUp(*input.pending, dense);
  std::vector<int64_t> order;
  if (!input.layout.isLast(axis, dense.inputs, &order)) {
    input = node.inModelOrder(std::move(input));
    (void)input.layout.isLast(axis, dense.inputs, &order);
  }
  std::vector<float> weights;
  weights.reserve(dense.weights.size());
  for (int64_t row = 0; row < dense.outputs; ++row)
    for (int64_t column : order)
      weights.push_back(dense.weights[row * dense.inputs + column]);

  Emitter &emit = node.emit();
  SmallVector<int64_t, 4> shape(
      cast<RankedTensorType>(input.value.getType()).getShape());
  int64_t rows = *countElements(input.shape) / dense.inputs;
  // Rows of more than one dimension stay together: pixels of an image.
  bool isMatrix = axis == 1;
  if (isMatrix)
    shape = {rows, 1, 1, dense.inputs};
  else if (shape.size() != 4 || shape.back() != dense.inputs)
    shape = {1, 1, rows, dense.inputs};
  Value image = emit.reshape(node.loc(), input.value, shape);
  shape.back() = dense.outputs;
  if (!countElements(shape))
    return node.refuse("its result has the impossible shape " +
                       formatShape(shape));
  Value weight = node.parameter(node.layer(), "weight",
                                {dense.outputs, 1, 1, dense.inputs}, weights);
  Value bias = node.bias(dense.bias, dense.outputs);
  Value zeroPoint = emit.zeros(node.loc(), 1);
  auto conv = tosa::Conv2DOp::create(
      node.builder(), node.loc(), emit.type(shape), image, weight, bias,
      zeroPoint, zeroPoint, ArrayRef<int64_t>{0, 0, 0, 0},
      ArrayRef<int64_t>{1, 1}, ArrayRef<int64_t>{1, 1},
      node.builder().getF32Type());
  Data data;
  data.value = conv;
  if (isMatrix)
    data.value = emit.reshape(node.loc(), conv, {rows, dense.outputs});
  data.shape = input.shape;
  data.shape.back() = dense.outputs;
  data.layout = input.layout.withLast(axis, dense.outputs);
  data.producer.kind = Producer::Kind::Layer;
  data.producer.layer = node.layer().str();
  data.producer.biasFree = dense.bias.empty() ? conv : nullptr;
  data.producer.axis = axis;
  data.producer.channels = dense.outputs;
  return node.result(std::move(data));
}

/// The constant `weight`, inputs x outputs or the other way round, times
/// `factor`.
static LogicalResult readDenseWeights(NodeContext &node,
                                      ArrayRef<int64_t> shape,
                                      const Constant &weight, bool isTransposed,
                                      float factor, Dense &dense) {
  ArrayRef<int64_t> dims = weight.dims;
  dense.inputs = shape.back();
  if (dims.size() != 2 || weight.floats.empty() ||
      dims[isTransposed ? 1 : 0] != dense.inputs)
    return node.refuse("its weight has the shape " + formatShape(dims) +
                       ", which does not fit an input of " +
                       formatShape(shape));
  dense.outputs = dims[isTransposed ? 0 : 1];
  dense.weights.reserve(weight.floats.size());
  for (int64_t o = 0; o < dense.outputs; ++o)
    for (int64_t i = 0; i < dense.inputs; ++i)
      dense.weights.push_back(
          factor * weight.floats[isTransposed ? o * dense.inputs + i
                                              : i * dense.outputs + o]);
  return success();
}

/// The bias of a Gemm: one value, or one an output, broadcast over the rows.
static LogicalResult readGemmBias(NodeContext &node, float beta, Dense &dense) {
  if (!node.has(2))
    return success();
  FailureOr<const Constant *> constant = node.reals(2, "bias");
  if (failed(constant))
    return failure();
  const Constant &bias = **constant;
  ArrayRef<int64_t> dims = bias.dims;
  bool fits = dims.size() <= 2 && !bias.floats.empty();
  if (fits && !dims.empty())
    fits = dims.back() == 1 || dims.back() == dense.outputs;
  if (fits && dims.size() == 2)
    fits = dims.front() == 1;
  if (!fits)
    return node.refuse("its bias has the shape " + formatShape(dims) +
                       "; expected one value for each of " +
                       Twine(dense.outputs) + " outputs");
  dense.bias = bias.floats;
  if (dense.bias.size() == 1)
    dense.bias.assign(dense.outputs, bias.floats[0]);
  for (float &value : dense.bias)
    value *= beta;
  return success();
}

LogicalResult qat::onnx::importGemm(NodeContext &node) {
  FailureOr<Data> input = node.unsettled(0);
  if (failed(input))
    return failure();
  if (input->shape.size() != 2)
    return node.refuseShape(0, *input, "matrices (NxK)");
  FailureOr<const Constant *> weight = node.reals(1, "weight");
  float alpha = 1, beta = 1;
  int64_t transA = 0, transB = 0;
  if (failed(weight) || failed(node.read("alpha", alpha)) ||
      failed(node.read("beta", beta)) || failed(node.read("transA", transA)) ||
      failed(node.read("transB", transB)) || failed(node.checkAllRead(3)))
    return failure();
  if (transA != 0) {
    node.settle(0, *input);
    std::swap(input->shape[0], input->shape[1]);
    input->layout = input->layout.transposed({1, 0});
  }
  Dense dense;
  if (failed(readDenseWeights(node, input->shape, **weight, transB != 0, alpha,
                              dense)) ||
      failed(readGemmBias(node, beta, dense)))
    return failure();
  return makeDense(node, std::move(*input), std::move(dense));
}

LogicalResult qat::onnx::importMatMul(NodeContext &node) {
  FailureOr<Data> input = node.unsettled(0);
  if (failed(input))
    return failure();
  if (input->shape.size() < 2)
    return node.refuseShape(0, *input, "matrices (NxK)");
  FailureOr<const Constant *> weight = node.reals(1, "weight");
  if (failed(weight) || failed(node.checkAllRead(2)))
    return failure();
  Dense dense;
  if (failed(readDenseWeights(node, input->shape, **weight,
                              /*isTransposed=*/false, 1.0f, dense)))
    return failure();
  return makeDense(node, std::move(*input), std::move(dense));
}
