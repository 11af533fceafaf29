//===- HostKernelsOption.cpp - the option --host-kernels ------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostKernelsOption.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace mlir::qat;

HostKernelsOption::HostKernelsOption(cl::OptionCategory &category)
    : word("host-kernels", cl::init("auto"), cl::value_desc("set"),
           cl::cat(category),
           cl::desc("Compute integer layers with the kernels for generic, avx2 "
                    "or avx512vnni, or with none; the outputs are the same "
                    "(default auto: the fastest)")) {}

Expected<CompileOptions> HostKernelsOption::getCompileOptions() const {
  CompileOptions options;
  if (word == "auto")
    return options;
  options.kernels = symbolizeHostIsa(word);
  if (!options.kernels && word != "none")
    return createStringError("unknown '--host-kernels' '" + word +
                             "', expected auto, none, generic, avx2 or "
                             "avx512vnni");
  if (options.kernels &&
      !is_contained(getSupportedHostIsas(), *options.kernels))
    return createStringError("this processor cannot run the kernels '" + word +
                             "'; leave '--host-kernels' out");
  return options;
}
