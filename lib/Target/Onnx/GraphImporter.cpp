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
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;
using namespace mlir::qat::onnx;

/// Nodes that a message names for one operator.
static constexpr size_t kNodesNamed = 8;

GraphImporter::GraphImporter(const Model &model, MLIRContext *context,
                             const OnnxImportOptions &options)
    : model(model), options(options), context(context) {
  for (const Node &node : model.nodes) {
    for (const std::string &input : node.inputs)
      ++uses[input];
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

Error GraphImporter::checkOperators() const {
  MapVector<StringRef, SmallVector<StringRef>> missing;
  for (const Node &node : model.nodes)
    if (!findOperator(node.operation))
      missing[node.operation].push_back(labelOf(node));
  if (missing.empty())
    return Error::success();
  std::string text;
  raw_string_ostream os(text);
  os << missing.size()
     << (missing.size() == 1 ? " operator is" : " operators are")
     << " not supported: ";
  llvm::interleaveComma(missing, os, [&](auto &entry) {
    ArrayRef<StringRef> nodes = entry.second;
    os << quote(entry.first) << (nodes.size() == 1 ? " (node " : " (nodes ");
    llvm::interleaveComma(nodes.take_front(kNodesNamed), os,
                          [&](StringRef name) { os << quote(name); });
    if (nodes.size() > kNodesNamed)
      os << " and " << nodes.size() - kNodesNamed << " more";
    os << ")";
  });
  return createStringError(text);
}

Expected<SmallVector<int64_t, 4>>
GraphImporter::inputShape(const Input &input) const {
  std::string name = "input " + quote(input.name);
  if (!input.problem.empty())
    return createStringError(name + " " + input.problem);
  SmallVector<int64_t, 4> shape = input.dims;
  if (shape.size() != 4 && shape.size() != 2)
    return createStringError(name + " has the shape " + formatShape(shape) +
                             "; images (NxCxHxW) and matrices (NxK) are "
                             "supported");
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
  if (llvm::is_contained(shape, kSymbolic))
    return createStringError(name + " has the shape " + formatShape(shape) +
                             "; give its sizes by --shape");
  std::optional<int64_t> count = countElements(shape);
  if (!count || *count == 0)
    return createStringError(name + " has the impossible shape " +
                             formatShape(shape));
  return shape;
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
    if (data.isImage())
      own = {own[0], own[2], own[3], own[1]};
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
    const Data &first = values[model.inputs.front().name];
    if (Error error = options.preprocessing->verify(first.shape[1]))
      return error;
    (*module)->setAttr(kPreprocessingAttrName,
                       preprocessingToAttr(context, *options.preprocessing));
  }
  return Error::success();
}

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

Error GraphImporter::importNodes() {
  for (const Node &node : model.nodes) {
    NodeContext nodeContext(*this, node);
    const Operator *op = findOperator(node.operation);
    if (model.opset < op->since)
      return createStringError(node.operation + " " + quote(labelOf(node)) +
                               ": is supported from "
                               "opset " +
                               Twine(op->since) + " on; the model uses " +
                               Twine(model.opset));
    if (failed(op->import(nodeContext)))
      return nodeContext.takeError();
  }
  return Error::success();
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
    results.push_back(data->isImage() ? data->value : inModelOrder(loc, *data));
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

Value GraphImporter::inModelOrder(Location loc, const Data &data) {
  if (!data.isImage() && !data.columns)
    return data.value;
  int64_t batch = data.shape[0];
  ImageSize size = data.isImage()
                       ? ImageSize{data.shape[1], data.shape[2], data.shape[3]}
                       : *data.columns;
  SmallVector<int64_t, 4> modelShape = {batch, size.channels, size.height,
                                        size.width};
  Value value = emitter->reshape(
      loc, data.value, {batch, size.height, size.width, size.channels});
  // One channel or one pixel: both orders are the same.
  if (size.channels == 1 || size.height * size.width == 1)
    value = emitter->reshape(loc, value, modelShape);
  else
    value = emitter->transpose(loc, value, {0, 3, 1, 2});
  return emitter->reshape(loc, value, data.shape);
}

Expected<OwningOpRef<ModuleOp>> GraphImporter::run() {
  if (Error error = checkOperators())
    return std::move(error);
  module = ModuleOp::create(UnknownLoc::get(context));
  OpBuilder builder(module->getBodyRegion());
  main = func::FuncOp::create(builder, UnknownLoc::get(context), "main",
                              builder.getFunctionType({}, {}));
  main.addEntryBlock();
  emitter = std::make_unique<Emitter>(*module, main);
  for (auto step : {&GraphImporter::importInputs, &GraphImporter::importNodes,
                    &GraphImporter::importOutputs})
    if (Error error = (this->*step)())
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
