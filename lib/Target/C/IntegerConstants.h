//===- IntegerConstants.h - stored values of constants ----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_C_INTEGERCONSTANTS_H
#define QAT_LIB_TARGET_C_INTEGERCONSTANTS_H

#include "mlir/IR/BuiltinAttributes.h"

#include <optional>
#include <vector>

namespace mlir::qat {

/// The elements of a constant of integers of up to 32 bits, dense or a
/// resource (of 8 or 32 bits), sign- or zero-extended from their own width.
/// None for other attributes and for resources whose data is missing.
std::optional<std::vector<int32_t>> getIntegers(ElementsAttr attr,
                                                bool isSigned);

} // namespace mlir::qat

#endif // QAT_LIB_TARGET_C_INTEGERCONSTANTS_H
