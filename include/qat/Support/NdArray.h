//===- NdArray.h - dense arrays of numbers ----------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_NDARRAY_H
#define QAT_SUPPORT_NDARRAY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace mlir::qat {

/// The number formats of an array. Bool takes one byte, 0 or 1.
enum class ElementKind { F32, F64, I8, U8, I16, U16, I32, U32, I64, U64, Bool };

/// Bytes that one element takes.
unsigned elementSize(ElementKind kind);

/// The name as MLIR spells it for floats, and as signed or unsigned integers:
/// "f32", "i8", "u8", "bool", ...
llvm::StringRef kindName(ElementKind kind);

/// The number of elements of `shape`; none if a dimension is negative or the
/// product of the non-zero dimensions exceeds 2^62 (so that an array of no
/// elements cannot hide an absurd shape).
std::optional<int64_t> countElements(llvm::ArrayRef<int64_t> shape);

/// "2x3x4", and "scalar" for rank 0.
std::string shapeText(llvm::ArrayRef<int64_t> shape);

namespace detail {
template <class T> struct ElementKindOf;
// clang-format off
template <> struct ElementKindOf<float> { static constexpr auto value = ElementKind::F32; };
template <> struct ElementKindOf<double> { static constexpr auto value = ElementKind::F64; };
template <> struct ElementKindOf<int8_t> { static constexpr auto value = ElementKind::I8; };
template <> struct ElementKindOf<uint8_t> { static constexpr auto value = ElementKind::U8; };
template <> struct ElementKindOf<int16_t> { static constexpr auto value = ElementKind::I16; };
template <> struct ElementKindOf<uint16_t> { static constexpr auto value = ElementKind::U16; };
template <> struct ElementKindOf<int32_t> { static constexpr auto value = ElementKind::I32; };
template <> struct ElementKindOf<uint32_t> { static constexpr auto value = ElementKind::U32; };
template <> struct ElementKindOf<int64_t> { static constexpr auto value = ElementKind::I64; };
template <> struct ElementKindOf<uint64_t> { static constexpr auto value = ElementKind::U64; };
template <> struct ElementKindOf<bool> { static constexpr auto value = ElementKind::Bool; };
// clang-format on
} // namespace detail

/// A dense row-major array that owns its elements, 64-byte aligned. It moves
/// but does not copy by accident: see `clone`. Rank 0 is a scalar (one
/// element); dimensions of 0 are allowed. A default-constructed or moved-from
/// array is f32 of shape 0.
///
/// Wrong use by the program (a shape with `countElements` of none, access as
/// another kind, a reshape to another size) ends the process with a message:
/// what comes from a user is checked before.
class NdArray {
public:
  NdArray() = default;
  NdArray(NdArray &&other);
  NdArray &operator=(NdArray &&other);

  static NdArray zeros(ElementKind kind, llvm::ArrayRef<int64_t> shape);

  /// An array of the kind of T with these elements in row-major order.
  template <class T>
  static NdArray of(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<T> values) {
    NdArray array = zeros(detail::ElementKindOf<T>::value, shape);
    array.requireSize(values.size());
    std::copy(values.begin(), values.end(), array.data<T>().begin());
    return array;
  }

  NdArray clone() const;

  ElementKind kind() const { return elementKind; }
  llvm::ArrayRef<int64_t> shape() const { return dimensions; }
  int64_t rank() const { return static_cast<int64_t>(dimensions.size()); }
  int64_t dim(unsigned axis) const { return dimensions[axis]; }
  /// The number of elements.
  int64_t size() const { return elementCount; }
  int64_t byteSize() const { return elementCount * elementSize(elementKind); }

  llvm::MutableArrayRef<uint8_t> bytes() {
    return {storage.get(), static_cast<size_t>(byteSize())};
  }
  llvm::ArrayRef<uint8_t> bytes() const {
    return {storage.get(), static_cast<size_t>(byteSize())};
  }

  template <class T> llvm::MutableArrayRef<T> data() {
    requireKind(detail::ElementKindOf<T>::value);
    return llvm::MutableArrayRef<T>(reinterpret_cast<T *>(storage.get()),
                                    static_cast<size_t>(elementCount));
  }
  template <class T> llvm::ArrayRef<T> data() const {
    requireKind(detail::ElementKindOf<T>::value);
    return llvm::ArrayRef<T>(reinterpret_cast<const T *>(storage.get()),
                             static_cast<size_t>(elementCount));
  }

  /// Gives the same elements another shape of as many elements.
  void reshape(llvm::ArrayRef<int64_t> shape);

  /// A copy with every element converted to f32, rounded to nearest even.
  NdArray toF32() const;

private:
  struct Release {
    void operator()(uint8_t *memory) const;
  };

  void requireKind(ElementKind kind) const;
  void requireSize(size_t count) const;

  ElementKind elementKind = ElementKind::F32;
  llvm::SmallVector<int64_t, 4> dimensions = {0};
  int64_t elementCount = 0;
  std::unique_ptr<uint8_t[], Release> storage;
};

/// Calls `f` with a value of the C++ type of `kind`, so that code can be
/// generic over the kinds: `visitKind(a.kind(), [&](auto zero) { using T =
/// decltype(zero); ... })`.
template <class F> auto visitKind(ElementKind kind, F &&f) {
  switch (kind) {
  case ElementKind::F32:
    return f(float());
  case ElementKind::F64:
    return f(double());
  case ElementKind::I8:
    return f(int8_t());
  case ElementKind::U8:
    return f(uint8_t());
  case ElementKind::I16:
    return f(int16_t());
  case ElementKind::U16:
    return f(uint16_t());
  case ElementKind::I32:
    return f(int32_t());
  case ElementKind::U32:
    return f(uint32_t());
  case ElementKind::I64:
    return f(int64_t());
  case ElementKind::U64:
    return f(uint64_t());
  case ElementKind::Bool:
    return f(bool());
  }
  __builtin_unreachable();
}

} // namespace mlir::qat

#endif // QAT_SUPPORT_NDARRAY_H
