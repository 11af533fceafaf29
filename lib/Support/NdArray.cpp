//===- NdArray.cpp - dense arrays of numbers ------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/NdArray.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/ErrorHandling.h"

#include <cstring>
#include <new>

using namespace llvm;
using namespace mlir::qat;

/// A cache line, and the widest vector register.
static constexpr size_t kAlignment = 64;

unsigned mlir::qat::elementSize(ElementKind kind) {
  return visitKind(kind, [](auto zero) -> unsigned { return sizeof(zero); });
}

StringRef mlir::qat::kindName(ElementKind kind) {
  switch (kind) {
  case ElementKind::F32:
    return "f32";
  case ElementKind::F64:
    return "f64";
  case ElementKind::I8:
    return "i8";
  case ElementKind::U8:
    return "u8";
  case ElementKind::I16:
    return "i16";
  case ElementKind::U16:
    return "u16";
  case ElementKind::I32:
    return "i32";
  case ElementKind::U32:
    return "u32";
  case ElementKind::I64:
    return "i64";
  case ElementKind::U64:
    return "u64";
  case ElementKind::Bool:
    return "bool";
  }
  llvm_unreachable("every kind has a name");
}

std::optional<int64_t> mlir::qat::countElements(ArrayRef<int64_t> shape) {
  constexpr int64_t limit = int64_t(1) << 62;
  int64_t count = 1;
  bool empty = false;
  for (int64_t dim : shape) {
    if (dim < 0)
      return std::nullopt;
    if (dim == 0) {
      empty = true;
      continue;
    }
    if (dim > limit / count)
      return std::nullopt;
    count *= dim;
  }
  return empty ? 0 : count;
}

std::string mlir::qat::shapeText(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "scalar";
  return join(map_range(shape, [](int64_t dim) { return std::to_string(dim); }),
              "x");
}

void NdArray::Release::operator()(uint8_t *memory) const {
  ::operator delete(memory, std::align_val_t(kAlignment));
}

NdArray::NdArray(NdArray &&other) { *this = std::move(other); }

NdArray &NdArray::operator=(NdArray &&other) {
  if (this == &other)
    return *this;
  elementKind = std::exchange(other.elementKind, ElementKind::F32);
  dimensions = std::exchange(other.dimensions, {0});
  elementCount = std::exchange(other.elementCount, 0);
  storage = std::move(other.storage);
  return *this;
}

NdArray NdArray::zeros(ElementKind kind, ArrayRef<int64_t> shape) {
  std::optional<int64_t> count = countElements(shape);
  // Half of the address space is the most any host grants.
  if (!count || *count > INT64_MAX / elementSize(kind))
    reportFatalInternalError(Twine("array of impossible shape ") +
                             shapeText(shape));
  NdArray array;
  array.elementKind = kind;
  array.dimensions.assign(shape.begin(), shape.end());
  array.elementCount = *count;
  if (*count) {
    size_t size = array.byteSize();
    array.storage.reset(static_cast<uint8_t *>(
        ::operator new(size, std::align_val_t(kAlignment))));
    std::memset(array.storage.get(), 0, size);
  }
  return array;
}

NdArray NdArray::clone() const {
  NdArray copy = zeros(elementKind, dimensions);
  if (elementCount)
    std::memcpy(copy.storage.get(), storage.get(), byteSize());
  return copy;
}

void NdArray::reshape(ArrayRef<int64_t> shape) {
  if (countElements(shape) != elementCount)
    reportFatalInternalError(Twine("reshape of ") + shapeText(dimensions) +
                             " to " + shapeText(shape));
  dimensions.assign(shape.begin(), shape.end());
}

NdArray NdArray::toF32() const {
  NdArray result = zeros(ElementKind::F32, dimensions);
  MutableArrayRef<float> to = result.data<float>();
  visitKind(elementKind, [&](auto zero) {
    ArrayRef<decltype(zero)> from = data<decltype(zero)>();
    for (size_t i = 0; i < from.size(); ++i)
      to[i] = static_cast<float>(from[i]);
  });
  return result;
}

void NdArray::requireKind(ElementKind kind) const {
  if (kind != elementKind)
    reportFatalInternalError("array of " + kindName(elementKind) +
                             " read as one of " + kindName(kind));
}

void NdArray::requireSize(size_t count) const {
  if (count != static_cast<size_t>(elementCount))
    reportFatalInternalError(Twine("array of shape ") + shapeText(dimensions) +
                             " given " + Twine(count) + " elements");
}
