//===- GraphImporter.h - walks the graph, node by node ----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_ONNX_GRAPHIMPORTER_H
#define QAT_LIB_TARGET_ONNX_GRAPHIMPORTER_H

#include "Layout.h"
#include "OnnxModel.h"
#include "Refusals.h"

#include "qat/Dialect/Qat/IR/FormFEmitter.h"

#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <array>
#include <deque>
#include <memory>
#include <optional>

namespace mlir::qat {
struct OnnxImportOptions;
} // namespace mlir::qat

namespace mlir::qat::onnx {

using Emitter = FormFEmitter;

/// What was read of the model but not written yet, since the reader may take
/// it up: a convolution an affine map in its weights, or a pad in its own.
/// Every other reader has it written first (NodeContext::tensor).
struct Pending {
  enum class Kind { Affine, Pad };
  Kind kind = Kind::Affine;
  /// The name of the layer that it becomes where it is written.
  std::string layer;

  /// Affine: scale * x + offset, one value, or one for each index of `axis`.
  std::vector<double> scale, offset;
  unsigned axis = 0;
  /// Pad: zeros around an image; top, bottom, left, right. The shape of the
  /// Data is that with the pad, its value is without.
  std::array<int64_t, 4> pad{};

  bool hasOffset() const {
    return llvm::any_of(offset, [](double value) { return value != 0; });
  }
};

/// The layer whose result a tensor is, if nothing came between: a constant
/// that is added or multiplied goes into its parameters.
struct Producer {
  enum class Kind { None, Layer, Norm };
  Kind kind = Kind::None;
  /// The layer that the names of the parameters begin with.
  std::string layer;
  /// Of a layer without a bias, the operation.
  Operation *biasFree = nullptr;
  /// Whether the weights are HWCM.
  bool isDepthwise = false;
  /// The dimension of the model that holds the output channels, and how many
  /// there are.
  unsigned axis = 1;
  int64_t channels = 0;
};

/// What a name in the graph stands for: a constant, or a tensor of the
/// function.
struct Data {
  const Constant *constant = nullptr;
  /// Any shape with the elements in the order of `layout`.
  Value value;
  /// As the model has it.
  SmallVector<int64_t, 4> shape;
  Layout layout;
  std::optional<Pending> pending;
  Producer producer;
  /// The result of a node that was refused: readers are passed over.
  bool isUnknown = false;

  /// An image or, one row of it, a signal (NxCxW).
  bool isImage() const { return shape.size() == 4 || shape.size() == 3; }
  /// The number of dimensions that windows slide over.
  unsigned spatialRank() const { return shape.size() - 2; }
};

/// An image as TOSA wants it: NxHxWxC. A signal has H = 1.
struct Image {
  Value value;
  int64_t batch = 1, channels = 1, height = 1, width = 1;
  bool isSignal = false;
  /// What the reader has to take up.
  std::optional<Pending> pending;

  /// The shape of the model's tensor with other sizes.
  SmallVector<int64_t, 4> shape(int64_t channels, int64_t height,
                                int64_t width) const {
    if (isSignal)
      return {batch, channels, width};
    return {batch, channels, height, width};
  }
};

class NodeContext;

/// One operator of the table.
struct Operator {
  StringRef name;
  /// The oldest opset whose definition the handler implements.
  int64_t since;
  LogicalResult (*import)(NodeContext &node);
};

/// The table of operators; null where there is none of that name.
const Operator *findOperator(StringRef name);

/// The import of one model.
class GraphImporter {
public:
  GraphImporter(const Model &model, MLIRContext *context,
                const OnnxImportOptions &options);

  /// The module of form F, verified.
  llvm::Expected<OwningOpRef<ModuleOp>> run();

private:
  friend class NodeContext;

  llvm::Error importInputs();
  llvm::Expected<SmallVector<int64_t, 4>> inputShape(const Input &input) const;
  /// Whether the input `name` keeps the order that it has in the model: before
  /// anything cares about it, it is transposed from channels-last (as
  /// converters from such frameworks write it) or reshaped from rank 3.
  bool keepsOrder(StringRef name, size_t rank) const;
  /// Whether the model transposes the output `name` to channels-last, so that
  /// it is given back as the model has it.
  bool isTransposedLast(StringRef name) const;
  void importNode(const Node &node);
  llvm::Error importOutputs();
  llvm::Expected<Data> lookup(StringRef name) const;
  /// Gives the outputs of a node that was refused a value, so that the nodes
  /// behind it are looked at as far as possible.
  void standInFor(const Node &node);
  /// A name that no layer has yet.
  std::string uniqueLayerName(const Node &node);
  Location nameLoc(StringRef name) const;

  /// Writes what is pending.
  void settle(Data &data);
  /// `data` with memory in the order of the dimensions `dims`, transposed where
  /// it is not.
  void reorder(Location loc, Data &data, ArrayRef<unsigned> dims);

  const Model &model;
  const OnnxImportOptions &options;
  MLIRContext *context;
  OwningOpRef<ModuleOp> module;
  func::FuncOp main;
  std::unique_ptr<Emitter> emitter;
  llvm::StringMap<Data> values;
  /// How often a name is read, graph outputs included.
  llvm::StringMap<int64_t> uses;
  /// The nodes that read a name.
  llvm::StringMap<SmallVector<const Node *, 2>> readers;
  /// The node that makes each name, to say why a name is not there yet.
  llvm::StringMap<const Node *> producers;
  Refusals refusals;
  llvm::StringSet<> layerNames;
  /// Constants that were computed here, and how many elements they have.
  std::deque<Constant> ownConstants;
  int64_t ownElements = 0;
};

/// What a handler sees: a node, its inputs, and the way to its result. Every
/// failure goes through refuse(), which keeps the reason.
class NodeContext {
public:
  NodeContext(GraphImporter &graph, const Node &node);

  /// Records why the node cannot be imported.
  LogicalResult refuse(const Twine &why);
  /// The same where the import may go on, to find more.
  void complain(const Twine &why);

  StringRef operation() const { return node.operation; }
  int64_t opset() const { return graph.model.opset; }
  Emitter &emit() { return *graph.emitter; }
  OpBuilder &builder() { return graph.emitter->builder; }
  Location loc() const { return location; }
  /// The name of the layer that this node becomes.
  StringRef layer() const { return layerName; }

  /// Whether input `index` is given.
  bool has(unsigned index) const;
  /// Whether the node has an output besides the first.
  bool hasFurtherOutputs() const;
  /// Whether nothing else reads input `index`.
  bool isOnlyUse(unsigned index) const;
  size_t numInputs() const { return node.inputs.size(); }
  /// Input `index`, whatever it is; maybe with something pending.
  FailureOr<Data> any(unsigned index);
  /// Input `index`, a tensor of the function, with nothing pending ...
  FailureOr<Data> tensor(unsigned index);
  /// ... or maybe so.
  FailureOr<Data> unsettled(unsigned index);
  /// Writes what is pending of input `index`.
  void settle(unsigned index, Data &data);
  /// For a result that is input `index` under another name: where others read
  /// the input too, nothing may be done to it that they would see.
  void shareInput(unsigned index, Data &data);
  /// `data` as an image; fails where it is none.
  FailureOr<Image> image(Data data, unsigned index = 0);
  FailureOr<Image> image(unsigned index);
  /// What the node is refused for that wants an image.
  LogicalResult refuseShape(unsigned index, const Data &data, StringRef wanted);
  /// Input `index`, a constant; `role` is what messages call it.
  FailureOr<const Constant *> constant(unsigned index, StringRef role);
  FailureOr<const Constant *> reals(unsigned index, StringRef role);
  FailureOr<const Constant *> integers(unsigned index, StringRef role);

  /// Attribute `name`, if it is there, in place of the default in `value`.
  LogicalResult read(StringRef name, int64_t &value);
  LogicalResult read(StringRef name, float &value);
  LogicalResult read(StringRef name, std::string &value);
  LogicalResult read(StringRef name, std::vector<int64_t> &value);
  /// The attribute itself, or null.
  const NodeAttribute *find(StringRef name);
  /// An attribute without a meaning for inference.
  void ignore(StringRef name) { find(name); }
  /// Fails for an attribute that nobody asked for, and for more inputs than
  /// `inputs`: the node says something that its handler does not know.
  LogicalResult checkAllRead(unsigned inputs);

  /// The result of the node: an image, a signal or a matrix ...
  LogicalResult result(Value value, ArrayRef<int64_t> shape);
  /// ... any tensor ...
  LogicalResult result(Data data);
  /// ... or a constant.
  LogicalResult result(Constant constant);
  /// Refuses a constant of shape `dims` that would be too large.
  LogicalResult checkConstant(ArrayRef<int64_t> dims);

  /// `data` with memory in the order of the dimensions `dims`, or in the
  /// model's own.
  Data inOrder(Data data, ArrayRef<unsigned> dims) {
    graph.reorder(location, data, dims);
    return data;
  }
  Data inModelOrder(Data data);
  /// The bias parameter of the layer, or constant zeros.
  Value bias(ArrayRef<float> values, int64_t channels) {
    if (values.empty())
      return emit().zeros(location, channels);
    return parameter(layerName, "bias", {channels}, values);
  }
  /// A parameter `layer`.`role`.
  Value parameter(StringRef layer, StringRef role, ArrayRef<int64_t> shape,
                  ArrayRef<float> values, Operation *before = nullptr);

private:
  const NodeAttribute *find(StringRef name, NodeAttribute::Kind kind,
                            bool &isWrong);

  GraphImporter &graph;
  const Node &node;
  std::string layerName;
  Location location;
  llvm::StringSet<> attributesRead;
};

} // namespace mlir::qat::onnx

#endif // QAT_LIB_TARGET_ONNX_GRAPHIMPORTER_H
