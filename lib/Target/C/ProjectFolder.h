//===- ProjectFolder.h - a folder that appears whole ------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_C_PROJECTFOLDER_H
#define QAT_LIB_TARGET_C_PROJECTFOLDER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::qat {

struct ProjectFile {
  std::string path; ///< inside the project, with '/'
  std::string content;
};

/// Whether writeProjectFolder may take `dir`: it does not exist, is empty, or
/// holds nothing but the files that the manifest of an earlier project lists
/// ("generator" and "files" of a .json file in it) and a folder `build`. Fails
/// with the name of a file that would be lost.
llvm::Error checkProjectFolder(llvm::StringRef dir);

/// Writes `files` into a new folder beside `dir`, which takes its place when
/// everything is written.
llvm::Error writeProjectFolder(llvm::StringRef dir,
                               llvm::ArrayRef<ProjectFile> files);

} // namespace mlir::qat

#endif // QAT_LIB_TARGET_C_PROJECTFOLDER_H
