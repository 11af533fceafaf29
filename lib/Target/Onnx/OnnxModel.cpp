//===- OnnxModel.cpp - reads ONNX's protobuf ------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// The one file that sees protobuf: nothing of it reaches the other ones.

#include "OnnxModel.h"

#include "ExternalData.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx_pb.h>

#include <cmath>
#include <limits>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat::onnx;
using ::onnx::AttributeProto;
using ::onnx::GraphProto;
using ::onnx::ModelProto;
using ::onnx::NodeProto;
using ::onnx::TensorProto;
using ::onnx::ValueInfoProto;

// The operators that are imported did not change their meaning in between but
// where their handlers ask for the version.
static constexpr int64_t kOldestOpset = 7, kNewestOpset = 28;

std::optional<int64_t> qat::onnx::countElements(ArrayRef<int64_t> dims) {
  int64_t count = 1;
  bool isEmpty = false;
  for (int64_t dim : dims) {
    if (dim < 0 || dim > kMaxElements)
      return std::nullopt;
    isEmpty |= dim == 0;
    if (dim != 0 && count > kMaxElements / dim)
      return std::nullopt;
    count *= std::max<int64_t>(dim, 1);
  }
  return isEmpty ? 0 : count;
}

std::string qat::onnx::formatShape(ArrayRef<int64_t> dims) {
  if (dims.empty())
    return "scalar";
  return join(map_range(dims,
                        [](int64_t dim) {
                          return dim == kSymbolic ? std::string("?")
                                                  : std::to_string(dim);
                        }),
              "x");
}

std::string qat::onnx::quote(StringRef name) {
  std::string text;
  raw_string_ostream os(text);
  os << "'";
  printEscapedString(name.take_front(200), os);
  os << (name.size() > 200 ? "...'" : "'");
  return text;
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

/// The name of an element type for messages.
static std::string typeName(int32_t type) {
  if (::onnx::TensorProto_DataType_IsValid(type))
    return StringRef(::onnx::TensorProto_DataType_Name(
                         static_cast<::onnx::TensorProto_DataType>(type)))
        .lower();
  return "type " + std::to_string(type);
}

static float halfToFloat(const fltSemantics &semantics, uint16_t bits) {
  APFloat value(semantics, APInt(16, bits));
  bool losesInfo = false;
  value.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven,
                &losesInfo);
  return value.convertToFloat();
}

namespace {
/// A tensor and the folder of its model.
struct TensorSource {
  const TensorProto &proto;
  const std::optional<std::string> &folder;
};
} // namespace

static Expected<std::unique_ptr<MemoryBuffer>>
readExternal(const TensorSource &source, int64_t size) {
  ExternalRange range;
  for (const auto &entry : source.proto.external_data()) {
    if (entry.key() == "location")
      range.location = entry.value();
    else if (entry.key() == "offset")
      range.offset = entry.value();
    else if (entry.key() == "length")
      range.length = entry.value();
  }
  return readExternal(source.folder, range, size);
}

/// Reads `count` values of T, from the file that holds them, from the raw bytes
/// where there are any, else from the typed field, and hands them to `take`.
template <typename T, typename Field, typename Take>
static void readValues(const TensorSource &source, const Field &field,
                       int64_t count, std::string &problem, Take take) {
  const TensorProto &proto = source.proto;
  bool isExternal = proto.data_location() == TensorProto::EXTERNAL;
  if (isExternal || proto.has_raw_data()) {
    std::unique_ptr<MemoryBuffer> buffer;
    StringRef bytes = proto.raw_data();
    if (isExternal) {
      Expected<std::unique_ptr<MemoryBuffer>> read =
          readExternal(source, count * int64_t(sizeof(T)));
      if (!read) {
        problem = toString(read.takeError());
        return;
      }
      buffer = std::move(*read);
      bytes = buffer->getBuffer();
    }
    if (static_cast<int64_t>(bytes.size()) != count * int64_t(sizeof(T))) {
      problem = ("holds " + Twine(bytes.size()) +
                 " bytes where its shape and type need " +
                 Twine(count * int64_t(sizeof(T))))
                    .str();
      return;
    }
    for (int64_t i = 0; i < count; ++i)
      take(support::endian::read<T, llvm::endianness::little>(bytes.data() +
                                                              i * sizeof(T)));
    return;
  }
  if (field.size() != count) {
    problem = ("holds " + Twine(field.size()) +
               " values where its shape needs " + Twine(count))
                  .str();
    return;
  }
  for (auto value : field)
    take(static_cast<T>(value));
}

/// Converts the values; what cannot be used ends up in `problem`.
static Constant readTensor(const TensorProto &proto,
                           const std::optional<std::string> &folder) {
  TensorSource source{proto, folder};
  Constant result;
  result.dims.assign(proto.dims().begin(), proto.dims().end());
  std::optional<int64_t> count = countElements(result.dims);
  if (!count) {
    result.problem = "has the impossible shape " + formatShape(result.dims);
    return result;
  }
  auto integer = [&](auto value) {
    result.integers.push_back(static_cast<int64_t>(value));
  };
  std::string &problem = result.problem;
  result.isInteger = true;
  switch (proto.data_type()) {
  case TensorProto::INT8:
    readValues<int8_t>(source, proto.int32_data(), *count, problem, integer);
    return result;
  case TensorProto::UINT8:
    readValues<uint8_t>(source, proto.int32_data(), *count, problem, integer);
    return result;
  case TensorProto::BOOL:
    readValues<uint8_t>(source, proto.int32_data(), *count, problem,
                        [&](uint8_t value) { integer(value != 0); });
    return result;
  case TensorProto::INT16:
    readValues<int16_t>(source, proto.int32_data(), *count, problem, integer);
    return result;
  case TensorProto::UINT16:
    readValues<uint16_t>(source, proto.int32_data(), *count, problem, integer);
    return result;
  case TensorProto::INT32:
    readValues<int32_t>(source, proto.int32_data(), *count, problem, integer);
    return result;
  case TensorProto::UINT32:
    readValues<uint32_t>(source, proto.uint64_data(), *count, problem, integer);
    return result;
  case TensorProto::INT64:
    readValues<int64_t>(source, proto.int64_data(), *count, problem, integer);
    return result;
  default:
    break;
  }
  result.isInteger = false;
  auto real = [&](float value) { result.floats.push_back(value); };
  switch (proto.data_type()) {
  case TensorProto::FLOAT:
    readValues<float>(source, proto.float_data(), *count, problem, real);
    break;
  case TensorProto::DOUBLE:
    readValues<double>(
        source, proto.double_data(), *count, problem, [&](double value) {
          // Out of range is undefined in C++, so test first.
          bool isExact = !std::isfinite(value);
          if (std::fabs(value) <= std::numeric_limits<float>::max())
            isExact = static_cast<float>(value) == value;
          if (isExact)
            return real(static_cast<float>(value));
          problem = "holds doubles that float32 cannot hold "
                    "exactly; convert the model to float32";
        });
    break;
  case TensorProto::FLOAT16:
    readValues<uint16_t>(
        source, proto.int32_data(), *count, problem,
        [&](uint16_t bits) { real(halfToFloat(APFloat::IEEEhalf(), bits)); });
    break;
  case TensorProto::BFLOAT16:
    readValues<uint16_t>(
        source, proto.int32_data(), *count, problem,
        [&](uint16_t bits) { real(halfToFloat(APFloat::BFloat(), bits)); });
    break;
  default:
    problem = "has the element type " + typeName(proto.data_type()) +
              ", which is not supported";
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Nodes and the graph
//===----------------------------------------------------------------------===//

static NodeAttribute readAttribute(const AttributeProto &proto,
                                   const std::optional<std::string> &folder) {
  NodeAttribute result;
  switch (proto.type()) {
  case AttributeProto::FLOAT:
    result.kind = NodeAttribute::Kind::Float;
    result.real = proto.f();
    break;
  case AttributeProto::INT:
    result.kind = NodeAttribute::Kind::Integer;
    result.integer = proto.i();
    break;
  case AttributeProto::STRING:
    result.kind = NodeAttribute::Kind::String;
    result.text = proto.s();
    break;
  case AttributeProto::TENSOR:
    result.kind = NodeAttribute::Kind::Tensor;
    result.tensor = readTensor(proto.t(), folder);
    break;
  case AttributeProto::FLOATS:
    result.kind = NodeAttribute::Kind::Floats;
    result.reals.assign(proto.floats().begin(), proto.floats().end());
    break;
  case AttributeProto::INTS:
    result.kind = NodeAttribute::Kind::Integers;
    result.integers.assign(proto.ints().begin(), proto.ints().end());
    break;
  default:
    break;
  }
  return result;
}

static Expected<Node> readNode(const NodeProto &proto,
                               const std::optional<std::string> &folder) {
  Node node;
  bool isOnnx = proto.domain().empty() || proto.domain() == "ai.onnx";
  node.operation =
      isOnnx ? proto.op_type() : proto.domain() + "." + proto.op_type();
  node.name = proto.name();
  node.inputs.assign(proto.input().begin(), proto.input().end());
  node.outputs.assign(proto.output().begin(), proto.output().end());
  if (node.name.empty() && (node.outputs.empty() || node.outputs[0].empty()))
    return createStringError("a node of operator " + quote(node.operation) +
                             " has neither a name nor an output");
  for (const AttributeProto &attribute : proto.attribute())
    if (!node.attributes
             .emplace(attribute.name(), readAttribute(attribute, folder))
             .second)
      return createStringError(quote(node.operation) + " " + quote(node.name) +
                               ": attribute " + quote(attribute.name()) +
                               " is given twice");
  return node;
}

static Input readInput(const ValueInfoProto &proto) {
  Input input;
  input.name = proto.name();
  if (!proto.type().has_tensor_type()) {
    input.problem = "is not a tensor";
    return input;
  }
  const auto &type = proto.type().tensor_type();
  if (type.elem_type() != TensorProto::FLOAT)
    input.problem = "has the element type " + typeName(type.elem_type()) +
                    "; only float (32 bits) is supported";
  else if (!type.has_shape())
    input.problem = "has no shape";
  for (const auto &dim : type.shape().dim()) {
    input.dims.push_back(dim.has_dim_value() ? dim.dim_value() : kSymbolic);
    input.dimNames.push_back(dim.dim_param());
  }
  // A negative value is how some exporters write an unknown dimension.
  for (int64_t &dim : input.dims)
    dim = std::max(dim, kSymbolic);
  return input;
}

/// Notes the shape of a float tensor where all of it is known; a symbolic batch
/// is 1.
static void readShape(const ValueInfoProto &proto, Model &model) {
  const auto &type = proto.type().tensor_type();
  if (type.elem_type() != TensorProto::FLOAT || !type.has_shape())
    return;
  SmallVector<int64_t, 4> dims;
  for (const auto &dim : type.shape().dim())
    dims.push_back(!dim.has_dim_value() && dims.empty() ? 1 : dim.dim_value());
  if (countElements(dims).value_or(0) != 0 && !dims.empty())
    model.shapes[proto.name()] = dims;
}

static Error readGraph(const GraphProto &graph,
                       const std::optional<std::string> &folder, Model &model) {
  for (const TensorProto &tensor : graph.initializer())
    if (!model.initializers
             .try_emplace(tensor.name(), readTensor(tensor, folder))
             .second)
      return createStringError("there are two initializers " +
                               quote(tensor.name()));
  for (const auto &sparse : graph.sparse_initializer())
    model.initializers[sparse.values().name()].problem =
        "is sparse, which is not supported";
  for (const ValueInfoProto &input : graph.input())
    if (!model.initializers.count(input.name()))
      model.inputs.push_back(readInput(input));
  for (const ValueInfoProto &output : graph.output()) {
    model.outputs.push_back(output.name());
    readShape(output, model);
  }
  for (const ValueInfoProto &value : graph.value_info())
    readShape(value, model);
  for (const NodeProto &proto : graph.node()) {
    Expected<Node> node = readNode(proto, folder);
    if (!node)
      return node.takeError();
    model.nodes.push_back(std::move(*node));
  }
  return Error::success();
}

Expected<Model> qat::onnx::readModel(MemoryBufferRef buffer,
                                     const std::optional<std::string> &folder) {
  if (buffer.getBufferSize() > size_t(std::numeric_limits<int>::max()))
    return createStringError("is larger than 2 GiB, the most that ONNX's file "
                             "format holds");
  ModelProto proto;
  {
    // Protobuf would print its own line about a truncated file.
    google::protobuf::LogSilencer silence;
    if (!proto.ParseFromArray(buffer.getBufferStart(),
                              static_cast<int>(buffer.getBufferSize())))
      return createStringError("is not an ONNX model, or is truncated");
  }
  if (!proto.has_graph())
    return createStringError("is not an ONNX model: it holds no graph");
  Model model;
  for (const auto &opset : proto.opset_import())
    if (opset.domain().empty() || opset.domain() == "ai.onnx")
      model.opset = std::max<int64_t>(model.opset, opset.version());
  if (model.opset < kOldestOpset || model.opset > kNewestOpset)
    return createStringError(
        "uses opset " + Twine(model.opset) + "; " + Twine(kOldestOpset) +
        " to " + Twine(kNewestOpset) +
        " are supported (onnx.version_converter converts between them)");
  if (Error error = readGraph(proto.graph(), folder, model))
    return std::move(error);
  return model;
}
