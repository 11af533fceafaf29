//===- Passes.h - from integer layers to form C ----------------*- C++ -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TARGET_C_PASSES_H
#define QAT_TARGET_C_PASSES_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

#include "qat/Dialect/Qat/IR/Qat.h"

namespace mlir::qat {

#define GEN_PASS_DECL
#include "qat/Target/C/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "qat/Target/C/Passes.h.inc"

struct CPipelineOptions : PassPipelineOptions<CPipelineOptions> {
  Option<std::string> network{*this, "network",
                              llvm::cl::desc("C identifier of the network"),
                              llvm::cl::init("network")};
  Option<std::string> target{
      *this, "target", llvm::cl::desc("Part that the kernels are chosen for"),
      llvm::cl::init("cortex-m4")};
};

/// Form I to form C, ready to be printed.
void buildCPipeline(OpPassManager &manager, const CPipelineOptions &options);

/// Registers `qat-c-pipeline`.
void registerCPipeline();

/// Whether `name` can name something in C99 and C++ without meaning something
/// else there.
bool isUsableCIdentifier(llvm::StringRef name);

/// An identifier made of `name`: what is not a letter or a digit becomes one
/// underscore, none at the ends; "n" before a leading digit; cut to 40
/// characters. Empty where nothing is left.
std::string makeCIdentifier(llvm::StringRef name);

} // namespace mlir::qat

#endif // QAT_TARGET_C_PASSES_H
