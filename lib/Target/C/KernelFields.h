//===- KernelFields.h - the members of one parameter struct -----*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_C_KERNELFIELDS_H
#define QAT_LIB_TARGET_C_KERNELFIELDS_H

#include "qat/Target/C/KernelInfo.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLExtras.h"

namespace mlir::qat {

/// The members of one parameter struct, checked against their C types.
class KernelFields {
public:
  KernelFields(Operation *op, const KernelFamily &family)
      : op(op), family(family), builder(op->getContext()) {}

  void set(StringRef name, int64_t value) {
    const KernelField *field = find(name);
    auto [low, high] = getRange(field->type);
    if (value < low || value > high) {
      if (succeeded(status))
        op->emitError("expects '")
            << name << "' between " << low << " and " << high
            << " for the kernel '" << family.structName << "', but got "
            << value;
      status = failure();
      return;
    }
    entries.push_back(builder.getNamedAttr(
        name,
        builder.getIntegerAttr(
            builder.getIntegerType(field->type == FieldType::I64 ? 64 : 32),
            value)));
  }

  void set(StringRef name, FlatSymbolRefAttr symbol) {
    entries.push_back(builder.getNamedAttr(name, symbol));
  }

  FailureOr<DictionaryAttr> get() const {
    if (failed(status))
      return failure();
    return DictionaryAttr::get(op->getContext(), entries);
  }

private:
  const KernelField *find(StringRef name) const {
    return llvm::find_if(family.fields,
                         [&](auto &field) { return field.name == name; });
  }

  /// The values that a member of this type holds.
  static std::pair<int64_t, int64_t> getRange(FieldType type) {
    switch (type) {
    case FieldType::U8:
      return {0, UINT8_MAX};
    case FieldType::U16:
      return {0, UINT16_MAX};
    case FieldType::I32:
      return {INT32_MIN, INT32_MAX};
    default:
      return {INT64_MIN, INT64_MAX};
    }
  }

  Operation *op;
  const KernelFamily &family;
  Builder builder;
  SmallVector<NamedAttribute> entries;
  LogicalResult status = success();
};

} // namespace mlir::qat

#endif // QAT_LIB_TARGET_C_KERNELFIELDS_H
