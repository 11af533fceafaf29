//===- ElementwiseOperators.cpp - operators that keep the shape -----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Operators.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/Twine.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;
using namespace mlir::qat::onnx;

/// `input` with another value, in the same order of elements.
static Data withValue(const Data &input, Value value) {
  Data data;
  data.value = value;
  data.shape = input.shape;
  data.layout = input.layout;
  return data;
}

static LogicalResult makeClamp(NodeContext &node, const Data &input,
                               float minimum, float maximum) {
  Builder &builder = node.builder();
  Value value = tosa::ClampOp::create(
      node.builder(), node.loc(), input.value.getType(), input.value,
      builder.getF32FloatAttr(minimum), builder.getF32FloatAttr(maximum));
  return node.result(withValue(input, value));
}

LogicalResult qat::onnx::importRelu(NodeContext &node) {
  FailureOr<Data> input = node.tensor(0);
  if (failed(input) || failed(node.checkAllRead(1)))
    return failure();
  return makeClamp(node, *input, 0.0f, FLT_MAX);
}

/// Reads a bound of a Clip that is an input.
static LogicalResult readBound(NodeContext &node, unsigned index,
                               StringRef role, float &bound) {
  if (!node.has(index))
    return success();
  FailureOr<const Constant *> constant = node.reals(index, role);
  if (failed(constant))
    return failure();
  if ((*constant)->floats.size() != 1)
    return node.refuse("its " + role + " has the shape " +
                       formatShape((*constant)->dims) + "; expected one value");
  bound = (*constant)->floats[0];
  return success();
}

LogicalResult qat::onnx::importClip(NodeContext &node) {
  FailureOr<Data> input = node.tensor(0);
  if (failed(input))
    return failure();
  float minimum = -FLT_MAX, maximum = FLT_MAX;
  if (node.opset() < 11) {
    if (failed(node.read("min", minimum)) ||
        failed(node.read("max", maximum)) || failed(node.checkAllRead(1)))
      return failure();
  } else if (failed(readBound(node, 1, "minimum", minimum)) ||
             failed(readBound(node, 2, "maximum", maximum)) ||
             failed(node.checkAllRead(3))) {
    return failure();
  }
  // Infinity is a way to write no bound.
  minimum = std::max(minimum, -FLT_MAX);
  maximum = std::min(maximum, FLT_MAX);
  if (!(minimum <= maximum))
    return node.refuse("its minimum is not below its maximum");
  return makeClamp(node, *input, minimum, maximum);
}

//===----------------------------------------------------------------------===//
// Normalizations
//===----------------------------------------------------------------------===//

/// `data` as a matrix or an image with the `channels` of dimension 1 last.
static Value withChannelsLast(NodeContext &node, const Data &data,
                              int64_t channels, bool isImage) {
  ArrayRef<int64_t> shape =
      cast<RankedTensorType>(data.value.getType()).getShape();
  if (shape.size() == 4 && shape.back() == channels)
    return data.value;
  int64_t batch = data.shape[0];
  if (!isImage && data.shape.size() == 2)
    return node.emit().reshape(node.loc(), data.value, {batch, channels});
  int64_t pixels = *countElements(data.shape) / (batch * channels);
  return node.emit().reshape(node.loc(), data.value,
                             {batch, 1, pixels, channels});
}

LogicalResult qat::onnx::importBatchNormalization(NodeContext &node) {
  FailureOr<Data> input = node.tensor(0);
  if (failed(input))
    return failure();
  float epsilon = 1e-5f;
  int64_t trainingMode = 0, spatial = 1;
  node.ignore("momentum");
  if (failed(node.read("epsilon", epsilon)))
    return failure();
  if (node.opset() < 9 && failed(node.read("spatial", spatial)))
    return failure();
  if (node.opset() >= 14 && failed(node.read("training_mode", trainingMode)))
    return failure();
  if (failed(node.checkAllRead(5)))
    return failure();
  if (input->shape.size() < 2)
    return node.refuseShape(0, *input, "images, signals and matrices");
  if (trainingMode != 0 || node.hasFurtherOutputs())
    node.complain("is in training mode; export the model for inference");
  if (spatial == 0)
    return node.refuse("statistics for every pixel (spatial=0) are not "
                       "supported");
  if (!(epsilon >= 0) || !std::isfinite(epsilon))
    return node.refuse("its epsilon is not a finite number of at least 0");

  static constexpr StringRef roles[] = {"bn.gamma", "bn.beta", "bn.mean",
                                        "bn.var"};
  int64_t channels = input->shape[1];
  SmallVector<const Constant *, 4> constants;
  for (auto [index, role] : llvm::enumerate(roles)) {
    FailureOr<const Constant *> constant = node.reals(index + 1, role);
    if (failed(constant))
      return failure();
    constants.push_back(*constant);
    if (ArrayRef<int64_t>((*constant)->dims) != ArrayRef(channels))
      return node.refuse("its " + role.drop_front(3) + " has the shape " +
                         formatShape((*constant)->dims) + "; expected " +
                         Twine(channels));
  }
  std::vector<int64_t> elements;
  if (!input->layout.isLast(1, channels, &elements)) {
    *input =
        node.inOrder(std::move(*input), channelsLastOrder(input->shape.size()));
    (void)input->layout.isLast(1, channels, &elements);
  }
  // A batch norm belongs to the layer whose result it alone reads; any other
  // gets a layer of its own, whose weights are 1, so that it has an integer
  // form.
  Producer producer = input->producer;
  bool isOwn = producer.kind != Producer::Kind::Layer || producer.axis != 1 ||
               !node.isOnlyUse(0);
  if (isOwn) {
    producer = {};
    producer.layer = node.layer().str();
  }
  Value value = withChannelsLast(node, *input, channels, isOwn);
  if (isOwn)
    value = node.emit().scaleChannels(node.loc(), producer.layer, value,
                                      std::vector<float>(channels, 1.0f), {});
  SmallVector<Value, 4> parameters;
  for (auto [constant, role] : llvm::zip_equal(constants, roles)) {
    std::vector<float> ordered;
    for (int64_t element : elements)
      ordered.push_back(constant->floats[element]);
    parameters.push_back(
        node.parameter(producer.layer, role, {channels}, ordered));
  }
  auto norm = BatchNormOp::create(
      node.builder(), node.loc(), value.getType(), value, parameters[0],
      parameters[1], parameters[2], parameters[3],
      node.builder().getF32FloatAttr(epsilon), /*fold_type=*/nullptr,
      /*frozen=*/nullptr);
  Data data = withValue(*input, norm.getResult());
  if (llvm::is_sorted(elements)) {
    producer.kind = Producer::Kind::Norm;
    producer.axis = 1;
    producer.channels = channels;
    data.producer = std::move(producer);
  }
  return node.result(std::move(data));
}

LogicalResult qat::onnx::importSoftmax(NodeContext &node) {
  FailureOr<Data> input = node.tensor(0);
  if (failed(input))
    return failure();
  auto rank = static_cast<int64_t>(input->shape.size());
  bool isFlattening = node.opset() < 13;
  int64_t axis = isFlattening ? 1 : -1;
  if (failed(node.read("axis", axis)) || failed(node.checkAllRead(1)))
    return failure();
  if (axis < -rank || axis >= rank)
    return node.refuse("its axis " + Twine(axis) + " is not a dimension of " +
                       formatShape(input->shape));
  axis += axis < 0 ? rank : 0;
  // Before opset 13 everything from the axis on is one vector, in whatever
  // order. Here vectors are the last dimension.
  int64_t size = input->shape[axis];
  SmallVector<unsigned> order = modelOrder(rank);
  if (isFlattening) {
    size = *countElements(ArrayRef(input->shape).drop_front(axis));
    if (!input->layout.isInnermost(axis))
      *input = node.inOrder(std::move(*input), order);
  } else if (!input->layout.isLast(axis, size)) {
    std::rotate(order.begin() + axis, order.begin() + axis + 1, order.end());
    *input = node.inOrder(std::move(*input), order);
  }
  Value value = input->value;
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  if (rank == 2 || shape.back() != size)
    value = node.emit().reshape(node.loc(), value,
                                {*countElements(input->shape) / size, size});
  value = SoftmaxOp::create(node.builder(), node.loc(), value.getType(), value);
  return node.result(withValue(*input, value));
}

//===----------------------------------------------------------------------===//
// Operators without an integer form
//===----------------------------------------------------------------------===//

LogicalResult qat::onnx::importActivation(NodeContext &node) {
  FailureOr<Data> input = node.any(0);
  if (failed(input))
    return failure();
  StringRef name = node.operation();
  if (name == "LeakyRelu" || name == "PRelu")
    node.complain("has no integer form: below zero it needs a second "
                  "multiplier in the requantization; retrain with Relu");
  else if (name == "Sigmoid" || name == "Tanh" || name == "LogSoftmax")
    node.complain("has no integer form: it needs a table of 256 values; at the "
                  "end of a network cut it off, since it keeps the order of "
                  "the logits, elsewhere retrain with Relu");
  else
    node.complain("has no integer form: it needs a table of 256 values; "
                  "retrain with Relu or Clip (0 to 6)");
  // It keeps the shape: the rest can be looked at.
  return node.result(std::move(*input));
}

//===----------------------------------------------------------------------===//
// Operators that do nothing
//===----------------------------------------------------------------------===//

LogicalResult qat::onnx::importIdentity(NodeContext &node) {
  FailureOr<Data> input = node.any(0);
  if (failed(input) || failed(node.checkAllRead(1)))
    return failure();
  node.shareInput(0, *input);
  return node.result(std::move(*input));
}

LogicalResult qat::onnx::importDropout(NodeContext &node) {
  FailureOr<Data> input = node.unsettled(0);
  if (failed(input))
    return failure();
  node.ignore("ratio");
  node.ignore("seed");
  if (node.opset() >= 12 && node.has(2)) {
    FailureOr<const Constant *> mode = node.integers(2, "training_mode");
    if (failed(mode))
      return failure();
    if (llvm::any_of((*mode)->integers, [](int64_t value) { return value; }))
      node.complain("is in training mode; export the model for inference");
  }
  if (failed(node.checkAllRead(3)))
    return failure();
  node.shareInput(0, *input);
  return node.result(std::move(*input));
}
