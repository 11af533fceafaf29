//===- Qat.h - the qat dialect, its ops and interfaces ---------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_IR_QAT_H
#define QAT_DIALECT_QAT_IR_QAT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "qat/Dialect/Qat/IR/ContractionGeometry.h"
#include "qat/Dialect/Qat/IR/TensorSize.h"
#include "qat/Support/WeightQuantizers.h"

#include "qat/Dialect/Qat/IR/QatDialect.h.inc"
#include "qat/Dialect/Qat/IR/QatDifferentiable.h.inc"
#include "qat/Dialect/Qat/IR/QatEnums.h.inc"
#include "qat/Dialect/Qat/IR/QatInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "qat/Dialect/Qat/IR/QatAttributes.h.inc"

#define GET_OP_CLASSES
#include "qat/Dialect/Qat/IR/QatOps.h.inc"

#endif // QAT_DIALECT_QAT_IR_QAT_H
