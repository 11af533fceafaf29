//===- CText.h - pieces of C text -------------------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_C_CTEXT_H
#define QAT_LIB_TARGET_C_CTEXT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace mlir::qat {

/// Text from a model, made harmless inside a comment: printable ASCII that
/// neither ends the comment nor begins one, no trigraphs.
std::string makeCComment(llvm::StringRef text);

/// The same as a string literal, with its quotes.
std::string makeCString(llvm::StringRef text);

/// A constant of type int32_t. INT32_MIN has no literal.
std::string makeCInteger(int64_t value);

/// The shortest decimal that reads back as `value`, always a floating literal.
std::string makeCDouble(double value);

/// Prints `items` with commas between them, in lines of up to 80 columns that
/// begin with `indent` spaces. `column` is where the first line stands already
/// (0: at its beginning).
void printWrapped(llvm::raw_ostream &os, llvm::ArrayRef<std::string> items,
                  unsigned indent, unsigned column = 0);

/// Prints rows as columns as wide as their widest cell, each line after
/// `prefix`.
void printTable(llvm::raw_ostream &os,
                llvm::ArrayRef<std::vector<std::string>> rows,
                llvm::StringRef prefix);

} // namespace mlir::qat

#endif // QAT_LIB_TARGET_C_CTEXT_H
