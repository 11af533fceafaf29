//===- Npy.h - arrays in NumPy's file format --------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_SUPPORT_NPY_H
#define QAT_SUPPORT_NPY_H

#include "qat/Support/NdArray.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBufferRef.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace mlir::qat {

/// Reads one array from a .npy file ("-" is standard input): versions 1.0 to
/// 3.0 of the format (numpy.lib.format), either byte order, C and Fortran
/// order, and the kinds of `ElementKind`; the result is in this machine's byte
/// order and row-major. Anything else is refused in one line that names
/// `path`: a truncated or overlong file, an element type that is an object, a
/// structure, text, complex or half-precision, a shape whose size overflows,
/// header keys that are unknown, missing or given twice.
llvm::Expected<NdArray> readNpy(llvm::StringRef path);

/// The same from memory; messages name the buffer's identifier. No allocation
/// exceeds the size of the buffer by more than a constant.
llvm::Expected<NdArray> parseNpy(llvm::MemoryBufferRef buffer);

/// Writes `array` to `path` as version 1.0 in C order and this machine's byte
/// order; the file appears whole or not at all (see AtomicFile.h).
llvm::Error writeNpy(llvm::StringRef path, const NdArray &array);

/// The same to a stream. Fails, before it writes anything, only for a rank
/// whose header would not fit version 1.0.
llvm::Error writeNpy(llvm::raw_ostream &os, const NdArray &array);

} // namespace mlir::qat

#endif // QAT_SUPPORT_NPY_H
