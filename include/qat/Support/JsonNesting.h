//===- JsonNesting.h - JSON that the parser survives -------------*- C++
//-*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_JSONNESTING_H
#define QAT_SUPPORT_JSONNESTING_H

#include "llvm/ADT/StringRef.h"

namespace mlir::qat {

/// Whether brackets nest deeper in the JSON `text` than in any that we read:
/// LLVM's parser recurses, and a file of brackets would exhaust the stack.
bool jsonNestsDeeply(llvm::StringRef text);

} // namespace mlir::qat

#endif // QAT_SUPPORT_JSONNESTING_H
