//===- Parameters.cpp - the named state of a network ----------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Parameters.h"

#include "qat/Dialect/Qat/IR/ConstantValues.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace mlir::qat;

/// A scalar as a dense attribute, anything else as a resource: attributes are
/// hashed and never freed.
static ElementsAttr makeElements(RankedTensorType type, StringRef name,
                                 ArrayRef<float> numbers) {
  if (type.getRank() == 0)
    return DenseElementsAttr::get(type, numbers);
  auto blob = HeapAsmResourceBlob::allocateAndCopyInferAlign(
      numbers, /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(type, name, std::move(blob));
}

ml_program::GlobalOp Parameters::lookup(Value value) {
  auto load = value.getDefiningOp<ml_program::GlobalLoadOp>();
  return load ? symbols.lookup<ml_program::GlobalOp>(
                    load.getGlobal().getLeafReference())
              : nullptr;
}

std::optional<std::vector<float>> Parameters::get(Value value) {
  if (!value.getDefiningOp<ml_program::GlobalLoadOp>())
    return getConstantFloats(value);
  ml_program::GlobalOp global = lookup(value);
  return global ? getFloatElements(global.getValueAttr())
                : std::optional<std::vector<float>>();
}

bool Parameters::isOwn(Value value) {
  ml_program::GlobalOp global = lookup(value);
  if (!global || !value.hasOneUse())
    return false;
  std::optional<SymbolTable::UseRange> uses =
      SymbolTable::getSymbolUses(global, symbols.getOp());
  return uses && llvm::hasSingleElement(*uses);
}

void Parameters::set(Value value, ArrayRef<float> numbers) {
  ml_program::GlobalOp global = lookup(value);
  global.setValueAttr(makeElements(cast<RankedTensorType>(value.getType()),
                                   global.getSymName(), numbers));
}

void Parameters::replace(OpOperand &operand, const Twine &name,
                         RankedTensorType type, ArrayRef<float> numbers) {
  Operation *owner = operand.getOwner();
  auto function = owner->getParentOfType<func::FuncOp>();
  OpBuilder builder(function);
  StringAttr wanted = builder.getStringAttr(name);
  auto global = ml_program::GlobalOp::create(
      builder, NameLoc::get(wanted), wanted, TypeAttr::get(type),
      /*is_mutable=*/builder.getUnitAttr(), makeElements(type, wanted, numbers),
      builder.getStringAttr("private"));
  StringAttr symbol = symbols.insert(global);
  builder.setInsertionPoint(owner);
  operand.set(ml_program::GlobalLoadOp::create(
      builder, NameLoc::get(wanted), type, FlatSymbolRefAttr::get(symbol)));
}
