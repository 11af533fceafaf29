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

/// The elements of all constants that are computed at import: a small file may
/// ask for any number.
static constexpr int64_t kMaxOwnElements = int64_t(1) << 27;

NodeContext::NodeContext(GraphImporter &graph, const Node &node)
    : graph(graph), node(node), layerName(graph.uniqueLayerName(node)),
      location(graph.nameLoc(layerName)) {}

LogicalResult NodeContext::refuse(const Twine &why) {
  complain(why);
  return failure();
}

void NodeContext::complain(const Twine &why) {
  graph.refusals.add(node.operation, layerName, why);
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
    (void)refuse(toString(data.takeError()));
    return failure();
  }
  if (data->isUnknown)
    return failure();
  if (data->constant && !data->constant->problem.empty()) {
    (void)refuse(quote(node.inputs[index]) + " " + data->constant->problem);
    return failure();
  }
  return std::move(*data);
}

FailureOr<Data> NodeContext::unsettled(unsigned index) {
  FailureOr<Data> data = any(index);
  if (succeeded(data) && data->constant) {
    (void)refuse("input " + quote(node.inputs[index]) +
                 " is a constant; it has to depend on the network's input");
    return failure();
  }
  return data;
}

void NodeContext::settle(unsigned index, Data &data) {
  if (!data.pending)
    return;
  graph.settle(data);
  // Once for all readers.
  graph.values[node.inputs[index]] = data;
}

void NodeContext::shareInput(unsigned index, Data &data) {
  if (isOnlyUse(index))
    return;
  settle(index, data);
  data.producer = {};
}

FailureOr<Data> NodeContext::tensor(unsigned index) {
  FailureOr<Data> data = unsettled(index);
  if (succeeded(data))
    settle(index, *data);
  return data;
}

LogicalResult NodeContext::refuseShape(unsigned index, const Data &data,
                                       StringRef wanted) {
  return refuse("input " + quote(node.inputs[index]) + " has the shape " +
                formatShape(data.shape) + "; " + wanted + " are supported");
}

FailureOr<Image> NodeContext::image(Data data, unsigned index) {
  if (!data.isImage())
    return refuseShape(index, data, "images (NxCxHxW) and signals (NxCxW)");
  Image image;
  image.isSignal = data.shape.size() == 3;
  image.batch = data.shape[0];
  image.channels = data.shape[1];
  image.height = image.isSignal ? 1 : data.shape[2];
  image.width = data.shape.back();
  if (data.pending && data.pending->kind == Pending::Kind::Pad) {
    ArrayRef<int64_t> pad = data.pending->pad;
    image.height -= pad[0] + pad[1];
    image.width -= pad[2] + pad[3];
  } else {
    graph.reorder(location, data, channelsLastOrder(data.shape.size()));
  }
  image.pending = std::move(data.pending);
  image.value =
      emit().reshape(location, data.value,
                     {image.batch, image.height, image.width, image.channels});
  return image;
}

FailureOr<Image> NodeContext::image(unsigned index) {
  FailureOr<Data> data = tensor(index);
  if (failed(data))
    return failure();
  return image(std::move(*data), index);
}

Data NodeContext::inModelOrder(Data data) {
  SmallVector<unsigned> dims = modelOrder(data.shape.size());
  return inOrder(std::move(data), dims);
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
      complain("attribute " + quote(attribute.first) + " is not supported");
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
  // A shape with an impossible product has no layout.
  if (countElements(shape).value_or(0) != 0)
    data.layout = Layout::channelsLast(shape);
  return result(std::move(data));
}

LogicalResult NodeContext::checkConstant(ArrayRef<int64_t> dims) {
  std::optional<int64_t> count = countElements(dims);
  if (!count || *count > kMaxOwnElements - graph.ownElements)
    return refuse("its result, a constant of shape " + formatShape(dims) +
                  ", is too large to be computed at import");
  return success();
}

LogicalResult NodeContext::result(Constant constant) {
  if (failed(checkConstant(constant.dims)))
    return failure();
  graph.ownElements += *countElements(constant.dims);
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
