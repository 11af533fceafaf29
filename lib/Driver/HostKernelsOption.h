//===- HostKernelsOption.h - the option --host-kernels ----------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LIB_DRIVER_HOSTKERNELSOPTION_H
#define QAT_LIB_DRIVER_HOSTKERNELSOPTION_H

#include "qat/Execution/CompiledNetwork.h"

#include "llvm/Support/CommandLine.h"

namespace mlir::qat {

/// `--host-kernels`: the kernels that compute integer layers. Every choice
/// gives the same outputs.
class HostKernelsOption {
public:
  explicit HostKernelsOption(llvm::cl::OptionCategory &category);

  /// Fails where the word is unknown or this processor cannot run the kernels.
  llvm::Expected<CompileOptions> getCompileOptions() const;

private:
  llvm::cl::opt<std::string> word;
};

} // namespace mlir::qat

#endif // QAT_LIB_DRIVER_HOSTKERNELSOPTION_H
