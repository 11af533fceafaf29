//===- RuntimeSources.h - the C runtime as text ----------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The compiler carries the sources of qat-rt and of the simulated boards, so
// that it can put what a project needs beside the code that it generates.
//
//===----------------------------------------------------------------------===//

#ifndef QAT_RUNTIME_RUNTIMESOURCES_H
#define QAT_RUNTIME_RUNTIMESOURCES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>
#include <vector>

namespace mlir::qat {

/// The text of one source of the runtime: "conv2d.h", "conv2d.c",
/// "conv2d_body.h", or of the boards: "boards/startup.c". None if there is no
/// such file. The text ends in a zero byte behind its last character.
std::optional<llvm::StringRef> getRuntimeSource(llvm::StringRef name);

/// The names of all sources, sorted.
llvm::ArrayRef<llvm::StringRef> getRuntimeSourceNames();

/// A file that goes into the folder `qat-rt` of a generated project.
struct RuntimeFile {
  std::string name;
  std::string text;
};

/// A kernel that a project calls.
struct RuntimeKernel {
  std::string source;     ///< the file that it goes into: "conv2d.c"
  std::string definition; ///< one line: "QAT_CONV2D_KERNEL(...)"
};

/// The files that a project needs which calls `kernels`: their sources, with a
/// line for each of them, in the order of the lines, and the headers that they
/// include; sorted by name. No kernels: no files. Fails with the name of a
/// source that does not exist.
llvm::Expected<std::vector<RuntimeFile>>
getRuntimeFilesForKernels(llvm::ArrayRef<RuntimeKernel> kernels);

} // namespace mlir::qat

#endif // QAT_RUNTIME_RUNTIMESOURCES_H
