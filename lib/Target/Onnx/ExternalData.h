//===- ExternalData.h - values in a file beside the model -------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_ONNX_EXTERNALDATA_H
#define QAT_LIB_TARGET_ONNX_EXTERNALDATA_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace mlir::qat::onnx {

/// Where a tensor keeps its values, as its `external_data` states it.
struct ExternalRange {
  std::string location, offset, length;
};

/// The bytes of `range`, which have to be `size`, from a file in `folder` or
/// below. Files are never read outside of it: a path may be neither absolute
/// nor hold `..`, and no symbolic link on it may lead out. `folder` is nothing
/// where the model does not come from a file. Errors say what is wrong as the
/// rest of a sentence.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
readExternal(const std::optional<std::string> &folder,
             const ExternalRange &range, int64_t size);

} // namespace mlir::qat::onnx

#endif // QAT_LIB_TARGET_ONNX_EXTERNALDATA_H
