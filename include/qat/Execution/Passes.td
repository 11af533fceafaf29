//===- Passes.td - what the execution on the host needs of its own --*- tablegen -*- ===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_EXECUTION_PASSES
#define QAT_EXECUTION_PASSES

include "mlir/Pass/PassBase.td"

def QatFoldWeightQuantizers
    : Pass<"qat-fold-weight-quantizers", "::mlir::ModuleOp"> {
  let summary = "Quantize constant weights at compile time";
  let description = [{
    Replaces weight quantizers, `qat.fold_weight` and `qat.fold_bias` of
    constants by their results, computed by the scalar reference: otherwise
    every execution would quantize all weights anew.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def QatLayoutConvolutions
    : Pass<"qat-layout-convolutions", "::mlir::func::FuncOp"> {
  let summary = "Make channels the innermost loop of convolutions and pools";
  let description = [{
    Rewrites the named convolutions and pools of linalg to loops in the order
    batch, output row, output column, kernel row, kernel column, input channel,
    output channel: the innermost dimension is contiguous in every operand, so
    that LLVM vectorizes it, and the sum of each output element keeps the order
    of the named op. OHWI weights are transposed to HWIO, here where they are
    constant. `tensor.pad` becomes a fill and a copy.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect"];
}

def QatFuseElementwise : Pass<"qat-fuse-elementwise", "::mlir::func::FuncOp"> {
  let summary = "Fuse elementwise loops with the loops that read them";
  let description = [{
    The patterns of `linalg-fuse-elementwise-ops` for producers whose loop is
    as long as that of the consumer: what is computed once a channel is not
    computed again for every element, nor an input element for every tap.
  }];
}

def QatResultsToArguments
    : Pass<"qat-results-to-arguments", "::mlir::ModuleOp"> {
  let summary = "Let @main write its results into buffers of the caller";
  let description = [{
    Each buffer that @main returns becomes a further argument, with the
    attributes of the result. A buffer that @main allocates is replaced by the
    argument; anything else (an argument, a constant, a view, a buffer returned
    twice, all of which `buffer-results-to-out-params` hoists wrongly or not at
    all) is copied into it.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def QatLiftConstants : Pass<"qat-lift-constants", "::mlir::ModuleOp"> {
  let summary = "Make constant buffers arguments of @main";
  let description = [{
    Each constant `memref.global` of at least `min-bytes` that @main reads
    becomes a further argument, whose attribute `qat.constant` holds the value:
    the caller passes the attribute's own memory, so that weights are neither
    copied into machine code nor compiled.
  }];
  let options = [
    Option<"minBytes", "min-bytes", "int64_t", /*default=*/"64",
           "Smaller constants stay in the code">,
  ];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def QatOutlineLoops : Pass<"qat-outline-loops", "::mlir::ModuleOp"> {
  let summary = "Move every top-level loop nest into a function of its own";
  let description = [{
    LLVM's time grows faster than the length of a function, and a network as
    one function takes seconds. Each outermost loop nest becomes a private
    function whose arguments are the scalars and the whole buffers it uses;
    views are taken inside, so that two arguments never overlap and are marked
    `llvm.noalias`.
  }];
  let dependentDialects = [
    "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::memref::MemRefDialect"];
}

def QatCopiesToLoops : Pass<"qat-copies-to-loops", "::mlir::func::FuncOp"> {
  let summary = "Write memref.copy out as linalg";
  let description = [{
    A copy into a view is otherwise a call that copies element by element.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

#endif // QAT_EXECUTION_PASSES
