//===- NodeContext.cpp - what a handler sees of a node --------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"

#include "llvm/ADT/Twine.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat::onnx;

NodeContext::NodeContext(GraphImporter &graph, const Node &node)
    : graph(graph), node(node), layerName(graph.uniqueLayerName(node)),
      location(graph.nameLoc(layerName)) {}

LogicalResult NodeContext::refuse(const Twine &why) {
  reason = why.str();
  return failure();
}

LogicalResult NodeContext::fail(Error error) {
  return refuse(toString(std::move(error)));
}

Error NodeContext::takeError() {
  return createStringError(node.operation + " " + quote(layerName) + ": " +
                           reason);
}

bool NodeContext::has(unsigned index) const {
  return index < node.inputs.size() && !node.inputs[index].empty();
}

bool NodeContext::hasFurtherOutputs() const {
  // A node need not have an output at all.
  for (size_t i = 1; i < node.outputs.size(); ++i)
    if (!node.outputs[i].empty())
      return true;
  return false;
}

bool NodeContext::isOnlyUse(unsigned index) const {
  return graph.uses.lookup(node.inputs[index]) == 1;
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

FailureOr<Data> NodeContext::any(unsigned index) {
  if (!has(index)) {
    (void)refuse("input " + Twine(index) + " is missing");
    return failure();
  }
  Expected<Data> data = graph.lookup(node.inputs[index]);
  if (!data) {
    (void)fail(data.takeError());
    return failure();
  }
  if (data->constant && !data->constant->problem.empty()) {
    (void)refuse(quote(node.inputs[index]) + " " + data->constant->problem);
    return failure();
  }
  return std::move(*data);
}

FailureOr<Data> NodeContext::tensor(unsigned index) {
  FailureOr<Data> data = any(index);
  if (succeeded(data) && data->constant) {
    (void)refuse("input " + quote(node.inputs[index]) +
                 " is a constant; it has to depend on the network's input");
    return failure();
  }
  return data;
}

FailureOr<Data> NodeContext::image(unsigned index) {
  FailureOr<Data> data = tensor(index);
  if (succeeded(data) && !data->isImage()) {
    (void)refuse("input " + quote(node.inputs[index]) + " has the shape " +
                 formatShape(data->shape) + "; images (NxCxHxW) are supported");
    return failure();
  }
  return data;
}

FailureOr<Data> NodeContext::matrix(unsigned index) {
  FailureOr<Data> data = tensor(index);
  if (succeeded(data) && data->isImage()) {
    (void)refuse("input " + quote(node.inputs[index]) + " has the shape " +
                 formatShape(data->shape) + "; matrices (NxK) are supported");
    return failure();
  }
  return data;
}

FailureOr<const Constant *> NodeContext::constant(unsigned index,
                                                  StringRef role) {
  FailureOr<Data> data = any(index);
  if (failed(data))
    return failure();
  if (!data->constant) {
    (void)refuse("its " + role + " " + quote(node.inputs[index]) +
                 " is computed; it has to be constant");
    return failure();
  }
  return data->constant;
}

FailureOr<const Constant *> NodeContext::reals(unsigned index, StringRef role) {
  FailureOr<const Constant *> result = constant(index, role);
  if (succeeded(result) && (*result)->isInteger) {
    (void)refuse("its " + role + " " + quote(node.inputs[index]) +
                 " holds integers");
    return failure();
  }
  return result;
}

FailureOr<const Constant *> NodeContext::integers(unsigned index,
                                                  StringRef role) {
  FailureOr<const Constant *> result = constant(index, role);
  if (succeeded(result) && !(*result)->isInteger) {
    (void)refuse("its " + role + " " + quote(node.inputs[index]) +
                 " does not hold integers");
    return failure();
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

const NodeAttribute *NodeContext::find(StringRef name) {
  attributesRead.insert(name);
  auto found = node.attributes.find(name.str());
  return found == node.attributes.end() ? nullptr : &found->second;
}

const NodeAttribute *NodeContext::find(StringRef name, NodeAttribute::Kind kind,
                                       bool &isWrong) {
  const NodeAttribute *attribute = find(name);
  isWrong = attribute && attribute->kind != kind;
  if (isWrong)
    (void)refuse("attribute " + quote(name) + " has the wrong type");
  return isWrong ? nullptr : attribute;
}

LogicalResult NodeContext::read(StringRef name, int64_t &value) {
  bool isWrong = false;
  if (const NodeAttribute *found =
          find(name, NodeAttribute::Kind::Integer, isWrong))
    value = found->integer;
  return failure(isWrong);
}

LogicalResult NodeContext::read(StringRef name, float &value) {
  bool isWrong = false;
  if (const NodeAttribute *found =
          find(name, NodeAttribute::Kind::Float, isWrong))
    value = found->real;
  return failure(isWrong);
}

LogicalResult NodeContext::read(StringRef name, std::string &value) {
  bool isWrong = false;
  if (const NodeAttribute *found =
          find(name, NodeAttribute::Kind::String, isWrong))
    value = found->text;
  return failure(isWrong);
}

LogicalResult NodeContext::read(StringRef name, std::vector<int64_t> &value) {
  bool isWrong = false;
  if (const NodeAttribute *found =
          find(name, NodeAttribute::Kind::Integers, isWrong))
    value = found->integers;
  return failure(isWrong);
}

LogicalResult NodeContext::checkAllRead(unsigned inputs) {
  for (const auto &attribute : node.attributes)
    if (!attributesRead.contains(attribute.first))
      return refuse("attribute " + quote(attribute.first) +
                    " is not supported");
  for (unsigned i = inputs; i < node.inputs.size(); ++i)
    if (has(i))
      return refuse("has " + Twine(node.inputs.size()) + " inputs; at most " +
                    Twine(inputs) + " are supported");
  return success();
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

LogicalResult NodeContext::result(Data data) {
  if (node.outputs.empty() || node.outputs[0].empty())
    return success();
  if (!data.constant) {
    std::optional<int64_t> count = countElements(data.shape);
    if (!count || *count == 0)
      return refuse("its result has the impossible shape " +
                    formatShape(data.shape));
  }
  const std::string &name = node.outputs[0];
  if (graph.model.initializers.count(name) ||
      !graph.values.try_emplace(name, std::move(data)).second)
    return refuse("its output " + quote(name) +
                  " has been given a value "
                  "before");
  return success();
}

LogicalResult NodeContext::result(Value value, ArrayRef<int64_t> shape) {
  Data data;
  data.value = value;
  data.shape.assign(shape.begin(), shape.end());
  return result(std::move(data));
}

LogicalResult NodeContext::result(Constant constant) {
  Data data;
  data.shape.assign(constant.dims.begin(), constant.dims.end());
  graph.ownConstants.push_back(std::move(constant));
  data.constant = &graph.ownConstants.back();
  return result(std::move(data));
}

Value NodeContext::parameter(StringRef layer, StringRef role,
                             ArrayRef<int64_t> shape, ArrayRef<float> values,
                             Operation *before) {
  return graph.emitter->parameter(
      graph.nameLoc(layer), (layer + "." + role).str(), shape, values, before);
}

std::optional<std::vector<float>>
qat::onnx::onePerChannel(const Constant &constant, ArrayRef<int64_t> shape) {
  // Shapes are aligned at their ends.
  size_t rank = constant.dims.size();
  if (rank > shape.size() || constant.floats.empty())
    return std::nullopt;
  for (size_t i = 0; i < rank; ++i) {
    size_t axis = shape.size() - rank + i;
    if (constant.dims[i] != 1 && (axis != 1 || constant.dims[i] != shape[1]))
      return std::nullopt;
  }
  if (constant.floats.size() == 1)
    return std::vector<float>(shape[1], constant.floats[0]);
  return constant.floats;
}

std::vector<int64_t> qat::onnx::columnOrder(const ImageSize &image) {
  std::vector<int64_t> order;
  int64_t pixels = image.height * image.width;
  order.reserve(pixels * image.channels);
  for (int64_t pixel = 0; pixel < pixels; ++pixel)
    for (int64_t channel = 0; channel < image.channels; ++channel)
      order.push_back(channel * pixels + pixel);
  return order;
}
