//===- Passes.td - passes that make a training step -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DIFFERENTIATION_PASSES
#define QAT_DIFFERENTIATION_PASSES

include "mlir/Pass/PassBase.td"

def QatSetBatch : Pass<"qat-set-batch", "::mlir::ModuleOp"> {
  let summary = "Set how many samples @main takes at once (forms F and Q)";
  let description = [{
    Gives `@main` the batch `batch` in place of the one that its input has: the
    types of all tensors that depend on the input, and the shapes of reshapes
    and slices. An op that does not keep samples apart along the first
    dimension is refused.
  }];
  let options = [
    Option<"batch", "batch", "int64_t", /*default=*/"1", "The batch">,
  ];
  let dependentDialects = ["::mlir::tosa::TosaDialect"];
}

def QatDifferentiate : Pass<"qat-differentiate", "::mlir::ModuleOp"> {
  let summary = "Turn a network into its training step (form F or Q to T)";
  let description = [{
    Replaces `@main` and its parameters by `@step`: forward, loss, backward and
    optimizer of one batch, on tensors (docs/Overview.md, form T). The state is
    in memref arguments that the step updates in place; each carries `qat.role`
    and, for what belongs to a parameter, `qat.name`, in this order:

    | role | type | what |
    | --- | --- | --- |
    | `input` | NxHxWxC f32 | the batch |
    | `label` | N i32 | classes |
    | `hyper` | 16 f32 | learning rates and their like |
    | `seed` | 2 i32 | seed of the dropout, number of the step |
    | `parameter` | f32 | every parameter, in the order of the module |
    | `moment1`, `moment2` | f32 | the optimizer's, of each trained parameter |
    | `gradient` | f32 | sums of gradients, with `accumulate` |
    | `statistic` | f32 | running means and variances of live batch norms |
    | `metrics` | 4 f32 | mean loss, right answers, right in five, norm of the gradient |

    What nothing uses is left out. Batch norms that are not frozen normalize by
    the batch and update their running statistics; frozen ones scale. A bound
    of type `clipped` or `relu6`, and the bias of a layer behind which a live
    batch norm stands (its gradient is zero), are only read. A softmax at the
    end goes into the loss `cross-entropy`.

    An op that cannot be trained through is an error that names its layer.
  }];
  let options = [
    Option<"batch", "batch", "int64_t", /*default=*/"32",
           "Samples a step">,
    Option<"loss", "loss", "std::string", /*default=*/"\"cross-entropy\"",
           "cross-entropy, of logits and classes, or mse, of the result and the "
           "input">,
    Option<"optimizer", "optimizer", "std::string", /*default=*/"\"adam\"",
           "adam or sgd">,
    Option<"dropout", "dropout", "double", /*default=*/"0.0",
           "Probability with which an input of the last layer is left out">,
    Option<"accumulate", "accumulate", "bool", /*default=*/"false",
           "Add gradients up for @update, which applies them">,
    Option<"clip", "clip", "bool", /*default=*/"false",
           "Clip gradients to the norm in 'hyper'">,
    Option<"boundScale", "bound-scale", "std::string", /*default=*/"\"none\"",
           "Factor of the gradients of bounds: none, or lsq, 1 / sqrt(elements "
           "of a sample * levels)">,
    Option<"teacher", "teacher", "std::string", /*default=*/"\"\"",
           "Distill from this network: a function of the module, or the file "
           "of a module in form F">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::bufferization::BufferizationDialect",
    "::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect",
    "::mlir::qat::QatDialect", "::mlir::tensor::TensorDialect",
    "::mlir::tosa::TosaDialect"];
}

#endif // QAT_DIFFERENTIATION_PASSES
