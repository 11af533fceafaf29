//===- OnnxModel.h - an ONNX model without protobuf -------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_ONNX_ONNXMODEL_H
#define QAT_LIB_TARGET_ONNX_ONNXMODEL_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mlir::qat::onnx {

/// The most elements a tensor may have: byte counts and indices of any layer
/// then stay far from the end of 64 bits.
constexpr int64_t kMaxElements = (int64_t(1) << 31) - 1;

/// The number of elements of a shape, or nothing where a dimension is negative
/// or the product exceeds kMaxElements.
std::optional<int64_t> countElements(ArrayRef<int64_t> dims);

/// "1x3x32x32"; "scalar" for rank 0.
std::string formatShape(ArrayRef<int64_t> dims);

/// `name` in single quotes, without characters that would break a line.
std::string quote(StringRef name);

/// A constant: an initializer, or the value of a Constant.
struct Constant {
  SmallVector<int64_t, 4> dims;
  /// Floating point of any width, converted to float32, or ...
  std::vector<float> floats;
  /// ... integers and booleans of any width but 64 unsigned bits.
  std::vector<int64_t> integers;
  bool isInteger = false;
  /// Why the values cannot be used; empty where they can. Reported where a
  /// node uses them, since a model may hold constants that nobody needs.
  std::string problem;
};

struct NodeAttribute {
  enum class Kind { Float, Integer, String, Tensor, Floats, Integers, Other };
  Kind kind = Kind::Other;
  float real = 0;
  int64_t integer = 0;
  std::string text;
  std::vector<float> reals;
  std::vector<int64_t> integers;
  Constant tensor;
};

struct Node {
  /// Qualified by the domain where that is not ONNX's own.
  std::string operation;
  /// As in the file; may be empty.
  std::string name;
  std::vector<std::string> inputs, outputs;
  std::map<std::string, NodeAttribute> attributes;
};

/// The numbers of element types in attributes.
constexpr int64_t kFloatType = 1, kInt32Type = 6, kInt64Type = 7;

/// An input of the graph: its type is float32 or a problem.
struct Input {
  std::string name;
  /// A symbolic or missing dimension is kSymbolic.
  SmallVector<int64_t, 4> dims;
  /// The names of the symbolic ones.
  SmallVector<std::string, 4> dimNames;
  std::string problem;
};
constexpr int64_t kSymbolic = -1;

struct Model {
  int64_t opset = 0;
  std::vector<Node> nodes;
  llvm::StringMap<Constant> initializers;
  /// Without those that are initializers.
  std::vector<Input> inputs;
  std::vector<std::string> outputs;
  /// The static shapes that the file states for float tensors.
  llvm::StringMap<SmallVector<int64_t, 4>> shapes;
};

/// Reads a serialized ModelProto. Values that are kept in other files are
/// looked for in `folder` (ExternalData.h). Fails where it is not a model, or
/// not of a version that we know.
llvm::Expected<Model> readModel(llvm::MemoryBufferRef buffer,
                                const std::optional<std::string> &folder);

} // namespace mlir::qat::onnx

#endif // QAT_LIB_TARGET_ONNX_ONNXMODEL_H
