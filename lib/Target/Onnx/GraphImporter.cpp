//===- GraphImporter.cpp - walks the graph, node by node ------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"

#include "qat/Dialect/Qat/IR/PreprocessingAttr.h"
#include "qat/Target/Onnx/ImportOnnx.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

#include <algorithm>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;
using namespace mlir::qat::onnx;

GraphImporter::GraphImporter(const Model &model, MLIRContext *context,
                             const OnnxImportOptions &options)
    : model(model), options(options), context(context) {
  for (const Node &node : model.nodes) {
    for (const std::string &input : node.inputs) {
      ++uses[input];
      readers[input].push_back(&node);
    }
    for (const std::string &output : node.outputs)
      producers.try_emplace(output, &node);
  }
  for (const std::string &output : model.outputs)
    ++uses[output];
}

Location GraphImporter::nameLoc(StringRef name) const {
  return NameLoc::get(StringAttr::get(context, name));
}

static StringRef labelOf(const Node &node) {
  return node.name.empty() ? node.outputs[0] : node.name;
}

std::string GraphImporter::uniqueLayerName(const Node &node) {
  StringRef wanted = labelOf(node);
  std::string name = wanted.str();
  for (unsigned i = 1; !layerNames.insert(name).second; ++i)
    name = (wanted + "_" + Twine(i)).str();
  return name;
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

Expected<SmallVector<int64_t, 4>>
GraphImporter::inputShape(const Input &input) const {
  std::string name = "input " + quote(input.name);
  if (!input.problem.empty())
    return createStringError(name + " " + input.problem);
  SmallVector<int64_t, 4> shape = input.dims;
  if (shape.size() < 2 || shape.size() > 4)
    return createStringError(
        name + " has the shape " + formatShape(shape) +
        "; images (NxCxHxW), signals (NxCxW) and matrices (NxK) are supported");
  if (!options.shape.empty()) {
    bool agrees = options.shape.size() == shape.size();
    for (size_t i = 1; agrees && i < shape.size(); ++i)
      agrees = shape[i] == kSymbolic || shape[i] == options.shape[i];
    if (!agrees)
      return createStringError(name + " has the shape " + formatShape(shape) +
                               ", which --shape " + formatShape(options.shape) +
                               " does not agree with");
    shape = options.shape;
  }
  if (shape[0] == kSymbolic)
    shape[0] = 1;
  if (llvm::is_contained(shape, kSymbolic)) {
    std::string open;
    for (auto [index, size] : llvm::enumerate(shape))
      if (size == kSymbolic && !input.dimNames[index].empty())
        open += (open.empty() ? "" : ", ") + quote(input.dimNames[index]);
    return createStringError(name + " has the shape " + formatShape(shape) +
                             (open.empty() ? "" : " with symbolic " + open) +
                             "; give its sizes by --shape");
  }
  std::optional<int64_t> count = countElements(shape);
  if (!count || *count == 0)
    return createStringError(name + " has the impossible shape " +
                             formatShape(shape));
  return shape;
}

/// Operators that leave every element where it is.
static constexpr StringRef kElementwise[] = {
    "Add", "Cast", "Clip", "Div",     "Dropout", "Identity",
    "Mul", "Neg",  "Relu", "Softmax", "Sub"};

bool GraphImporter::keepsOrder(StringRef name, size_t rank) const {
  if (rank < 3 || !readers.contains(name))
    return false;
  // Each name once: there may be many ways, or a cycle.
  SmallVector<StringRef> open = {name};
  llvm::StringSet<> seen;
  while (!open.empty()) {
    StringRef current = open.pop_back_val();
    if (!seen.insert(current).second)
      continue;
    auto found = readers.find(current);
    if (found == readers.end())
      return false;
    for (const Node *node : found->second) {
      StringRef operation = node->operation;
      if (llvm::is_contained(kElementwise, operation)) {
        if (node->outputs.empty())
          return false;
        open.push_back(node->outputs[0]);
        continue;
      }
      if (rank == 3 && (operation == "Reshape" || operation == "Unsqueeze"))
        continue;
      auto perm = node->attributes.find("perm");
      if (operation != "Transpose" || perm == node->attributes.end() ||
          perm->second.integers != (rank == 4 ? std::vector<int64_t>{0, 3, 1, 2}
                                              : std::vector<int64_t>{0, 2, 1}))
        return false;
    }
  }
  return true;
}

bool GraphImporter::isTransposedLast(StringRef name) const {
  // Names may make a cycle: no path is longer than the graph.
  for (size_t i = 0; i < model.nodes.size(); ++i) {
    const Node *node = producers.lookup(name);
    if (!node)
      return false;
    if (node->operation == "Transpose") {
      auto perm = node->attributes.find("perm");
      return perm != node->attributes.end() &&
             (perm->second.integers == std::vector<int64_t>{0, 2, 3, 1} ||
              perm->second.integers == std::vector<int64_t>{0, 2, 1});
    }
    if (!llvm::is_contained(kElementwise, StringRef(node->operation)) ||
        node->inputs.empty())
      return false;
    name = node->inputs[0];
  }
  return false;
}

Error GraphImporter::importInputs() {
  if (model.inputs.empty())
    return createStringError("the graph has no input");
  if (model.inputs.size() > 1 && !options.shape.empty())
    return createStringError("--shape serves models with one input; this has " +
                             Twine(model.inputs.size()));
  for (const Input &input : model.inputs) {
    Expected<SmallVector<int64_t, 4>> shape = inputShape(input);
    if (!shape)
      return shape.takeError();
    Data data;
    data.shape = *shape;
    SmallVector<int64_t, 4> own = *shape;
    bool isReshaped =
        llvm::all_of(readers.lookup(input.name), [](const Node *node) {
          return node->operation == "Reshape" || node->operation == "Unsqueeze";
        });
    if (keepsOrder(input.name, own.size())) {
      data.layout = Layout::rowMajor(own);
    } else {
      data.layout = Layout::channelsLast(own);
      isReshaped = false;
      if (data.isImage())
        std::rotate(own.begin() + 1, own.begin() + 2, own.end());
    }
    if (own.size() == 3 && !isReshaped)
      own.insert(own.begin() + 1, 1);
    auto name = StringAttr::get(context, input.name);
    if (failed(main.insertArgument(
            main.getNumArguments(), emitter->type(own),
            DictionaryAttr::get(
                context,
                NamedAttribute(StringAttr::get(context, "qat.name"), name)),
            NameLoc::get(name))))
      return createStringError("the graph's inputs cannot be declared");
    data.value = main.getArguments().back();
    if (!values.try_emplace(input.name, data).second)
      return createStringError("there are two inputs " + quote(input.name));
  }
  if (options.preprocessing) {
    auto type = cast<RankedTensorType>(main.getArgumentTypes().front());
    if (Error error = options.preprocessing->verify(type.getShape().back()))
      return error;
    (*module)->setAttr(kPreprocessingAttrName,
                       preprocessingToAttr(context, *options.preprocessing));
  }
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Expected<Data> GraphImporter::lookup(StringRef name) const {
  auto value = values.find(name);
  if (value != values.end())
    return value->second;
  auto initializer = model.initializers.find(name);
  if (initializer != model.initializers.end()) {
    Data data;
    data.constant = &initializer->second;
    data.shape.assign(initializer->second.dims.begin(),
                      initializer->second.dims.end());
    return data;
  }
  auto producer = producers.find(name);
  if (producer == producers.end())
    return createStringError(quote(name) +
                             " is neither an input nor an "
                             "initializer nor the output of a node");
  const Node &node = *producer->second;
  if (node.outputs[0] != name)
    return createStringError(quote(name) + " is a further output of " +
                             node.operation + " " + quote(labelOf(node)) +
                             "; only the first is supported");
  return createStringError(quote(name) + " is made by " + node.operation + " " +
                           quote(labelOf(node)) +
                           ", which does not come before: the graph has a "
                           "cycle or is not sorted");
}

void GraphImporter::standInFor(const Node &node) {
  for (const std::string &output : node.outputs) {
    if (output.empty() || model.initializers.count(output))
      continue;
    Data data;
    auto shape = model.shapes.find(output);
    if (shape == model.shapes.end()) {
      data.isUnknown = true;
    } else {
      // The module is thrown away in the end: any value serves.
      data.shape = shape->second;
      data.layout = Layout::channelsLast(data.shape);
      SmallVector<int64_t, 4> own = data.shape;
      if (data.isImage())
        std::rotate(own.begin() + 1, own.begin() + 2, own.end());
      data.value = UnrealizedConversionCastOp::create(
                       emitter->builder, nameLoc(output),
                       TypeRange(emitter->type(own)), ValueRange())
                       .getResult(0);
    }
    values.try_emplace(output, std::move(data));
  }
}

void GraphImporter::settle(Data &data) {
  if (!data.pending)
    return;
  Pending pending = std::move(*data.pending);
  data.pending.reset();
  data.producer = {};
  std::string layer = std::move(pending.layer);
  Location loc = nameLoc(layer);
  if (pending.kind == Pending::Kind::Pad) {
    // Always an image: NHWC.
    bool isSignal = data.shape.size() == 3;
    const std::array<int64_t, 4> &pad = pending.pad;
    int64_t height = isSignal ? 1 : data.shape[2], width = data.shape.back();
    Value image = emitter->reshape(loc, data.value,
                                   {data.shape[0], height - pad[0] - pad[1],
                                    width - pad[2] - pad[3], data.shape[1]});
    data.value = emitter->pad(
        loc, image, {0, 0, pad[0], pad[1], pad[2], pad[3], 0, 0}, 0.0f);
    return;
  }
  // The channels are the dimension that the values go along, or any.
  auto type = cast<RankedTensorType>(data.value.getType());
  bool isUniform = pending.scale.size() == 1 && pending.offset.size() == 1;
  std::vector<int64_t> elements;
  if (isUniform)
    elements.assign(type.getShape().back(), 0);
  else
    (void)data.layout.isLast(pending.axis, data.shape[pending.axis], &elements);
  std::vector<float> weight, bias;
  for (int64_t element : elements) {
    weight.push_back(pending.scale[pending.scale.size() == 1 ? 0 : element]);
    if (pending.hasOffset())
      bias.push_back(pending.offset[pending.offset.size() == 1 ? 0 : element]);
  }
  auto channels = static_cast<int64_t>(weight.size());
  SmallVector<int64_t> shape(type.getShape());
  if (shape.size() != 4 || shape.back() != channels)
    shape = {shape[0], 1, type.getNumElements() / (shape[0] * channels),
             channels};
  Value image = emitter->reshape(loc, data.value, shape);
  image = emitter->scaleChannels(loc, layer, image, weight, bias);
  data.value = emitter->reshape(loc, image, type.getShape());
}

void GraphImporter::reorder(Location loc, Data &data, ArrayRef<unsigned> dims) {
  Layout wanted = Layout::permuted(data.shape, dims);
  if (data.layout == wanted)
    return;
  SmallVector<int64_t> sizes;
  SmallVector<int32_t> permutation;
  data.layout.getTranspose(dims, sizes, permutation);
  data.value = emitter->transpose(loc, emitter->reshape(loc, data.value, sizes),
                                  permutation);
  data.layout = wanted;
  data.producer = {};
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

void GraphImporter::importNode(const Node &node) {
  const Operator *op = findOperator(node.operation);
  if (!op) {
    refusals.addUnknown(node.operation, labelOf(node));
    return standInFor(node);
  }
  NodeContext nodeContext(*this, node);
  LogicalResult result =
      model.opset < op->since
          ? nodeContext.refuse("is supported from opset " + Twine(op->since) +
                               " on; the model uses " + Twine(model.opset))
          : op->import(nodeContext);
  if (failed(result))
    standInFor(node);
}

Error GraphImporter::importOutputs() {
  if (model.outputs.empty())
    return createStringError("the graph has no output");
  SmallVector<Value> results;
  SmallVector<DictionaryAttr> names;
  for (const std::string &output : model.outputs) {
    Expected<Data> data = lookup(output);
    if (!data)
      return createStringError("output " + quote(output) + ": " +
                               toString(data.takeError()));
    if (data->constant)
      return createStringError("output " + quote(output) +
                               " does not depend on an input");
    Location loc = nameLoc(output);
    settle(*data);
    ArrayRef<int64_t> shape = data->shape;
    bool isOwn = data->layout == Layout::rowMajor(shape);
    bool isSignal = shape.size() == 3 &&
                    (!isOwn || data->layout == Layout::channelsLast(shape));
    if (!isTransposedLast(output) && (shape.size() == 4 || isSignal)) {
      reorder(loc, *data, channelsLastOrder(shape.size()));
      std::rotate(data->shape.begin() + 1, data->shape.begin() + 2,
                  data->shape.end());
      if (data->shape.size() == 3)
        data->shape.insert(data->shape.begin() + 1, 1);
    } else if (!isOwn) {
      reorder(loc, *data, modelOrder(shape.size()));
    }
    results.push_back(emitter->reshape(loc, data->value, data->shape));
    names.push_back(DictionaryAttr::get(
        context, NamedAttribute(StringAttr::get(context, "qat.name"),
                                StringAttr::get(context, output))));
  }
  func::ReturnOp::create(emitter->builder, UnknownLoc::get(context), results);
  main.setType(FunctionType::get(context, main.getArgumentTypes(),
                                 ValueRange(results).getTypes()));
  for (auto [index, name] : enumerate(names))
    main.setResultAttrs(index, name);
  return Error::success();
}

Expected<OwningOpRef<ModuleOp>> GraphImporter::run() {
  module = ModuleOp::create(UnknownLoc::get(context));
  OpBuilder builder(module->getBodyRegion());
  main = func::FuncOp::create(builder, UnknownLoc::get(context), "main",
                              builder.getFunctionType({}, {}));
  main.addEntryBlock();
  emitter = std::make_unique<Emitter>(*module, main);
  if (Error error = importInputs()) {
    // Nothing can be computed, but operators can be looked up.
    for (const Node &node : model.nodes)
      if (!findOperator(node.operation))
        refusals.addUnknown(node.operation, labelOf(node));
    if (refusals.empty())
      return std::move(error);
    return createStringError(toString(std::move(error)) + "; " +
                             toString(refusals.take()));
  }
  for (const Node &node : model.nodes)
    importNode(node);
  if (!refusals.empty())
    return refusals.take();
  if (Error error = importOutputs())
    return std::move(error);

  std::string diagnosed;
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    if (diagnosed.empty())
      diagnosed = diagnostic.str();
  });
  if (failed(verify(*module)))
    return createStringError("the import is not valid IR: " + diagnosed);
  return std::move(module);
}
