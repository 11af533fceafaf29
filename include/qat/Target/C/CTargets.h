//===- CTargets.h - the parts that C is written for -------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TARGET_C_CTARGETS_H
#define QAT_TARGET_C_CTARGETS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace mlir::qat {

/// The names: "cortex-m4", ..., "host".
llvm::ArrayRef<llvm::StringRef> getCTargets();
bool isCTarget(llvm::StringRef name);
/// "'cortex-m4', 'host'", for errors.
std::string listCTargets();

} // namespace mlir::qat

#endif // QAT_TARGET_C_CTARGETS_H
