//===- Passes.td - the compilation of a training step --*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_TRAININGSTEP_PASSES
#define QAT_TRAININGSTEP_PASSES

include "mlir/Pass/PassBase.td"

def QatFormGroups : Pass<"qat-form-groups", "::mlir::func::FuncOp"> {
  let summary = "Gather the ops of a training step around its contractions";
  let description = [{
    For a function of form T (its arguments are memrefs with `qat.role`) after
    its lowering to `linalg` and `qat.contraction`: all ops between reading the
    arguments and `bufferization.materialize_in_destination` go into
    `qat.fused` ops.

    What depends on the batch is cut along it. A group has at most one
    contraction, or the gradients of input and weights of one upstream tensor.
    Elementwise ops whose result comes from one tensor are computed anew in
    every group that reads them (the prologue); sums over the batch and
    elementwise ops of several tensors with several readers go into the group
    that computes their operands (the epilogue), or, where a sum over the whole
    batch lies between, into that of their reader. What one group yields and
    another reads is what a step keeps in memory.

    Part sizes follow from shapes: parts of about `part-bytes`, and at most
    `max-tiles` tiles.

    The rest (parameters, vectors of channels) forms groups of one tile without
    batched operands, connected ops together.
  }];
  let options = [
    Option<"partBytes", "part-bytes", "int64_t", /*default=*/"393216",
           "Bytes that one part reads and writes">,
    Option<"maxTiles", "max-tiles", "int64_t", /*default=*/"16",
           "Most tiles of a group">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect", "::mlir::qat::QatDialect"];
}

#endif // QAT_TRAININGSTEP_PASSES
