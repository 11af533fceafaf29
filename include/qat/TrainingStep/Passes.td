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

    Part sizes follow from shapes: parts of about `part-bytes`, or of four times
    the bytes of the contraction's weights where that is more, and at most
    `max-tiles` tiles. Where an op treats all pixels alike, a part is a run of
    pixels, as images of one row.

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

def QatFuseGroupBodies
    : Pass<"qat-fuse-group-bodies", "::mlir::func::FuncOp"> {
  let summary = "Make few loops of the elementwise ops of each group";
  let description = [{
    Inside of `qat.fused`: elementwise loops go into the loops that read them,
    computed again for each, where both run over the same elements; then loops
    over the same elements become one with several results, so that a part is
    read once for all its sums.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def QatOutlineGroups : Pass<"qat-outline-groups", "::mlir::ModuleOp"> {
  let summary = "Make a function of each group and a table of the step";
  let description = [{
    Each `qat.fused` of a public function becomes a function that computes one
    part, on buffers: the operands' parts, then the results'. The function of
    the step loses its body and receives `qat.launches`, what to call in which
    phase on which memory, and `qat.arena_bytes`.

    What passes between groups has its place in one arena, planned over the
    phases; a result that is written to an argument goes there at once if all
    who read the old value come before, else it is copied at the end. Launches
    of one phase do not depend on each other.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::bufferization::BufferizationDialect",
    "::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::memref::MemRefDialect"];
}

def QatVectorizeSums : Pass<"qat-vectorize-sums", "::mlir::func::FuncOp"> {
  let summary = "Write sums over the pixels of a part as vector loops";
  let description = [{
    `linalg.generic` on buffers of f32 that sums over all loops but that of the
    channels, in f64, and may write elements beside: loops over vectors of 16 or
    8 channels that keep the sums of up to 64 pixels in registers, in f32; those
    are added in f64. The order follows from shapes alone.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def QatPlanScratch : Pass<"qat-plan-scratch", "::mlir::func::FuncOp"> {
  let summary = "Make the temporaries of a group arguments";
  let description = [{
    Each `memref.alloc` of static size becomes a further argument;
    `qat.scratch` holds the offset of each in a thread's scratch memory, where
    those that are not used at the same time share a place, and
    `qat.scratch_bytes` its size.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

#endif // QAT_TRAININGSTEP_PASSES
