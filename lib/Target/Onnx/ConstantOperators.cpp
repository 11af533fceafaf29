//===- ConstantOperators.cpp - operators on constants, mostly shapes ------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// Exporters compute shapes in the graph (Shape, Gather, Unsqueeze, Concat,
// Reshape) and prepare weights there. Shapes are static here, so that all of
// these are constants.

#include "Operators.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

#include <array>
#include <cmath>

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

//===----------------------------------------------------------------------===//
// Selections
//===----------------------------------------------------------------------===//

/// A constant of shape `dims` whose element at index `i` is that of `source` at
/// `map(i)`, counted in elements.
static Constant pick(const Constant &source, ArrayRef<int64_t> dims,
                     llvm::function_ref<int64_t(ArrayRef<int64_t>)> map) {
  Constant result;
  result.isInteger = source.isInteger;
  result.dims.assign(dims.begin(), dims.end());
  int64_t count = countElements(dims).value_or(0);
  SmallVector<int64_t> index(dims.size(), 0);
  for (int64_t i = 0; i < count; ++i) {
    int64_t from = map(index);
    if (source.isInteger)
      result.integers.push_back(source.integers[from]);
    else
      result.floats.push_back(source.floats[from]);
    for (size_t dim = dims.size(); dim-- > 0;) {
      if (++index[dim] < dims[dim])
        break;
      index[dim] = 0;
    }
  }
  return result;
}

/// How many elements a step along each dimension is.
static SmallVector<int64_t> stridesOf(ArrayRef<int64_t> dims) {
  SmallVector<int64_t> strides(dims.size());
  int64_t stride = 1;
  for (size_t dim = dims.size(); dim-- > 0; stride *= dims[dim])
    strides[dim] = stride;
  return strides;
}

static bool isEmpty(const Constant &constant) {
  return constant.floats.empty() && constant.integers.empty();
}

LogicalResult qat::onnx::foldTranspose(NodeContext &node, const Constant &input,
                                       ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> dims, strides, from = stridesOf(input.dims);
  for (int64_t dim : permutation) {
    dims.push_back(input.dims[dim]);
    strides.push_back(from[dim]);
  }
  return node.result(pick(input, dims, [&](ArrayRef<int64_t> index) {
    int64_t position = 0;
    for (auto [i, stride] : llvm::zip_equal(index, strides))
      position += i * stride;
    return position;
  }));
}

LogicalResult qat::onnx::importGather(NodeContext &node) {
  FailureOr<Data> input = node.any(0);
  if (failed(input))
    return failure();
  if (!input->constant)
    return node.refuse("is supported on constants and shapes only");
  FailureOr<const Constant *> indices = node.integers(1, "indices");
  int64_t axis = 0;
  if (failed(indices) || failed(node.read("axis", axis)) ||
      failed(node.checkAllRead(2)))
    return failure();
  const Constant &source = *input->constant;
  auto rank = static_cast<int64_t>(source.dims.size());
  if (axis < -rank || axis >= rank)
    return node.refuse("its axis " + Twine(axis) + " is not a dimension of " +
                       formatShape(source.dims));
  axis += axis < 0 ? rank : 0;
  int64_t size = source.dims[axis];
  for (int64_t index : (*indices)->integers)
    if (index < -size || index >= size)
      return node.refuse("element " + Twine(index) + " of axis " + Twine(axis) +
                         " does not exist");
  SmallVector<int64_t> dims(source.dims.begin(), source.dims.begin() + axis);
  llvm::append_range(dims, (*indices)->dims);
  dims.append(source.dims.begin() + axis + 1, source.dims.end());
  if (failed(node.checkConstant(dims)))
    return failure();
  SmallVector<int64_t> strides = stridesOf(source.dims),
                       inner = stridesOf((*indices)->dims);
  return node.result(pick(source, dims, [&](ArrayRef<int64_t> index) {
    int64_t position = 0, chosen = 0;
    for (int64_t dim = 0; dim < axis; ++dim)
      position += index[dim] * strides[dim];
    for (auto [dim, stride] : llvm::enumerate(inner))
      chosen += index[axis + dim] * stride;
    int64_t element = (*indices)->integers[chosen];
    position += (element < 0 ? element + size : element) * strides[axis];
    for (int64_t dim = axis + 1; dim < rank; ++dim)
      position += index[dim + inner.size() - 1] * strides[dim];
    return position;
  }));
}

/// The numbers of an attribute before opset 10, of an input from there on.
static LogicalResult readSliceList(NodeContext &node, StringRef name,
                                   unsigned index,
                                   std::vector<int64_t> &values) {
  if (node.opset() < 10)
    return node.read(name, values);
  if (!node.has(index))
    return success();
  FailureOr<const Constant *> constant = node.integers(index, name);
  if (succeeded(constant))
    values = (*constant)->integers;
  return failure(failed(constant));
}

LogicalResult qat::onnx::importSlice(NodeContext &node) {
  FailureOr<Data> input = node.any(0);
  if (failed(input))
    return failure();
  if (!input->constant)
    return node.refuse("is supported on constants and shapes only");
  std::vector<int64_t> starts, ends, axes, steps;
  if (failed(readSliceList(node, "starts", 1, starts)) ||
      failed(readSliceList(node, "ends", 2, ends)) ||
      failed(readSliceList(node, "axes", 3, axes)) ||
      (node.opset() >= 10 && failed(readSliceList(node, "steps", 4, steps))) ||
      failed(node.checkAllRead(node.opset() < 10 ? 1 : 5)))
    return failure();
  const Constant &source = *input->constant;
  auto rank = static_cast<int64_t>(source.dims.size());
  if (axes.empty())
    for (size_t i = 0; i < starts.size(); ++i)
      axes.push_back(i);
  steps.resize(steps.empty() ? starts.size() : steps.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size())
    return node.refuse("its starts, ends, axes and steps are not equally many");
  SmallVector<int64_t> dims(source.dims.begin(), source.dims.end());
  SmallVector<int64_t> first(rank, 0), step(rank, 1);
  for (size_t i = 0; i < starts.size(); ++i) {
    int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
    if (axis < 0 || axis >= rank || steps[i] != 1)
      return node.refuse("steps other than 1 and axes that do not exist are "
                         "not supported");
    int64_t size = source.dims[axis];
    auto clamp = [&](int64_t index) {
      return std::clamp<int64_t>(index < 0 ? index + size : index, 0, size);
    };
    first[axis] = clamp(starts[i]);
    dims[axis] = std::max<int64_t>(clamp(ends[i]) - first[axis], 0);
  }
  SmallVector<int64_t> strides = stridesOf(source.dims);
  return node.result(pick(source, dims, [&](ArrayRef<int64_t> index) {
    int64_t position = 0;
    for (int64_t dim = 0; dim < rank; ++dim)
      position += (first[dim] + index[dim]) * strides[dim];
    return position;
  }));
}

LogicalResult qat::onnx::foldConcat(NodeContext &node,
                                    ArrayRef<const Constant *> inputs,
                                    int64_t axis) {
  const Constant &front = *inputs.front();
  auto rank = static_cast<int64_t>(front.dims.size());
  if (axis < -rank || axis >= rank)
    return node.refuse("its axis " + Twine(axis) + " is not a dimension of " +
                       formatShape(front.dims));
  axis += axis < 0 ? rank : 0;
  Constant result;
  result.isInteger = front.isInteger;
  result.dims = front.dims;
  result.dims[axis] = 0;
  int64_t blocks = 1;
  for (int64_t dim = 0; dim < axis; ++dim)
    blocks *= front.dims[dim];
  for (const Constant *input : inputs) {
    SmallVector<int64_t, 4> dims = input->dims;
    if (dims.size() == front.dims.size())
      dims[axis] = front.dims[axis];
    if (input->isInteger != front.isInteger || dims != front.dims)
      return node.refuse("joins constants of shapes " +
                         formatShape(front.dims) + " and " +
                         formatShape(input->dims) + ", which do not fit");
    result.dims[axis] += input->dims[axis];
  }
  if (failed(node.checkConstant(result.dims)))
    return failure();
  auto append = [&](auto &to, const auto &from, int64_t block) {
    int64_t size = blocks ? static_cast<int64_t>(from.size()) / blocks : 0;
    to.insert(to.end(), from.begin() + block * size,
              from.begin() + (block + 1) * size);
  };
  for (int64_t block = 0; block < blocks; ++block)
    for (const Constant *input : inputs) {
      append(result.integers, input->integers, block);
      append(result.floats, input->floats, block);
    }
  return node.result(std::move(result));
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

LogicalResult qat::onnx::foldBinary(NodeContext &node, const Constant &lhs,
                                    const Constant &rhs) {
  if (lhs.isInteger != rhs.isInteger || isEmpty(lhs) || isEmpty(rhs))
    return node.refuse("has constants of different or no elements; simplify "
                       "the model (onnxsim)");
  size_t rank = std::max(lhs.dims.size(), rhs.dims.size());
  SmallVector<int64_t> dims(rank, 1);
  SmallVector<SmallVector<int64_t>, 2> strides(2);
  const std::array<const Constant *, 2> operands = {&lhs, &rhs};
  for (auto [operand, constant] : llvm::enumerate(operands)) {
    size_t missing = rank - constant->dims.size();
    SmallVector<int64_t> own = stridesOf(constant->dims);
    strides[operand].assign(rank, 0);
    for (auto [dim, size] : llvm::enumerate(constant->dims)) {
      if (size == 1)
        continue;
      if (dims[missing + dim] != 1 && dims[missing + dim] != size)
        return node.refuse("has constants of shapes " + formatShape(lhs.dims) +
                           " and " + formatShape(rhs.dims) +
                           ", which do not fit");
      dims[missing + dim] = size;
      strides[operand][missing + dim] = own[dim];
    }
  }
  if (failed(node.checkConstant(dims)))
    return failure();
  auto spread = [&](unsigned operand, const Constant &constant) {
    return pick(constant, dims, [&](ArrayRef<int64_t> index) {
      int64_t position = 0;
      for (auto [i, stride] : llvm::zip_equal(index, strides[operand]))
        position += i * stride;
      return position;
    });
  };
  Constant result = spread(0, lhs), other = spread(1, rhs);
  StringRef op = node.operation();
  for (auto [x, y] : llvm::zip_equal(result.floats, other.floats))
    x = op == "Add" ? x + y : op == "Sub" ? x - y : op == "Mul" ? x * y : x / y;
  for (auto [x, y] : llvm::zip_equal(result.integers, other.integers)) {
    // As two's complement has it; a quotient has to exist.
    auto a = static_cast<uint64_t>(x), b = static_cast<uint64_t>(y);
    if (op == "Div" &&
        (y == 0 || (y == -1 && x == std::numeric_limits<int64_t>::min())))
      return node.refuse("divides by zero");
    x = op == "Add"   ? static_cast<int64_t>(a + b)
        : op == "Sub" ? static_cast<int64_t>(a - b)
        : op == "Mul" ? static_cast<int64_t>(a * b)
                      : x / y;
  }
  return node.result(std::move(result));
}

LogicalResult qat::onnx::foldUnary(NodeContext &node, const Constant &input) {
  Constant result = input;
  bool isNeg = node.operation() == "Neg";
  if (input.isInteger && !isNeg)
    return node.refuse("is not defined on integers");
  for (float &value : result.floats)
    value = isNeg ? -value : std::sqrt(value);
  for (int64_t &value : result.integers)
    value = static_cast<int64_t>(-static_cast<uint64_t>(value));
  return node.result(std::move(result));
}

LogicalResult qat::onnx::importSqrt(NodeContext &node) {
  FailureOr<const Constant *> input = node.constant(0, "operand");
  if (failed(input) || failed(node.checkAllRead(1)))
    return failure();
  return foldUnary(node, **input);
}

LogicalResult qat::onnx::importConstantOfShape(NodeContext &node) {
  FailureOr<const Constant *> shape = node.integers(0, "shape");
  if (failed(shape))
    return failure();
  Constant value;
  value.floats = {0.0f};
  if (const NodeAttribute *attribute = node.find("value")) {
    if (attribute->kind != NodeAttribute::Kind::Tensor)
      return node.refuse("attribute 'value' has the wrong type");
    value = attribute->tensor;
  }
  if (failed(node.checkAllRead(1)))
    return failure();
  if (!value.problem.empty() || isEmpty(value))
    return node.refuse("its value cannot be used");
  ArrayRef<int64_t> dims = (*shape)->integers;
  if (failed(node.checkConstant(dims)))
    return failure();
  return node.result(
      pick(value, dims, [](ArrayRef<int64_t>) { return int64_t(0); }));
}

LogicalResult qat::onnx::importCast(NodeContext &node) {
  FailureOr<Data> input = node.any(0);
  int64_t type = 0;
  node.ignore("saturate");
  node.ignore("round_mode");
  if (failed(input) || failed(node.read("to", type)) ||
      failed(node.checkAllRead(1)))
    return failure();
  bool toReal = type == kFloatType,
       toInteger = type == kInt64Type || type == kInt32Type;
  if (!toReal && !(toInteger && input->constant))
    return node.refuse("casts to another type than float, which is not "
                       "supported");
  if (!input->constant) {
    node.shareInput(0, *input);
    return node.result(std::move(*input));
  }
  Constant result = *input->constant;
  if (toReal && result.isInteger) {
    result.floats.assign(result.integers.begin(), result.integers.end());
    result.integers.clear();
  } else if (toInteger && !result.isInteger) {
    for (float value : result.floats) {
      if (!(std::fabs(value) < 2147483648.0f))
        return node.refuse("casts a value that no integer holds");
      result.integers.push_back(static_cast<int64_t>(value));
    }
    result.floats.clear();
  }
  result.isInteger = toInteger;
  return node.result(std::move(result));
}
