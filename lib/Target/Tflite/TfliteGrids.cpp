//===- TfliteGrids.cpp - the scales that a .tflite file states ------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A .tflite file is a flatbuffer: tables whose fields are found by way of a
// list of offsets (the vtable), little-endian. What is read here is
//
//   Model.subgraphs[0].tensors[i] = {type, name, quantization}
//   quantization = {scale[], zero_point[], quantized_dimension}
//
// after tensorflow/compiler/mlir/lite/schema/schema.fbs, version 3.
//
//===----------------------------------------------------------------------===//

#include "qat/Target/Tflite/ImportTflite.h"

#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Endian.h"

#include <cmath>
#include <optional>

using namespace mlir;
using namespace mlir::qat;

namespace {
/// Reads with bounds checks; what lies outside of the file is 0.
class Bytes {
public:
  explicit Bytes(ArrayRef<char> data) : data(data) {}

  template <typename T> T read(uint64_t at) const {
    if (at > data.size() || data.size() - at < sizeof(T))
      return T();
    return llvm::support::endian::read<T, llvm::endianness::little>(
        data.data() + at);
  }
  float readFloat(uint64_t at) const {
    return llvm::bit_cast<float>(read<uint32_t>(at));
  }
  /// The place that the offset at `at` leads to; 0 for none.
  uint64_t follow(uint64_t at) const {
    uint32_t offset = at ? read<uint32_t>(at) : 0;
    return offset ? at + offset : 0;
  }
  /// The place of a table's field; 0 where it is absent.
  uint64_t field(uint64_t table, unsigned index) const {
    if (!table)
      return 0;
    uint64_t vtable = table - read<int32_t>(table);
    if (4 + 2 * index + 2 > read<uint16_t>(vtable))
      return 0;
    uint16_t offset = read<uint16_t>(vtable + 4 + 2 * index);
    return offset ? table + offset : 0;
  }
  /// The elements of the vector at `at`, of `size` bytes each; 0 where they do
  /// not all lie in the file.
  uint64_t count(uint64_t at, unsigned size) const {
    uint64_t elements = at ? read<uint32_t>(at) : 0;
    return elements <= data.size() / size &&
                   at + 4 + elements * size <= data.size()
               ? elements
               : 0;
  }
  StringRef text(uint64_t at) const {
    uint64_t length = count(at, 1);
    return length ? StringRef(data.data() + at + 4, length) : StringRef();
  }

private:
  ArrayRef<char> data;
};
} // namespace

/// A number that a quantized type of f32 takes as its scale.
static bool isScale(float scale) {
  return std::isfinite(scale) && std::isnormal(scale) && scale > 0;
}

/// The grid of a tensor of 8 bits; null where it has none.
static Type readGrid(const Bytes &bytes, uint64_t tensor, Builder &builder) {
  constexpr unsigned kInt8 = 9; // TensorType
  uint64_t type = bytes.field(tensor, 1);
  if (!type || bytes.read<uint8_t>(type) != kInt8)
    return {};
  uint64_t quantization = bytes.follow(bytes.field(tensor, 4));
  uint64_t scales = bytes.follow(bytes.field(quantization, 2));
  uint64_t zeros = bytes.follow(bytes.field(quantization, 3));
  uint64_t count = bytes.count(scales, sizeof(float));
  uint64_t zeroCount = bytes.count(zeros, sizeof(int64_t));
  if (count == 0 || (zeroCount != count && zeroCount != 1))
    return {};
  SmallVector<double> scaleList;
  SmallVector<int64_t> zeroList;
  for (uint64_t i = 0; i < count; ++i) {
    float scale = bytes.readFloat(scales + 4 + 4 * i);
    int64_t zero =
        bytes.read<int64_t>(zeros + 4 + 8 * (zeroCount == 1 ? 0 : i));
    if (!isScale(scale) || zero < INT8_MIN || zero > INT8_MAX)
      return {};
    scaleList.push_back(scale);
    zeroList.push_back(zero);
  }
  Type i8 = builder.getI8Type(), f32 = builder.getF32Type();
  unsigned isSigned = quant::QuantizationFlags::Signed;
  if (count == 1)
    return quant::UniformQuantizedType::get(isSigned, i8, f32, scaleList[0],
                                            zeroList[0], INT8_MIN, INT8_MAX);
  uint64_t dimension = bytes.field(quantization, 6);
  int32_t axis = dimension ? bytes.read<int32_t>(dimension) : 0;
  if (axis < 0)
    return {};
  return quant::UniformQuantizedPerAxisType::get(
      isSigned, i8, f32, scaleList, zeroList, axis, INT8_MIN, INT8_MAX);
}

DictionaryAttr qat::readTfliteGrids(ArrayRef<char> data, MLIRContext *context) {
  context->getOrLoadDialect<quant::QuantDialect>();
  Builder builder(context);
  Bytes bytes(data);
  uint64_t model = bytes.read<uint32_t>(0);
  uint64_t graphs = bytes.follow(bytes.field(model, 2));
  uint64_t graph = bytes.count(graphs, 4) ? bytes.follow(graphs + 4) : 0;
  uint64_t tensors = bytes.follow(bytes.field(graph, 0));
  SmallVector<NamedAttribute> grids;
  llvm::StringSet<> names;
  // Tensors that share one long name or list of scales would take a time that
  // grows with the square of the file; no file says more than it has bytes.
  uint64_t left = data.size();
  auto take = [&](uint64_t size) {
    bool fits = size <= left;
    left -= fits ? size : left;
    return fits;
  };
  for (uint64_t i = 0, count = bytes.count(tensors, 4); i < count; ++i) {
    uint64_t tensor = bytes.follow(tensors + 4 + 4 * i);
    StringRef name = bytes.text(bytes.follow(bytes.field(tensor, 3)));
    uint64_t quantization = bytes.follow(bytes.field(tensor, 4));
    uint64_t scales = bytes.follow(bytes.field(quantization, 2));
    if (!take(name.size() + bytes.count(scales, sizeof(float))))
      break;
    if (name.empty() || !names.insert(name).second)
      continue;
    if (Type grid = readGrid(bytes, tensor, builder))
      grids.emplace_back(StringAttr::get(context, name), TypeAttr::get(grid));
  }
  return DictionaryAttr::get(context, grids);
}
