//===- AffineOperators.cpp - sums, and products with constants ----------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// A tensor times and plus constants, one or one a channel. After a layer whose
// result nothing else reads, the constants go into the layer's parameters;
// elsewhere they wait for a layer with weights to take them up (Pending), and
// where none does, they become a 1x1 depthwise convolution, which quantizes as
// every layer does.

#include "Operators.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/Twine.h"

#include <cmath>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat::onnx;

/// One value each: more is not of this world, but files may hold it.
static constexpr int64_t kMaxChannels = int64_t(1) << 24;

namespace {
/// scale * x + offset; one value each, or one for each index of `axis`.
struct Affine {
  std::vector<double> scale{1.0}, offset{0.0};
  unsigned axis = 1;

  bool isUniform() const { return scale.size() == 1 && offset.size() == 1; }
};
} // namespace

static std::vector<double>
combine(ArrayRef<double> lhs, ArrayRef<double> rhs,
        llvm::function_ref<double(double, double)> f) {
  std::vector<double> result(std::max(lhs.size(), rhs.size()));
  for (size_t i = 0; i < result.size(); ++i)
    result[i] = f(lhs[lhs.size() == 1 ? 0 : i], rhs[rhs.size() == 1 ? 0 : i]);
  return result;
}

/// The values of `constant` that is broadcast onto a tensor of `shape` without
/// making it larger, if they vary along one dimension at most, `axis`.
static std::optional<std::vector<double>>
readBroadcast(const Constant &constant, ArrayRef<int64_t> shape,
              unsigned &axis) {
  // Shapes are aligned at their ends.
  size_t rank = constant.dims.size();
  if (rank > shape.size() || constant.floats.empty())
    return std::nullopt;
  bool varies = false;
  for (size_t i = 0; i < rank; ++i) {
    unsigned dim = shape.size() - rank + i;
    if (constant.dims[i] == 1)
      continue;
    if (varies || constant.dims[i] != shape[dim])
      return std::nullopt;
    varies = true;
    axis = dim;
  }
  return std::vector<double>(constant.floats.begin(), constant.floats.end());
}

//===----------------------------------------------------------------------===//
// Into a layer
//===----------------------------------------------------------------------===//

/// Makes `affine` a part of the layer whose result `data` is.
static void foldIntoProducer(NodeContext &node, Data &data,
                             const Affine &affine) {
  Producer &producer = data.producer;
  Emitter &emit = node.emit();
  int64_t channels = producer.channels;
  auto at = [](ArrayRef<double> values, int64_t channel) {
    return values[values.size() == 1 ? 0 : channel];
  };
  auto applyTo = [&](StringRef parameter, bool withOffset) {
    for (auto [channel, value] : llvm::enumerate(emit.values(parameter)))
      value = value * at(affine.scale, channel) +
              (withOffset ? at(affine.offset, channel) : 0.0);
  };
  if (producer.kind == Producer::Kind::Norm) {
    applyTo(producer.layer + ".bn.gamma", false);
    applyTo(producer.layer + ".bn.beta", true);
    return;
  }
  MutableArrayRef<float> weights = emit.values(producer.layer + ".weight");
  int64_t block = static_cast<int64_t>(weights.size()) / channels;
  for (auto [index, value] : llvm::enumerate(weights))
    value *= at(affine.scale, producer.isDepthwise
                                  ? static_cast<int64_t>(index) % channels
                                  : static_cast<int64_t>(index) / block);
  Operation *conv = producer.biasFree;
  if (!conv)
    return applyTo(producer.layer + ".bias", true);
  if (llvm::all_of(affine.offset, [](double value) { return value == 0; }))
    return;
  std::vector<float> bias;
  for (int64_t channel = 0; channel < channels; ++channel)
    bias.push_back(at(affine.offset, channel));
  Operation *zeros = conv->getOperand(2).getDefiningOp();
  conv->setOperand(
      2, node.parameter(producer.layer, "bias", {channels}, bias, conv));
  zeros->erase();
  producer.biasFree = nullptr;
}

/// The result of the node: `affine` of input `index`.
static LogicalResult applyAffine(NodeContext &node, unsigned index,
                                 Affine affine) {
  FailureOr<Data> data = node.unsettled(index);
  if (failed(data))
    return failure();
  for (const std::vector<double> *values : {&affine.scale, &affine.offset})
    for (double value : *values)
      if (!(std::fabs(value) <= std::numeric_limits<float>::max()))
        return node.refuse("its constant makes a value that is infinite or not "
                           "a number");
  std::optional<Pending> &pending = data->pending;
  bool isPendingUniform = pending && pending->kind == Pending::Kind::Affine &&
                          pending->scale.size() == 1 &&
                          pending->offset.size() == 1;
  if (pending && (pending->kind == Pending::Kind::Pad ||
                  !(isPendingUniform || affine.isUniform() ||
                    pending->axis == affine.axis)))
    node.settle(index, *data);
  bool fitsProducer = affine.isUniform() || affine.axis == data->producer.axis;
  if (data->producer.kind != Producer::Kind::None && fitsProducer &&
      node.isOnlyUse(index)) {
    foldIntoProducer(node, *data, affine);
    return node.result(std::move(*data));
  }
  unsigned axis = affine.axis;
  int64_t channels =
      cast<RankedTensorType>(data->value.getType()).getShape().back();
  if (channels > kMaxChannels)
    return node.refuse("has " + Twine(channels) + " channels; at most " +
                       Twine(kMaxChannels) + " can be scaled");
  if (!affine.isUniform() && !data->layout.isLast(axis, data->shape[axis]))
    return node.refuse("has a constant that varies along axis " + Twine(axis) +
                       " of " + formatShape(data->shape) +
                       "; one value, or one a channel, is supported");
  Pending result;
  result.layer = node.layer().str();
  result.axis = axis;
  if (pending) {
    // s2 * (s1 * x + t1) + t2
    if (affine.isUniform())
      result.axis = pending->axis;
    std::vector<double> product =
        combine(affine.scale, pending->offset, std::multiplies<double>());
    affine.scale =
        combine(affine.scale, pending->scale, std::multiplies<double>());
    affine.offset = combine(product, affine.offset, std::plus<double>());
  }
  result.scale = std::move(affine.scale);
  result.offset = std::move(affine.offset);
  data->pending = std::move(result);
  data->producer = {};
  return node.result(std::move(*data));
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

/// The sum of two tensors.
static FailureOr<Data> addTensors(NodeContext &node, Data lhs, Data rhs) {
  if (lhs.shape != rhs.shape)
    return node.refuse("adds " + formatShape(lhs.shape) + " and " +
                       formatShape(rhs.shape) +
                       "; broadcasting is not supported");
  if (lhs.layout != rhs.layout) {
    SmallVector<unsigned> order = channelsLastOrder(lhs.shape.size());
    lhs = node.inOrder(std::move(lhs), order);
    rhs = node.inOrder(std::move(rhs), order);
  }
  mlir::Type type = lhs.value.getType();
  Value other = node.emit().reshape(node.loc(), rhs.value,
                                    cast<ShapedType>(type).getShape());
  lhs.value =
      tosa::AddOp::create(node.builder(), node.loc(), type, lhs.value, other);
  lhs.producer = {};
  return lhs;
}

/// Two operands: `make` gives the affine map that takes the first (second, if
/// `isSwapped`) to the result with the values of the other.
static LogicalResult
importBinary(NodeContext &node, StringRef gerund,
             llvm::function_ref<FailureOr<Affine>(std::vector<double> values,
                                                  bool isSwapped)>
                 make) {
  FailureOr<Data> lhs = node.any(0), rhs = node.any(1);
  if (failed(lhs) || failed(rhs) || failed(node.checkAllRead(2)))
    return failure();
  if (lhs->constant && rhs->constant)
    return foldBinary(node, *lhs->constant, *rhs->constant);
  bool isSwapped = lhs->constant != nullptr;
  if (!isSwapped && !rhs->constant)
    return node.refuse(gerund + " two computed tensors is not supported");
  const Constant &constant = *(isSwapped ? lhs : rhs)->constant;
  const Data &data = *(isSwapped ? rhs : lhs);
  Affine affine;
  std::optional<std::vector<double>> values =
      readBroadcast(constant, data.shape, affine.axis);
  if (!values)
    return node.refuse("has a constant of shape " + formatShape(constant.dims) +
                       " on " + formatShape(data.shape) +
                       "; one value, or one a channel, is supported");
  unsigned axis = affine.axis;
  FailureOr<Affine> made = make(std::move(*values), isSwapped);
  if (failed(made))
    return failure();
  made->axis = axis;
  return applyAffine(node, isSwapped ? 1 : 0, std::move(*made));
}

LogicalResult qat::onnx::importAdd(NodeContext &node) {
  FailureOr<Data> lhs = node.any(0), rhs = node.any(1);
  if (failed(lhs) || failed(rhs))
    return failure();
  if (!lhs->constant && !rhs->constant) {
    FailureOr<Data> left = node.tensor(0), right = node.tensor(1);
    if (failed(left) || failed(right) || failed(node.checkAllRead(2)))
      return failure();
    FailureOr<Data> sum = addTensors(node, std::move(*left), std::move(*right));
    return failed(sum) ? failure() : node.result(std::move(*sum));
  }
  return importBinary(node, "adding", [](std::vector<double> values, bool) {
    Affine affine;
    affine.offset = std::move(values);
    return FailureOr<Affine>(affine);
  });
}

LogicalResult qat::onnx::importSub(NodeContext &node) {
  return importBinary(node, "subtracting",
                      [](std::vector<double> values, bool isSwapped) {
                        Affine affine;
                        if (isSwapped)
                          affine.scale = {-1.0};
                        else
                          for (double &value : values)
                            value = -value;
                        affine.offset = std::move(values);
                        return FailureOr<Affine>(affine);
                      });
}

LogicalResult qat::onnx::importMul(NodeContext &node) {
  return importBinary(node, "multiplying",
                      [](std::vector<double> values, bool) {
                        Affine affine;
                        affine.scale = std::move(values);
                        return FailureOr<Affine>(affine);
                      });
}

LogicalResult qat::onnx::importDiv(NodeContext &node) {
  return importBinary(
      node, "dividing",
      [&](std::vector<double> values, bool isSwapped) -> FailureOr<Affine> {
        if (isSwapped)
          return node.refuse("dividing by a computed tensor is not supported");
        Affine affine;
        affine.scale = std::move(values);
        for (double &value : affine.scale)
          value = 1.0 / value;
        return affine;
      });
}

LogicalResult qat::onnx::importNeg(NodeContext &node) {
  FailureOr<Data> input = node.any(0);
  if (failed(input) || failed(node.checkAllRead(1)))
    return failure();
  if (input->constant)
    return foldUnary(node, *input->constant);
  Affine affine;
  affine.scale = {-1.0};
  return applyAffine(node, 0, affine);
}

LogicalResult qat::onnx::importSum(NodeContext &node) {
  FailureOr<Data> sum = node.tensor(0);
  if (failed(sum) || failed(node.checkAllRead(node.numInputs())))
    return failure();
  for (unsigned index = 1; index < node.numInputs(); ++index) {
    FailureOr<Data> next = node.tensor(index);
    if (failed(next))
      return failure();
    sum = addTensors(node, std::move(*sum), std::move(*next));
    if (failed(sum))
      return failure();
  }
  return node.result(std::move(*sum));
}
