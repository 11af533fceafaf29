//===- QatDialect.cpp - registration only ===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ContractionBufferization.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "qat/Dialect/Qat/IR/Qat.h"

#include <limits>

using namespace mlir;
using namespace mlir::qat;

#include "qat/Dialect/Qat/IR/QatDialect.cpp.inc"
#include "qat/Dialect/Qat/IR/QatDifferentiable.cpp.inc"
#include "qat/Dialect/Qat/IR/QatEnums.cpp.inc"
#include "qat/Dialect/Qat/IR/QatInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "qat/Dialect/Qat/IR/QatAttributes.cpp.inc"

#define GET_OP_CLASSES
#include "qat/Dialect/Qat/IR/QatOps.cpp.inc"

void QatDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "qat/Dialect/Qat/IR/QatAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "qat/Dialect/Qat/IR/QatOps.cpp.inc"
      >();
  attachContractionBufferization(*getContext());
}

/// Checks an attribute of a module that is an i32 from `low` to `high`.
static LogicalResult verifyModuleInteger(Operation *op,
                                         NamedAttribute attribute, int64_t low,
                                         int64_t high) {
  if (!isa<ModuleOp>(op))
    return op->emitOpError("expects '")
           << attribute.getName().getValue() << "' on the module alone";
  auto value = dyn_cast<IntegerAttr>(attribute.getValue());
  if (!value || !value.getType().isSignlessInteger(32) ||
      value.getInt() < low || value.getInt() > high)
    return op->emitOpError("expects '")
           << attribute.getName().getValue() << "' to be an i32 from " << low
           << " to " << high << ", but got " << attribute.getValue();
  return success();
}

LogicalResult QatDialect::verifyOperationAttribute(Operation *op,
                                                   NamedAttribute attribute) {
  if (attribute.getName() == "qat.bias_bits")
    return verifyModuleInteger(op, attribute, 2, 32);
  if (attribute.getName() == "qat.batch_fold_delay")
    return verifyModuleInteger(op, attribute, 0,
                               std::numeric_limits<int32_t>::max());
  return success();
}
