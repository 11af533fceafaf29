//===- GraphImporter.h - walks the graph, node by node ----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_ONNX_GRAPHIMPORTER_H
#define QAT_LIB_TARGET_ONNX_GRAPHIMPORTER_H

#include "Emitter.h"
#include "OnnxModel.h"

#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <deque>
#include <memory>
#include <optional>

namespace mlir::qat {
struct OnnxImportOptions;
} // namespace mlir::qat

namespace mlir::qat::onnx {

/// The channels, height and width of an image that was flattened.
struct ImageSize {
  int64_t channels, height, width;
  bool operator==(const ImageSize &other) const {
    return channels == other.channels && height == other.height &&
           width == other.width;
  }
  bool operator!=(const ImageSize &other) const { return !(*this == other); }
};

/// What a name in the graph stands for: a constant, or a tensor of the
/// function. Tensors are images (NHWC here, NCHW in the model) or matrices.
struct Data {
  const Constant *constant = nullptr;
  Value value;
  /// As the model has it: NxCxHxW or NxK.
  SmallVector<int64_t, 4> shape;
  /// Of a matrix whose columns are in HWC order, where the model has CHW.
  std::optional<ImageSize> columns;
  /// The layer with weights whose result this is, if nothing came between:
  /// a batch norm names its parameters after it.
  std::string layer;
  /// The convolution of that layer, if its bias is still free.
  Operation *biasFree = nullptr;

  bool isImage() const { return shape.size() == 4; }
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

  llvm::Error checkOperators() const;
  llvm::Error importInputs();
  llvm::Expected<SmallVector<int64_t, 4>> inputShape(const Input &input) const;
  llvm::Error importNodes();
  llvm::Error importOutputs();
  llvm::Expected<Data> lookup(StringRef name) const;
  /// A name that no layer has yet.
  std::string uniqueLayerName(const Node &node);
  Location nameLoc(StringRef name) const;

  /// `data` in the model's own order of elements: its NxCxHxW is a dense
  /// tensor of that order, or its columns are the model's.
  Value inModelOrder(Location loc, const Data &data);

  const Model &model;
  const OnnxImportOptions &options;
  MLIRContext *context;
  OwningOpRef<ModuleOp> module;
  func::FuncOp main;
  std::unique_ptr<Emitter> emitter;
  llvm::StringMap<Data> values;
  /// How often a name is read, graph outputs included.
  llvm::StringMap<int64_t> uses;
  /// The node that makes each name, to say why a name is not there yet.
  llvm::StringMap<const Node *> producers;
  llvm::StringSet<> layerNames;
  /// Constants that were computed here.
  std::deque<Constant> ownConstants;
};

/// What a handler sees: a node, its inputs, and the way to its result. Every
/// failure goes through refuse(), which keeps the reason.
class NodeContext {
public:
  NodeContext(GraphImporter &graph, const Node &node);

  /// Records why the node cannot be imported.
  LogicalResult refuse(const Twine &why);
  llvm::Error takeError();

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
  /// Input `index`, whatever it is.
  FailureOr<Data> any(unsigned index);
  /// Input `index`, a tensor of the function.
  FailureOr<Data> tensor(unsigned index);
  FailureOr<Data> image(unsigned index);
  FailureOr<Data> matrix(unsigned index);
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

  /// The result of the node: a tensor of the function ...
  LogicalResult result(Value value, ArrayRef<int64_t> shape);
  LogicalResult result(Data data);
  /// ... or a constant.
  LogicalResult result(Constant constant);

  /// `data` in the model's own order of elements.
  Value inModelOrder(const Data &data) {
    return graph.inModelOrder(location, data);
  }
  /// A parameter `layer`.`role`.
  Value parameter(StringRef layer, StringRef role, ArrayRef<int64_t> shape,
                  ArrayRef<float> values, Operation *before = nullptr);

private:
  LogicalResult fail(llvm::Error error);
  const NodeAttribute *find(StringRef name, NodeAttribute::Kind kind,
                            bool &isWrong);

  GraphImporter &graph;
  const Node &node;
  std::string layerName;
  Location location;
  llvm::StringSet<> attributesRead;
  std::string reason;
};

/// The values of a constant that is broadcast onto a tensor of `shape` (NxCxHxW
/// or NxC) one a channel, or nothing where it varies along another dimension.
std::optional<std::vector<float>> onePerChannel(const Constant &constant,
                                                ArrayRef<int64_t> shape);

/// The column of the model's order, C, H, W, for each column of ours: H, W, C.
std::vector<int64_t> columnOrder(const ImageSize &image);

} // namespace mlir::qat::onnx

#endif // QAT_LIB_TARGET_ONNX_GRAPHIMPORTER_H
