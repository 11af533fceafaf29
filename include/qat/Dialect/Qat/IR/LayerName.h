//===- LayerName.h - the name of a layer -----------------------------*- C++ -*-
//===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIALECT_QAT_IR_LAYERNAME_H
#define QAT_DIALECT_QAT_IR_LAYERNAME_H

#include "mlir/IR/Location.h"
#include "mlir/IR/Operation.h"

#include <string>

namespace mlir::qat {

/// The name that `location` carries: the first NameLoc in it, or "".
StringRef getLayerName(Location location);

/// The name of the layer that `op` belongs to: that of its location; for an
/// op without one, the owner of the parameter that it reads
/// (`conv1.weight` gives "conv1"); else "".
std::string getLayerName(Operation *op);

} // namespace mlir::qat

#endif // QAT_DIALECT_QAT_IR_LAYERNAME_H
