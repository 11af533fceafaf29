//===- ConstantOperators.cpp - operators on constants, mostly shapes ------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Exporters compute the shape of a flattened tensor in the graph: Shape,
// Gather, Unsqueeze, Concat, Reshape. Shapes are static here, so that these
// are constants.

#include "Operators.h"

#include "llvm/ADT/Twine.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat::onnx;

LogicalResult qat::onnx::importConstant(NodeContext &node) {
  if (const NodeAttribute *value = node.find("value")) {
    if (value->kind != NodeAttribute::Kind::Tensor)
      return node.refuse("attribute 'value' has the wrong type");
    if (failed(node.checkAllRead(0)))
      return failure();
    // A problem of the values is reported where they are used.
    return node.result(value->tensor);
  }
  Constant constant;
  if (const NodeAttribute *value = node.find("value_float"))
    constant.floats = {value->real};
  else if (const NodeAttribute *value = node.find("value_floats"))
    constant.floats = value->reals;
  else if (const NodeAttribute *value = node.find("value_int"))
    constant.integers = {value->integer};
  else if (const NodeAttribute *value = node.find("value_ints"))
    constant.integers = value->integers;
  else
    return node.refuse("has no value of a supported kind");
  if (failed(node.checkAllRead(0)))
    return failure();
  constant.isInteger = constant.floats.empty();
  if (node.find("value_floats") || node.find("value_ints"))
    constant.dims = {static_cast<int64_t>(constant.floats.size() +
                                          constant.integers.size())};
  return node.result(std::move(constant));
}

LogicalResult qat::onnx::importShape(NodeContext &node) {
  FailureOr<Data> input = node.any(0);
  if (failed(input))
    return failure();
  auto rank = static_cast<int64_t>(input->shape.size());
  int64_t start = 0, end = rank;
  if (node.opset() >= 15 &&
      (failed(node.read("start", start)) || failed(node.read("end", end))))
    return failure();
  if (failed(node.checkAllRead(1)))
    return failure();
  auto clamp = [&](int64_t axis) {
    return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  Constant constant;
  constant.isInteger = true;
  for (int64_t axis = clamp(start); axis < clamp(end); ++axis)
    constant.integers.push_back(input->shape[axis]);
  constant.dims = {static_cast<int64_t>(constant.integers.size())};
  return node.result(std::move(constant));
}

LogicalResult qat::onnx::importGather(NodeContext &node) {
  FailureOr<Data> input = node.any(0);
  if (failed(input))
    return failure();
  if (!input->constant || !input->constant->isInteger ||
      input->shape.size() != 1)
    return node.refuse("is supported on shapes only");
  FailureOr<const Constant *> indices = node.integers(1, "indices");
  int64_t axis = 0;
  if (failed(indices) || failed(node.read("axis", axis)) ||
      failed(node.checkAllRead(2)))
    return failure();
  const std::vector<int64_t> &values = input->constant->integers;
  auto size = static_cast<int64_t>(values.size());
  Constant constant;
  constant.isInteger = true;
  constant.dims = (*indices)->dims;
  for (int64_t index : (*indices)->integers) {
    if ((axis != 0 && axis != -1) || index < -size || index >= size)
      return node.refuse("element " + Twine(index) + " of axis " + Twine(axis) +
                         " does not exist");
    constant.integers.push_back(values[index < 0 ? index + size : index]);
  }
  return node.result(std::move(constant));
}

LogicalResult qat::onnx::importConcat(NodeContext &node) {
  int64_t axis = 0;
  if (failed(node.read("axis", axis)))
    return failure();
  Constant constant;
  constant.isInteger = true;
  unsigned inputs = 0;
  for (; node.has(inputs); ++inputs) {
    FailureOr<Data> input = node.any(inputs);
    if (failed(input))
      return failure();
    if (!input->constant || !input->constant->isInteger ||
        input->shape.size() != 1)
      return node.refuse("is supported on shapes only");
    llvm::append_range(constant.integers, input->constant->integers);
  }
  if (failed(node.checkAllRead(inputs)))
    return failure();
  if (axis != 0 && axis != -1)
    return node.refuse("its axis " + Twine(axis) +
                       " is not a dimension of a shape");
  constant.dims = {static_cast<int64_t>(constant.integers.size())};
  return node.result(std::move(constant));
}
