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
  data.columns = input.columns;
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
// Additions
//===----------------------------------------------------------------------===//

/// Makes a constant that is added to the result of a layer the layer's bias.
static LogicalResult addBias(NodeContext &node, const Data &input,
                             unsigned inputIndex, const Data &constant) {
  if (!input.biasFree || !node.isOnlyUse(inputIndex))
    return node.refuse("adding a constant is supported only right after a "
                       "Conv, Gemm or MatMul without a bias whose result "
                       "nothing else reads");
  std::optional<std::vector<float>> bias =
      onePerChannel(*constant.constant, input.shape);
  if (!bias)
    return node.refuse(
        "adds a constant of shape " + formatShape(constant.shape) + " to " +
        formatShape(input.shape) + "; one value a channel is supported");
  Operation *conv = input.biasFree;
  Operation *zeros = conv->getOperand(2).getDefiningOp();
  conv->setOperand(
      2, node.parameter(input.layer, "bias", {input.shape[1]}, *bias, conv));
  zeros->erase();
  Data data = input;
  data.biasFree = nullptr;
  return node.result(std::move(data));
}

LogicalResult qat::onnx::importAdd(NodeContext &node) {
  FailureOr<Data> lhs = node.any(0), rhs = node.any(1);
  if (failed(lhs) || failed(rhs) || failed(node.checkAllRead(2)))
    return failure();
  if (lhs->constant && rhs->constant)
    return node.refuse("adds two constants; simplify the model (onnxsim)");
  if (rhs->constant)
    return addBias(node, *lhs, 0, *rhs);
  if (lhs->constant)
    return addBias(node, *rhs, 1, *lhs);
  if (lhs->shape != rhs->shape)
    return node.refuse("adds " + formatShape(lhs->shape) + " and " +
                       formatShape(rhs->shape) +
                       "; broadcasting is not supported");
  Data data = withValue(*lhs, lhs->value);
  Value other = rhs->value;
  if (lhs->columns != rhs->columns) {
    data.value = node.inModelOrder(*lhs);
    data.columns.reset();
    other = node.inModelOrder(*rhs);
  }
  data.value = tosa::AddOp::create(node.builder(), node.loc(),
                                   data.value.getType(), data.value, other);
  return node.result(std::move(data));
}

//===----------------------------------------------------------------------===//
// Normalizations
//===----------------------------------------------------------------------===//

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
  if (trainingMode != 0 || node.hasFurtherOutputs())
    return node.refuse("is in training mode; export the model for inference");
  if (spatial == 0)
    return node.refuse("statistics for every pixel (spatial=0) are not "
                       "supported");
  if (!(epsilon >= 0) || !std::isfinite(epsilon))
    return node.refuse("its epsilon is not a finite number of at least 0");

  static constexpr StringRef roles[] = {"bn.gamma", "bn.beta", "bn.mean",
                                        "bn.var"};
  int64_t channels = input->shape[1];
  // A second batch norm after one layer goes under its own name.
  bool isOwn = input->layer.empty() ||
               node.emit().hasParameter(input->layer + ".bn.gamma");
  std::string layer = isOwn ? node.layer().str() : input->layer;
  SmallVector<Value, 4> parameters;
  for (auto [index, role] : llvm::enumerate(roles)) {
    FailureOr<const Constant *> constant = node.reals(index + 1, role);
    if (failed(constant))
      return failure();
    const Constant &values = **constant;
    if (values.dims.size() != 1 || values.dims[0] != channels)
      return node.refuse("its " + role.drop_front(3) + " has the shape " +
                         formatShape(values.dims) + "; expected " +
                         Twine(channels));
    std::vector<float> ordered = values.floats;
    if (input->columns) {
      ordered.clear();
      for (int64_t column : columnOrder(*input->columns))
        ordered.push_back(values.floats[column]);
    }
    parameters.push_back(node.parameter(layer, role, {channels}, ordered));
  }
  auto norm = BatchNormOp::create(
      node.builder(), node.loc(), input->value.getType(), input->value,
      parameters[0], parameters[1], parameters[2], parameters[3],
      node.builder().getF32FloatAttr(epsilon), /*fold_type=*/nullptr,
      /*frozen=*/nullptr);
  return node.result(withValue(*input, norm.getResult()));
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
  // Channels are the last dimension here. Before opset 13 everything from the
  // axis on is one vector; that is the channels alone for a single pixel.
  bool isOverChannels = axis == 1 && (!input->isImage() || !isFlattening ||
                                      input->shape[2] * input->shape[3] == 1);
  if (!isOverChannels)
    return node.refuse("softmax along axis " + Twine(axis) + " of " +
                       formatShape(input->shape) +
                       " is not supported; along the channels it is");
  Value value = SoftmaxOp::create(node.builder(), node.loc(),
                                  input->value.getType(), input->value);
  return node.result(withValue(*input, value));
}

//===----------------------------------------------------------------------===//
// Operators that do nothing
//===----------------------------------------------------------------------===//

LogicalResult qat::onnx::importIdentity(NodeContext &node) {
  FailureOr<Data> input = node.any(0);
  if (failed(input) || failed(node.checkAllRead(1)))
    return failure();
  // The bias of the layer before is no longer free: the other name may have
  // more uses.
  input->biasFree = nullptr;
  return node.result(std::move(*input));
}

LogicalResult qat::onnx::importDropout(NodeContext &node) {
  FailureOr<Data> input = node.tensor(0);
  if (failed(input))
    return failure();
  node.ignore("ratio");
  node.ignore("seed");
  if (node.opset() >= 12 && node.has(2)) {
    FailureOr<const Constant *> mode = node.integers(2, "training_mode");
    if (failed(mode))
      return failure();
    if (llvm::any_of((*mode)->integers, [](int64_t value) { return value; }))
      return node.refuse("is in training mode; export the model for inference");
  }
  if (failed(node.checkAllRead(3)))
    return failure();
  input->biasFree = nullptr;
  return node.result(std::move(*input));
}
