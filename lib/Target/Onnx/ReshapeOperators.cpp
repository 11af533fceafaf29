//===- ReshapeOperators.cpp - operators that change only the shape --------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// A reshape goes by the model's order of elements (NCHW), a tensor here lies in
// NHWC. The two agree for one channel or one pixel; an image that is flattened
// whole keeps its own order, noted in Data::columns; anything else costs a
// transpose.

#include "Operators.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat::onnx;

/// Whether NCHW and NHWC are the same order of elements.
static bool ordersAgree(ArrayRef<int64_t> shape) {
  return shape[1] == 1 || shape[2] * shape[3] == 1;
}

static SmallVector<int64_t, 4> toNHWC(ArrayRef<int64_t> shape) {
  return {shape[0], shape[2], shape[3], shape[1]};
}

static LogicalResult reshapeToMatrix(NodeContext &node, const Data &input,
                                     ArrayRef<int64_t> shape) {
  Emitter &emit = node.emit();
  Data data;
  data.shape.assign(shape.begin(), shape.end());
  if (input.isImage() && !ordersAgree(input.shape) &&
      shape[0] == input.shape[0]) {
    data.columns = ImageSize{input.shape[1], input.shape[2], input.shape[3]};
    data.value = emit.reshape(node.loc(), input.value, shape);
    return node.result(std::move(data));
  }
  Value value = input.isImage() && ordersAgree(input.shape)
                    ? input.value
                    : node.inModelOrder(input);
  data.value = emit.reshape(node.loc(), value, shape);
  return node.result(std::move(data));
}

static LogicalResult reshapeToImage(NodeContext &node, const Data &input,
                                    ArrayRef<int64_t> shape) {
  Emitter &emit = node.emit();
  // Channels and pixels stay apart: our order is the same before and after.
  std::optional<ImageSize> size = input.columns;
  if (input.isImage())
    size = ImageSize{input.shape[1], input.shape[2], input.shape[3]};
  if (size && shape[0] == input.shape[0] && shape[1] == size->channels)
    return node.result(emit.reshape(node.loc(), input.value, toNHWC(shape)),
                       shape);
  Value value = input.isImage() && ordersAgree(input.shape)
                    ? input.value
                    : node.inModelOrder(input);
  if (ordersAgree(shape))
    return node.result(emit.reshape(node.loc(), value, toNHWC(shape)), shape);
  value = emit.reshape(node.loc(), value, shape);
  return node.result(emit.transpose(node.loc(), value, {0, 2, 3, 1}), shape);
}

/// Gives `input` another shape with as many elements.
static LogicalResult reshapeTo(NodeContext &node, const Data &input,
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
  if (ArrayRef<int64_t>(input.shape) == shape) {
    Data data = input;
    data.biasFree = nullptr;
    return node.result(std::move(data));
  }
  if (shape.size() == 2)
    return reshapeToMatrix(node, input, shape);
  if (shape.size() == 4)
    return reshapeToImage(node, input, shape);
  return node.refuse("cannot reshape " + formatShape(input.shape) + " to " +
                     formatShape(shape) +
                     ": images (NxCxHxW) and matrices (NxK) are supported");
}

LogicalResult qat::onnx::importFlatten(NodeContext &node) {
  FailureOr<Data> input = node.any(0);
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
  FailureOr<Data> input = node.any(0);
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
    return node.refuse(
        "cannot reshape " + formatShape(input->shape) + " to [" +
        join(map_range(shape, [](int64_t d) { return std::to_string(d); }),
             ", ") +
        "]");
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

/// Reads the axes of a Squeeze or Unsqueeze, an attribute before opset 13, as
/// a mask of dimensions of a tensor of rank `rank`. Empty where not given.
static LogicalResult readAxes(NodeContext &node, size_t rank,
                              std::vector<int64_t> &axes) {
  if (node.opset() < 13) {
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
  FailureOr<Data> input = node.any(0);
  std::vector<int64_t> axes;
  if (failed(input) || failed(readAxes(node, input->shape.size(), axes)))
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
  FailureOr<Data> input = node.any(0);
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
  if (failed(readAxes(node, input->shape.size() + count, axes)))
    return failure();
  SmallVector<int64_t, 4> shape = input->shape;
  for (int64_t axis : axes)
    shape.insert(shape.begin() + axis, 1);
  return reshapeTo(node, *input, shape);
}
