//===- Npy.cpp - arrays in NumPy's file format ----------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Support/Npy.h"

#include "qat/Support/AtomicFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace llvm;
using namespace mlir::qat;

static constexpr StringLiteral kMagic("\x93NUMPY");

/// NumPy's own limit since version 2.
static constexpr size_t kMaxRank = 64;

/// NumPy aligns the elements so that a file can be mapped.
static constexpr size_t kDataAlignment = 64;

//===----------------------------------------------------------------------===//
// Header
//===----------------------------------------------------------------------===//

namespace {
struct Header {
  ElementKind kind = ElementKind::F32;
  bool swapped = false;
  bool fortranOrder = false;
  SmallVector<int64_t> shape;
};

/// Parses the header, which is the text of a Python dictionary with exactly
/// the keys descr, fortran_order and shape in any order.
class HeaderParser {
public:
  explicit HeaderParser(StringRef text) : rest(text) {}

  Error parse(Header &header);

private:
  Error fail(const Twine &why) {
    return createStringError(inconvertibleErrorCode(), why);
  }

  /// Skips blanks, then `token` if it follows.
  bool consume(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }

  std::optional<StringRef> parseString();
  Error parseElementType(Header &header);
  Error parseOrder(Header &header);
  Error parseShape(Header &header);

  StringRef rest;
};
} // namespace

/// Header text in a message: hostile bytes must not reach a terminal.
static std::string printable(StringRef text) {
  std::string result;
  raw_string_ostream os(result);
  os.write_escaped(text.take_front(40));
  if (text.size() > 40)
    os << "...";
  return result;
}

std::optional<StringRef> HeaderParser::parseString() {
  rest = rest.ltrim();
  if (rest.empty() || (rest[0] != '\'' && rest[0] != '"'))
    return std::nullopt;
  size_t end = rest.find(rest[0], 1);
  if (end == StringRef::npos)
    return std::nullopt;
  StringRef value = rest.slice(1, end);
  rest = rest.drop_front(end + 1);
  return value;
}

Error HeaderParser::parseElementType(Header &header) {
  rest = rest.ltrim();
  if (rest.starts_with("["))
    return fail("arrays of structures are not supported");
  std::optional<StringRef> descr = parseString();
  if (!descr)
    return fail("expected the element type as text");

  StringRef type = *descr;
  char order = '=';
  if (!type.empty() && StringRef("<>=|").contains(type[0])) {
    order = type[0];
    type = type.drop_front();
  }
  if (type.starts_with("O"))
    return fail("arrays of Python objects are not supported");
  auto kind = StringSwitch<std::optional<ElementKind>>(type)
                  .Case("f4", ElementKind::F32)
                  .Case("f8", ElementKind::F64)
                  .Case("i1", ElementKind::I8)
                  .Case("u1", ElementKind::U8)
                  .Case("i2", ElementKind::I16)
                  .Case("u2", ElementKind::U16)
                  .Case("i4", ElementKind::I32)
                  .Case("u4", ElementKind::U32)
                  .Case("i8", ElementKind::I64)
                  .Case("u8", ElementKind::U64)
                  .Cases({"b1", "?"}, ElementKind::Bool)
                  .Default(std::nullopt);
  if (!kind)
    return fail("element type '" + printable(*descr) +
                "' is not supported; save as float32, float64, bool or an "
                "integer of 8 to 64 bits");
  if (order == '|' && elementSize(*kind) > 1)
    return fail("element type '" + *descr + "' has no byte order");
  header.kind = *kind;
  header.swapped = order == (sys::IsLittleEndianHost ? '>' : '<');
  return Error::success();
}

Error HeaderParser::parseOrder(Header &header) {
  if (consume("True"))
    header.fortranOrder = true;
  else if (consume("False"))
    header.fortranOrder = false;
  else
    return fail("expected 'fortran_order' to be True or False");
  return Error::success();
}

Error HeaderParser::parseShape(Header &header) {
  if (!consume("("))
    return fail("expected 'shape' to be a tuple");
  while (!consume(")")) {
    int64_t dim;
    rest = rest.ltrim();
    if (rest.consumeInteger(10, dim) || dim < 0)
      return fail("dimension " + Twine(header.shape.size()) +
                  " of 'shape' is not a count");
    rest.consume_front("L"); // NumPy under Python 2 wrote long integers.
    header.shape.push_back(dim);
    if (header.shape.size() > kMaxRank)
      return fail("'shape' has more than " + Twine(kMaxRank) + " dimensions");
    if (!consume(",") && !rest.ltrim().starts_with(")"))
      return fail("expected ',' or ')' in 'shape'");
  }
  return Error::success();
}

Error HeaderParser::parse(Header &header) {
  static constexpr StringLiteral keys[] = {"descr", "fortran_order", "shape"};
  unsigned seen = 0;
  if (!consume("{"))
    return fail("expected a dictionary as header");
  while (!consume("}")) {
    std::optional<StringRef> key = parseString();
    if (!key || !consume(":"))
      return fail("expected a header of 'key: value' pairs");
    const auto *known = find(keys, *key);
    if (known == std::end(keys))
      return fail("unknown header key '" + printable(*key) + "'");
    unsigned bit = 1u << (known - std::begin(keys));
    if (seen & bit)
      return fail("header key '" + *key + "' is given twice");
    seen |= bit;
    Error error = bit == 1   ? parseElementType(header)
                  : bit == 2 ? parseOrder(header)
                             : parseShape(header);
    if (error)
      return error;
    if (!consume(",") && !rest.ltrim().starts_with("}"))
      return fail("expected ',' or '}' in the header");
  }
  for (auto [i, key] : enumerate(keys))
    if (!(seen & (1u << i)))
      return fail("header key '" + key + "' is missing");
  if (!rest.trim(StringRef(" \t\r\n\0", 5)).empty())
    return fail("text after the header's dictionary");
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

/// Copies elements of unsigned type T that lie in `from`, of Fortran order if
/// `strides` says so, into row-major order.
///
///   to[i0, i1, ...] = from[i0 * strides[0] + i1 * strides[1] + ...]
template <class T>
static void copyStrided(const char *from, ArrayRef<int64_t> shape,
                        ArrayRef<int64_t> strides, bool swapped, T *to,
                        int64_t count) {
  SmallVector<int64_t> index(shape.size(), 0);
  int64_t offset = 0;
  for (int64_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, from + offset * sizeof(T), sizeof(T));
    to[i] = swapped ? llvm::byteswap(value) : value;
    for (size_t axis = shape.size(); axis-- > 0;) {
      offset += strides[axis];
      if (++index[axis] < shape[axis])
        break;
      offset -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

static void copyElements(StringRef from, const Header &header, NdArray &to) {
  unsigned size = elementSize(header.kind);
  if (!to.size())
    return;
  if (!header.fortranOrder && !header.swapped) {
    std::memcpy(to.bytes().data(), from.data(), from.size());
  } else {
    // The first index runs fastest in Fortran order, the last one otherwise.
    SmallVector<int64_t> strides(header.shape.size());
    int64_t stride = 1;
    for (size_t i = 0; i < strides.size(); ++i) {
      size_t axis = header.fortranOrder ? i : strides.size() - 1 - i;
      strides[axis] = stride;
      stride *= header.shape[axis];
    }
    auto copy = [&](auto zero) {
      copyStrided(from.data(), header.shape, strides, header.swapped,
                  reinterpret_cast<decltype(zero) *>(to.bytes().data()),
                  to.size());
    };
    switch (size) {
    case 1:
      copy(uint8_t());
      break;
    case 2:
      copy(uint16_t());
      break;
    case 4:
      copy(uint32_t());
      break;
    default:
      copy(uint64_t());
      break;
    }
  }
  // A bool of C++ that is neither 0 nor 1 is undefined behaviour.
  if (header.kind == ElementKind::Bool)
    for (uint8_t &byte : to.bytes())
      byte = byte != 0;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

Expected<NdArray> mlir::qat::parseNpy(MemoryBufferRef buffer) {
  auto fail = [&](const Twine &why) {
    return createStringError(inconvertibleErrorCode(),
                             "cannot read array '" +
                                 buffer.getBufferIdentifier() + "': " + why);
  };

  StringRef rest = buffer.getBuffer();
  if (!rest.consume_front(kMagic))
    return fail("not a .npy file");
  if (rest.size() < 2)
    return fail("the file is truncated");
  unsigned major = static_cast<uint8_t>(rest[0]);
  unsigned minor = static_cast<uint8_t>(rest[1]);
  rest = rest.drop_front(2);
  if (major < 1 || major > 3 || minor != 0)
    return fail("version " + Twine(major) + "." + Twine(minor) +
                " of the format is not known");
  size_t lengthSize = major == 1 ? 2 : 4;
  if (rest.size() < lengthSize)
    return fail("the file is truncated");
  size_t length = lengthSize == 2 ? support::endian::read16le(rest.data())
                                  : support::endian::read32le(rest.data());
  rest = rest.drop_front(lengthSize);
  if (length > rest.size())
    return fail("the file is truncated in its header");

  Header header;
  if (Error error = HeaderParser(rest.take_front(length)).parse(header))
    return fail(toString(std::move(error)));
  rest = rest.drop_front(length);

  std::optional<int64_t> count = countElements(header.shape);
  uint64_t size = elementSize(header.kind);
  if (!count || static_cast<uint64_t>(*count) > INT64_MAX / size)
    return fail("shape " + shapeText(header.shape) + " is too large");
  size *= *count;
  if (size != rest.size())
    return fail("shape " + shapeText(header.shape) + " of " +
                kindName(header.kind) + " takes " + Twine(size) +
                " bytes, but the file has " + Twine(rest.size()));

  NdArray array = NdArray::zeros(header.kind, header.shape);
  copyElements(rest, header, array);
  return array;
}

Expected<NdArray> mlir::qat::readNpy(StringRef path) {
  auto buffer = MemoryBuffer::getFileOrSTDIN(path, /*IsText=*/false,
                                             /*RequiresNullTerminator=*/false);
  if (std::error_code reason = buffer.getError())
    return createStringError(reason, "cannot read array '" + path +
                                         "': " + reason.message());
  return parseNpy((*buffer)->getMemBufferRef());
}

static StringRef typeText(ElementKind kind) {
  switch (kind) {
  case ElementKind::F32:
    return "f4";
  case ElementKind::F64:
    return "f8";
  case ElementKind::I8:
    return "i1";
  case ElementKind::U8:
    return "u1";
  case ElementKind::I16:
    return "i2";
  case ElementKind::U16:
    return "u2";
  case ElementKind::I32:
    return "i4";
  case ElementKind::U32:
    return "u4";
  case ElementKind::I64:
    return "i8";
  case ElementKind::U64:
    return "u8";
  case ElementKind::Bool:
    return "b1";
  }
  llvm_unreachable("every kind has a type in NumPy");
}

/// What precedes the elements of `array` in a file.
static Expected<std::string> preambleOf(const NdArray &array) {
  if (array.shape().size() > kMaxRank)
    return createStringError(inconvertibleErrorCode(),
                             "cannot write an array of rank " +
                                 Twine(array.rank()) + " as .npy");
  char order = elementSize(array.kind()) == 1 ? '|'
               : sys::IsLittleEndianHost      ? '<'
                                              : '>';
  std::string header =
      (Twine("{'descr': '") + Twine(order) + typeText(array.kind()) +
       "', 'fortran_order': False, 'shape': (")
          .str();
  for (auto [axis, dim] : enumerate(array.shape()))
    header += (axis ? ", " : "") + std::to_string(dim);
  header += array.rank() == 1 ? ",), }" : "), }";

  size_t prefix = kMagic.size() + 4; // Magic, version, length.
  size_t length = alignTo(prefix + header.size() + 1, kDataAlignment) - prefix;
  header.resize(length - 1, ' ');
  char versionAndLength[] = {1, 0, static_cast<char>(length & 0xff),
                             static_cast<char>(length >> 8)};
  return (kMagic + StringRef(versionAndLength, 4) + header + "\n").str();
}

Error mlir::qat::writeNpy(raw_ostream &os, const NdArray &array) {
  Expected<std::string> preamble = preambleOf(array);
  if (!preamble)
    return preamble.takeError();
  os << *preamble << toStringRef(array.bytes());
  return Error::success();
}

Error mlir::qat::writeNpy(StringRef path, const NdArray &array) {
  Expected<std::string> preamble = preambleOf(array);
  if (!preamble)
    return preamble.takeError();
  return writeFileAtomically(path, [&](raw_ostream &os) {
    os << *preamble << toStringRef(array.bytes());
  });
}
