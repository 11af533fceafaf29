//===- ReshapeOperators.cpp - operators that change only the shape --------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// No element moves: these change which dimension of the model is where in
// memory (Layout). A transpose is written only where a later operator needs
// another order.

#include "Operators.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat::onnx;

std::string qat::onnx::joinNumbers(ArrayRef<int64_t> numbers) {
  return join(
      map_range(numbers, [](int64_t number) { return std::to_string(number); }),
      ", ");
}

LogicalResult qat::onnx::reshapeTo(NodeContext &node, const Data &input,
                                   ArrayRef<int64_t> shape) {
  std::optional<int64_t> from = countElements(input.shape),
                         to = countElements(shape);
  if (!to || *to != *from)
    return node.refuse("cannot reshape " + formatShape(input.shape) + " to " +
                       formatShape(shape));
  if (input.constant) {
    Constant constant = *input.constant;
    constant.dims.assign(shape.begin(), shape.end());
    return node.result(std::move(constant));
  }
  Data data = input;
  data.shape.assign(shape.begin(), shape.end());
  if (ArrayRef<int64_t>(input.shape) == shape) {
    node.shareInput(0, data);
    return node.result(std::move(data));
  }
  data.producer = {};
  if (std::optional<Layout> layout = input.layout.reshaped(shape)) {
    data.layout = *layout;
    return node.result(std::move(data));
  }
  Data ordered = node.inModelOrder(input);
  data.value = ordered.value;
  data.layout = Layout::rowMajor(shape);
  return node.result(std::move(data));
}

/// Input 0, a constant or a tensor with nothing pending.
static FailureOr<Data> settledInput(NodeContext &node) {
  FailureOr<Data> input = node.any(0);
  if (succeeded(input) && !input->constant)
    node.settle(0, *input);
  return input;
}

LogicalResult qat::onnx::importFlatten(NodeContext &node) {
  FailureOr<Data> input = settledInput(node);
  int64_t axis = 1;
  if (failed(input) || failed(node.read("axis", axis)) ||
      failed(node.checkAllRead(1)))
    return failure();
  auto rank = static_cast<int64_t>(input->shape.size());
  if (axis < -rank || axis > rank)
    return node.refuse("its axis " + Twine(axis) + " is not one of " +
                       formatShape(input->shape));
  axis += axis < 0 ? rank : 0;
  ArrayRef<int64_t> shape = input->shape;
  // The tensor's own size was checked: the products are smaller.
  return reshapeTo(node, *input,
                   {*countElements(shape.take_front(axis)),
                    *countElements(shape.drop_front(axis))});
}

LogicalResult qat::onnx::importReshape(NodeContext &node) {
  FailureOr<Data> input = settledInput(node);
  if (failed(input))
    return failure();
  FailureOr<const Constant *> target = node.integers(1, "shape");
  int64_t allowsZero = 0;
  if (failed(target) || failed(node.read("allowzero", allowsZero)) ||
      failed(node.checkAllRead(2)))
    return failure();
  SmallVector<int64_t, 4> shape((*target)->integers.begin(),
                                (*target)->integers.end());
  auto refuse = [&] {
    return node.refuse("cannot reshape " + formatShape(input->shape) + " to [" +
                       joinNumbers(shape) + "]");
  };
  SmallVector<int64_t, 4> result = shape;
  std::optional<size_t> open;
  for (auto [index, dim] : llvm::enumerate(result)) {
    if (dim == 0 && allowsZero == 0) {
      if (index >= input->shape.size())
        return refuse();
      dim = input->shape[index];
    } else if (dim == -1 && !open) {
      open = index;
      dim = 1;
    } else if (dim < 1) {
      return refuse();
    }
  }
  std::optional<int64_t> from = countElements(input->shape),
                         to = countElements(result);
  if (!to || *to == 0 || *from % *to != 0)
    return refuse();
  if (open)
    result[*open] = *from / *to;
  if (countElements(result) != from)
    return refuse();
  return reshapeTo(node, *input, result);
}

LogicalResult qat::onnx::readAxes(NodeContext &node, size_t rank, int64_t since,
                                  std::vector<int64_t> &axes) {
  if (node.opset() < since) {
    if (failed(node.read("axes", axes)))
      return failure();
  } else if (node.has(1)) {
    FailureOr<const Constant *> constant = node.integers(1, "axes");
    if (failed(constant))
      return failure();
    axes = (*constant)->integers;
  }
  // For Unsqueeze the rank is that of the result.
  auto signedRank = static_cast<int64_t>(rank);
  for (int64_t &axis : axes) {
    if (axis < -signedRank || axis >= signedRank)
      return node.refuse("its axis " + Twine(axis) + " is out of range");
    axis += axis < 0 ? signedRank : 0;
  }
  llvm::sort(axes);
  if (llvm::adjacent_find(axes) != axes.end())
    return node.refuse("names an axis twice");
  return node.checkAllRead(2);
}

LogicalResult qat::onnx::importSqueeze(NodeContext &node) {
  FailureOr<Data> input = settledInput(node);
  std::vector<int64_t> axes;
  if (failed(input) || failed(readAxes(node, input->shape.size(), 13, axes)))
    return failure();
  SmallVector<int64_t, 4> shape;
  for (auto [index, dim] : llvm::enumerate(input->shape)) {
    bool isNamed = llvm::is_contained(axes, static_cast<int64_t>(index));
    if (isNamed && dim != 1)
      return node.refuse("axis " + Twine(index) + " of " +
                         formatShape(input->shape) + " is not 1");
    if (!isNamed && (!axes.empty() || dim != 1))
      shape.push_back(dim);
  }
  return reshapeTo(node, *input, shape);
}

LogicalResult qat::onnx::importUnsqueeze(NodeContext &node) {
  FailureOr<Data> input = settledInput(node);
  if (failed(input))
    return failure();
  // The axes are those of the result, whose rank is known once they are.
  size_t count = 0;
  if (node.opset() < 13) {
    if (const NodeAttribute *attribute = node.find("axes"))
      count = attribute->integers.size();
  } else {
    FailureOr<const Constant *> constant = node.integers(1, "axes");
    if (failed(constant))
      return failure();
    count = (*constant)->integers.size();
  }
  std::vector<int64_t> axes;
  if (failed(readAxes(node, input->shape.size() + count, 13, axes)))
    return failure();
  SmallVector<int64_t, 4> shape = input->shape;
  for (int64_t axis : axes)
    shape.insert(shape.begin() + axis, 1);
  return reshapeTo(node, *input, shape);
}

LogicalResult qat::onnx::importTranspose(NodeContext &node) {
  FailureOr<Data> input = node.any(0);
  if (failed(input))
    return failure();
  auto rank = static_cast<int64_t>(input->shape.size());
  std::vector<int64_t> permutation;
  for (int64_t dim = rank; dim-- > 0;)
    permutation.push_back(dim);
  if (failed(node.read("perm", permutation)) || failed(node.checkAllRead(1)))
    return failure();
  std::vector<int64_t> sorted = permutation;
  llvm::sort(sorted);
  if (sorted != std::vector<int64_t>(llvm::seq<int64_t>(rank).begin(),
                                     llvm::seq<int64_t>(rank).end()))
    return node.refuse("its perm [" + joinNumbers(permutation) +
                       "] is not an order of the dimensions of " +
                       formatShape(input->shape));
  if (input->constant)
    return foldTranspose(node, *input->constant, permutation);
  if (input->pending && input->pending->kind == Pending::Kind::Pad)
    node.settle(0, *input);
  node.shareInput(0, *input);
  Data data = *input;
  for (int64_t dim = 0; dim < rank; ++dim)
    data.shape[dim] = input->shape[permutation[dim]];
  auto moved = [&](unsigned axis) {
    return static_cast<unsigned>(llvm::find(permutation, axis) -
                                 permutation.begin());
  };
  data.layout = input->layout.transposed(permutation);
  if (data.pending)
    data.pending->axis = moved(data.pending->axis);
  if (data.producer.kind != Producer::Kind::None)
    data.producer.axis = moved(data.producer.axis);
  return node.result(std::move(data));
}
