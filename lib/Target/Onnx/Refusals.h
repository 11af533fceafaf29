//===- Refusals.h - why a model cannot be imported --------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_TARGET_ONNX_REFUSALS_H
#define QAT_LIB_TARGET_ONNX_REFUSALS_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Error.h"

#include <map>
#include <string>
#include <vector>

namespace mlir::qat::onnx {

/// What was found in a model that cannot be imported. Everything is reported at
/// once, each reason with the nodes that it holds for.
class Refusals {
public:
  /// There is no operator of that name.
  void addUnknown(StringRef operation, StringRef node);
  void add(StringRef operation, StringRef node, const Twine &why);

  bool empty() const { return unknown.empty() && reasons.empty(); }
  /// One line.
  llvm::Error take() const;

private:
  using Nodes = std::vector<std::string>;

  llvm::MapVector<StringRef, Nodes> unknown;
  /// By operator and reason.
  llvm::MapVector<std::pair<std::string, std::string>, Nodes,
                  std::map<std::pair<std::string, std::string>, unsigned>>
      reasons;
};

} // namespace mlir::qat::onnx

#endif // QAT_LIB_TARGET_ONNX_REFUSALS_H
