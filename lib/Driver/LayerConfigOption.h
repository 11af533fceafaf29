//===- LayerConfigOption.h - --quant-add-config -----------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DRIVER_LAYERCONFIGOPTION_H
#define QAT_LIB_DRIVER_LAYERCONFIGOPTION_H

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mlir::qat {

/// `--quant-add-config`: what single layers are given.
class LayerConfigOption {
public:
  explicit LayerConfigOption(llvm::cl::OptionCategory &category);

  /// The configuration that was given, or is in the file that was named, on one
  /// line as passes take it; empty without one. Fails where it is none; whether
  /// its layers exist is for the passes to say.
  llvm::Expected<std::string> read() const;

private:
  llvm::cl::opt<std::string> given;
};

} // namespace mlir::qat

#endif // QAT_LIB_DRIVER_LAYERCONFIGOPTION_H
