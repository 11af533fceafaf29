//===- Formats.h - the kinds of data set ------------------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DATA_FORMATS_H
#define QAT_LIB_DATA_FORMATS_H

#include "qat/Data/Dataset.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/Twine.h"

namespace mlir::qat::formats {

using OpenedDataset = llvm::Expected<std::unique_ptr<Dataset>>;

OpenedDataset openCifar10(llvm::StringRef path, DataSplit split);
OpenedDataset openIdx(llvm::StringRef path, DataSplit split);
/// `minClasses` is the least number of classes with labels.tsv.
OpenedDataset openImageFolder(llvm::StringRef path, DataSplit split,
                              int64_t minClasses);
OpenedDataset openNpy(llvm::StringRef path, DataSplit split);

//===----------------------------------------------------------------------===//
// What several formats need
//===----------------------------------------------------------------------===//

/// The paths of the files (or folders) in `folder`, but for names that begin
/// with '.', in byte order.
llvm::Expected<llvm::SmallVector<std::string>>
listFiles(llvm::StringRef folder);
llvm::Expected<llvm::SmallVector<std::string>>
listFolders(llvm::StringRef folder);

/// `folder`/`name`.
std::string childPath(llvm::StringRef folder, llvm::StringRef name);

/// The subfolder of `split` if `path` has both halves as subfolders, else
/// `path`.
std::string enterSplit(llvm::StringRef path, DataSplit split);

/// "cannot open data set 'path': why".
llvm::Error cannotOpen(llvm::StringRef path, const llvm::Twine &why);

} // namespace mlir::qat::formats

#endif // QAT_LIB_DATA_FORMATS_H
