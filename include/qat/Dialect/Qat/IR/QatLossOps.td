//===- QatLossOps.td - losses of training and what is counted -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_LOSS_OPS
#define QAT_LOSS_OPS

include "qat/Dialect/Qat/IR/QatBase.td"
include "qat/Dialect/Qat/IR/QatTrainingTypes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// A loss gives one number a sample and the gradient of the *mean* loss. The
// mean is over the samples that count: `samples` is their number, so that each
// row of a loss depends on its own sample alone and a batch can be cut.
//
// A sample counts whose label is a class, 0 to C-1. Any other label, such as
// the -1 that fills up the last batch, gives a loss and gradients of 0 and is
// no hit; nothing is read at its place.

class Qat_RowLoss<string mnemonic, list<Trait> traits = []>
    : Qat_Op<mnemonic, !listconcat([
        Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>], traits)>;

def Qat_CountSamplesOp : Qat_Op<"count_samples", [Pure]> {
  let summary = "the number of samples that count";
  let description = [{
    ```
    result = max(number of n with 0 <= labels[n] < classes, 1)
    ```

    Example:

    ```mlir
    %samples = qat.count_samples %labels {classes = 10 : i64}
               : tensor<32xi32> -> tensor<f32>
    ```
  }];
  let arguments = (ins Qat_Labels:$labels,
                       ConfinedAttr<I64Attr, [IntPositive,
                                              IntMaxValue<2147483647>]>:$classes);
  let results = (outs Qat_RealScalar:$result);
  let assemblyFormat = [{
    $labels attr-dict `:` type($labels) `->` type($result)
  }];
}

def Qat_SoftmaxCrossEntropyOp : Qat_RowLoss<"softmax_cross_entropy", [
    AllTypesMatch<["smoothing", "samples"]>]> {
  let summary = "cross entropy of the softmax of the logits, with its gradient";
  let description = [{
    With `e` the label smoothing and C the classes, as PyTorch's
    `cross_entropy(label_smoothing=e, ignore_index=-1)`:

    ```
    target[n, c]   = (1 - e) * (c == labels[n]) + e / C
    loss[n]        = -sum over c of target[n, c] * log(softmax(logits[n])[c])
    gradient[n, c] = (softmax(logits[n])[c] - target[n, c]) / samples
    ```

    A sample whose label is no class has loss and gradient 0.

    Constraints:

    * (C1) `labels` has one element a row of `logits`.
    * (C2) The scalars have the element type of `logits`.

    Example:

    ```mlir
    %loss, %gradient =
        qat.softmax_cross_entropy %logits, %labels, %smoothing, %samples
        : tensor<32x10xf32>, tensor<32xi32>, tensor<f32>
    ```
  }];
  let arguments = (ins Qat_RealMatrix:$logits, Qat_Labels:$labels,
                       Qat_RealScalar:$smoothing, Qat_RealScalar:$samples);
  let results = (outs Qat_RealVector:$loss, Qat_RealMatrix:$gradient);
  let assemblyFormat = [{
    $logits `,` $labels `,` $smoothing `,` $samples attr-dict
    `:` type($logits) `,` type($labels) `,` type($smoothing)
  }];
  let hasVerifier = 1;
}

def Qat_MeanSquaredErrorOp : Qat_RowLoss<"mean_squared_error", [
    AllTypesMatch<["output", "target"]>]> {
  let summary = "mean squared error of each sample, with its gradient";
  let description = [{
    With K the elements of a sample:

    ```
    loss[n]        = sum over i of (output[n, i] - target[n, i])^2 / K
    gradient[n, i] = 2 * (output[n, i] - target[n, i]) / (K * samples)
    ```

    Constraints:

    * (C1) `output` has a batch: its rank is at least 1.
    * (C2) The scalar has the element type of `output`.

    Example:

    ```mlir
    %loss, %gradient = qat.mean_squared_error %output, %target, %samples
                       : tensor<32x640xf32>, tensor<f32>
    ```
  }];
  let arguments = (ins Qat_RealTensor:$output, Qat_RealTensor:$target,
                       Qat_RealScalar:$samples);
  let results = (outs Qat_RealVector:$loss, Qat_RealTensor:$gradient);
  let assemblyFormat = [{
    $output `,` $target `,` $samples attr-dict
    `:` type($output) `,` type($samples)
  }];
  let hasVerifier = 1;
}

def Qat_DistillationLossOp : Qat_RowLoss<"distillation_loss", [
    AllTypesMatch<["logits", "teacher"]>,
    AllTypesMatch<["temperature", "samples"]>]> {
  let summary = "how far the softmax is from a teacher's, with its gradient";
  let description = [{
    The Kullback-Leibler divergence of the two softmaxes at a temperature T,
    times T^2, which keeps its gradients of one size for any T (Hinton, Vinyals,
    Dean, arXiv 1503.02531):

    ```
    p              = softmax(teacher[n] / T)
    q              = softmax(logits[n] / T)
    loss[n]        = T^2 * sum over c of p[c] * (log(p[c]) - log(q[c]))
    gradient[n, c] = T * (q[c] - p[c]) / samples
    ```

    The gradient is that of `logits`; the teacher has none. A sample whose label
    is no class has loss and gradient 0.

    Constraints:

    * (C1) `labels` has one element a row of `logits`.
    * (C2) The scalars have the element type of `logits`.

    Example:

    ```mlir
    %loss, %gradient =
        qat.distillation_loss %logits, %teacher, %labels, %temperature, %samples
        : tensor<32x10xf32>, tensor<32xi32>, tensor<f32>
    ```
  }];
  let arguments = (ins Qat_RealMatrix:$logits, Qat_RealMatrix:$teacher,
                       Qat_Labels:$labels, Qat_RealScalar:$temperature,
                       Qat_RealScalar:$samples);
  let results = (outs Qat_RealVector:$loss, Qat_RealMatrix:$gradient);
  let assemblyFormat = [{
    $logits `,` $teacher `,` $labels `,` $temperature `,` $samples attr-dict
    `:` type($logits) `,` type($labels) `,` type($temperature)
  }];
  let hasVerifier = 1;
}

def Qat_BlendOp : Qat_Op<"blend", [
    Pure, AllTypesMatch<["first", "second", "result"]>]> {
  let summary = "a mean of two tensors by weight";
  let description = [{
    ```
    result = (1 - weight) * first + weight * second
    ```

    Two losses and their gradients become one; `weight` 0 gives `first` alone
    and 1 `second` alone, whatever the other holds.

    Constraints:

    * (C1) The scalar has the element type of the tensors.

    Example:

    ```mlir
    %loss = qat.blend %hard, %soft, %weight : tensor<32xf32>, tensor<f32>
    ```
  }];
  let arguments = (ins Qat_RealTensor:$first, Qat_RealTensor:$second,
                       Qat_RealScalar:$weight);
  let results = (outs Qat_RealTensor:$result);
  let assemblyFormat = [{
    $first `,` $second `,` $weight attr-dict `:` type($first) `,` type($weight)
  }];
  let hasVerifier = 1;
}

def Qat_MeanLossOp : Qat_Op<"mean_loss", [
    Pure, AllTypesMatch<["samples", "result"]>]> {
  let summary = "the mean of the losses of the samples that count";
  let description = [{
    ```
    result = (sum over n of loss[n]) / samples
    ```

    The sum and the quotient are taken in f64, by rising index, and rounded
    once.

    Constraints:

    * (C1) The scalar has the element type of `loss`.

    Example:

    ```mlir
    %mean = qat.mean_loss %loss, %samples : tensor<32xf32>, tensor<f32>
    ```
  }];
  let arguments = (ins Qat_RealVector:$loss, Qat_RealScalar:$samples);
  let results = (outs Qat_RealScalar:$result);
  let assemblyFormat = [{
    $loss `,` $samples attr-dict `:` type($loss) `,` type($samples)
  }];
  let hasVerifier = 1;
}

def Qat_CountCorrectOp : Qat_Op<"count_correct", [
    Pure, AllTypesMatch<["top1", "top5"]>]> {
  let summary = "samples whose label has the highest score, and one of the five highest";
  let description = [{
    The classes of a sample are ordered by falling score, the lower index first
    among equals, as `qat eval` orders them. A label with a score that is no
    number is never a hit; a class with such a score comes before every label.

    ```
    place(n) = number of c with not (logits[n, c] < logits[n, labels[n]] or
                   logits[n, c] == logits[n, labels[n]] and c >= labels[n])
    top1     = number of n with place(n) < 1
    top5     = number of n with place(n) < 5
    ```

    Constraints:

    * (C1) `labels` has one element a row of `logits`.
    * (C2) The scalars have the element type of `logits`.

    Example:

    ```mlir
    %top1, %top5 = qat.count_correct %logits, %labels
                   : tensor<32x10xf32>, tensor<32xi32> -> tensor<f32>
    ```
  }];
  let arguments = (ins Qat_RealMatrix:$logits, Qat_Labels:$labels);
  let results = (outs Qat_RealScalar:$top1, Qat_RealScalar:$top5);
  let assemblyFormat = [{
    $logits `,` $labels attr-dict
    `:` type($logits) `,` type($labels) `->` type($top1)
  }];
  let hasVerifier = 1;
}

#endif // QAT_LOSS_OPS
