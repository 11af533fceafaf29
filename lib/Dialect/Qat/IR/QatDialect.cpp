//===- QatDialect.cpp - registration only ===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "qat/Dialect/Qat/IR/Qat.h"

using namespace mlir;
using namespace mlir::qat;

#include "qat/Dialect/Qat/IR/QatDialect.cpp.inc"
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
}
