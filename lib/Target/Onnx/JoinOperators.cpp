//===- JoinOperators.cpp - concatenation and padding --------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Operators.h"

#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

#include <cmath>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat::onnx;

/// Large pads are refused where a result would be too large; below this no sum
/// leaves 64 bits.
static constexpr int64_t kMaxPad = int64_t(1) << 31;

/// The tensor with its dimensions as memory has them, in `order`; a signal
/// with a height of 1.
static Value inMemoryShape(NodeContext &node, const Data &data,
                           ArrayRef<unsigned> order, bool isSignal) {
  SmallVector<int64_t> shape;
  for (unsigned dim : order)
    shape.push_back(data.shape[dim]);
  if (isSignal)
    shape.insert(shape.begin() + 1, 1);
  return node.emit().reshape(node.loc(), data.value, shape);
}

/// The order in which joined tensors lie: the model's where all do already,
/// else with the channels last.
static SmallVector<unsigned> commonOrder(ArrayRef<Data> inputs) {
  size_t rank = inputs.front().shape.size();
  bool isChannelsLast = llvm::all_of(inputs, [](const Data &data) {
    return data.layout == Layout::channelsLast(data.shape);
  });
  bool isModel = llvm::all_of(inputs, [](const Data &data) {
    return data.layout == Layout::rowMajor(data.shape);
  });
  if (isModel && !isChannelsLast)
    return modelOrder(rank);
  return channelsLastOrder(rank);
}

LogicalResult qat::onnx::importConcat(NodeContext &node) {
  const NodeAttribute *attribute = node.find("axis");
  int64_t axis = 0;
  if (!attribute)
    return node.refuse("has no axis");
  auto count = static_cast<unsigned>(node.numInputs());
  if (failed(node.read("axis", axis)) || failed(node.checkAllRead(count)))
    return failure();
  if (count == 0)
    return node.refuse("input 0 is missing");
  std::vector<Data> inputs;
  SmallVector<const Constant *> constants;
  for (unsigned index = 0; index < count; ++index) {
    FailureOr<Data> input = node.any(index);
    if (failed(input))
      return failure();
    if (input->constant)
      constants.push_back(input->constant);
    else
      node.settle(index, *input);
    inputs.push_back(std::move(*input));
  }
  if (constants.size() == count)
    return foldConcat(node, constants, axis);
  if (!constants.empty())
    return node.refuse("joins a computed tensor with a constant, which is not "
                       "supported");
  const Data &front = inputs.front();
  auto rank = static_cast<int64_t>(front.shape.size());
  if (axis < -rank || axis >= rank)
    return node.refuse("its axis " + Twine(axis) + " is not a dimension of " +
                       formatShape(front.shape));
  axis += axis < 0 ? rank : 0;
  if (axis == 0)
    return node.refuse("joins along the batch (axis 0), which is not "
                       "supported");
  SmallVector<int64_t, 4> shape = front.shape;
  shape[axis] = 0;
  for (const Data &input : inputs) {
    SmallVector<int64_t, 4> other = input.shape;
    if (other.size() == shape.size())
      other[axis] = front.shape[axis];
    if (other != front.shape)
      return node.refuse("joins " + formatShape(front.shape) + " and " +
                         formatShape(input.shape) + " along axis " +
                         Twine(axis) + ", which do not fit");
    shape[axis] += input.shape[axis];
    if (!countElements(shape))
      return node.refuse("its result has the impossible shape " +
                         formatShape(shape));
  }

  SmallVector<unsigned> order = commonOrder(inputs);
  bool isSignal = rank == 3;
  SmallVector<Value> values;
  for (Data &input : inputs)
    values.push_back(inMemoryShape(node, node.inOrder(std::move(input), order),
                                   order, isSignal));
  int64_t position =
      llvm::find(order, static_cast<unsigned>(axis)) - order.begin();
  position += isSignal && position > 0 ? 1 : 0;
  SmallVector<int64_t> own(
      cast<RankedTensorType>(values.front().getType()).getShape());
  own[position] = shape[axis];
  Data data;
  data.value =
      tosa::ConcatOp::create(node.builder(), node.loc(), node.emit().type(own),
                             values, static_cast<int32_t>(position));
  data.shape = shape;
  data.layout = Layout::permuted(shape, order);
  return node.result(std::move(data));
}

/// Reads the pads of each dimension, before and after, and the value.
static LogicalResult readPads(NodeContext &node, size_t rank,
                              SmallVectorImpl<int64_t> &pads, float &value) {
  std::string mode = "constant";
  std::vector<int64_t> list, axes;
  if (failed(node.read("mode", mode)))
    return failure();
  if (node.opset() < 11) {
    if (failed(node.read("pads", list)) || failed(node.read("value", value)) ||
        failed(node.checkAllRead(1)))
      return failure();
  } else {
    FailureOr<const Constant *> constant = node.integers(1, "pads");
    if (failed(constant))
      return failure();
    list = (*constant)->integers;
    if (node.has(2)) {
      FailureOr<const Constant *> fill = node.reals(2, "value");
      if (failed(fill))
        return failure();
      if ((*fill)->floats.size() != 1)
        return node.refuse("its value has the shape " +
                           formatShape((*fill)->dims) + "; expected one value");
      value = (*fill)->floats[0];
    }
    if (node.has(3)) {
      FailureOr<const Constant *> given = node.integers(3, "axes");
      if (failed(given))
        return failure();
      axes = (*given)->integers;
    }
    if (failed(node.checkAllRead(4)))
      return failure();
  }
  if (mode != "constant") {
    node.complain("pads by mode " + quote(mode) +
                  ", which is not supported; constant is");
    return failure();
  }
  if (!node.has(3))
    axes.assign(llvm::seq<int64_t>(rank).begin(),
                llvm::seq<int64_t>(rank).end());
  if (list.size() != 2 * axes.size())
    return node.refuse("has " + Twine(list.size()) + " pads; expected " +
                       Twine(2 * axes.size()));
  if (!std::isfinite(value))
    return node.refuse("its value is not a finite number");
  pads.assign(2 * rank, 0);
  auto signedRank = static_cast<int64_t>(rank);
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t axis = axes[i] < 0 ? axes[i] + signedRank : axes[i];
    if (axis < 0 || axis >= signedRank)
      return node.refuse("its axis " + Twine(axes[i]) + " is out of range");
    for (int64_t side : {0, 1}) {
      int64_t pad = list[side * axes.size() + i];
      if (pad < 0)
        return node.refuse("a pad of " + Twine(pad) +
                           " cuts, which is not supported");
      if (pad > kMaxPad)
        return node.refuse("has an impossible pad of " + Twine(pad));
      pads[2 * axis + side] = pad;
    }
  }
  return success();
}

LogicalResult qat::onnx::importPad(NodeContext &node) {
  FailureOr<Data> input = node.unsettled(0);
  if (failed(input))
    return failure();
  size_t rank = input->shape.size();
  SmallVector<int64_t> pads;
  float value = 0;
  if (failed(readPads(node, rank, pads, value)))
    return failure();
  if (llvm::all_of(pads, [](int64_t pad) { return pad == 0; })) {
    node.shareInput(0, *input);
    return node.result(std::move(*input));
  }
  if (pads[0] != 0 || pads[1] != 0)
    return node.refuse("pads the batch, which is not supported");
  SmallVector<int64_t, 4> shape = input->shape;
  for (auto [dim, size] : llvm::enumerate(shape))
    size += pads[2 * dim] + pads[2 * dim + 1];
  if (!countElements(shape))
    return node.refuse("its result has the impossible shape " +
                       formatShape(shape));
  node.settle(0, *input);
  Data data;
  data.shape = shape;

  // Zeros around an image are left to the convolutions that read it.
  bool isImage =
      rank == 4 && input->layout == Layout::channelsLast(input->shape);
  bool isSignal =
      rank == 3 && input->layout == Layout::channelsLast(input->shape);
  if ((isImage || isSignal) && value == 0 && pads[2] == 0 && pads[3] == 0) {
    Pending pending;
    pending.kind = Pending::Kind::Pad;
    pending.layer = node.layer().str();
    if (isImage)
      pending.pad = {pads[4], pads[5], pads[6], pads[7]};
    else
      pending.pad = {0, 0, pads[4], pads[5]};
    data.value = input->value;
    data.layout = Layout::channelsLast(shape);
    data.pending = std::move(pending);
    return node.result(std::move(data));
  }
  SmallVector<unsigned> order = commonOrder(*input);
  Data ordered = node.inOrder(*input, order);
  SmallVector<int64_t> own;
  for (unsigned dim : order)
    own.append({pads[2 * dim], pads[2 * dim + 1]});
  if (rank == 3)
    own.insert(own.begin() + 2, 2, 0);
  data.value = node.emit().pad(
      node.loc(), inMemoryShape(node, ordered, order, rank == 3), own, value);
  data.layout = Layout::permuted(shape, order);
  return node.result(std::move(data));
}
