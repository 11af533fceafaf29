//===- QatFloatOps.td - what TOSA lacks of a float network -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_FLOAT_OPS
#define QAT_FLOAT_OPS

include "qat/Dialect/Qat/IR/QatBase.td"
include "qat/Dialect/Qat/IR/QatDifferentiable.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Qat_BatchNormOp : Qat_Op<"batch_norm", [
    Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>, AllTypesMatch<["input", "result"]>,
    AllTypesMatch<["gamma", "beta", "mean", "variance"]>]> {
  let summary = "normalize every channel by its running statistics";
  let description = [{
    Per channel `c` of the last dimension:

    ```
    g         = gamma[c] / sqrt(variance[c] + epsilon)
    result[c] = (input[c] - mean[c]) * g + beta[c]
    ```

    `fold_type` says where the batch norm goes when it is frozen
    (`qat-fold-batch-norm`): into the weights, or into the integer scale and
    bias of the layer (ICN), there also by comparison with thresholds. An op
    with `frozen` has been through that pass: it stays as the layer's real
    scale and bias, and its parameters no longer change.

    Constraints:

    * (C1) The number of channels is static; `gamma`, `beta`, `mean` and
      `variance` have one element a channel.
    * (C2) `epsilon` is not negative and finite.
    * (C3) `frozen` goes with a `fold_type` that keeps the op: `ICN` or
      `folding_thresh`.

    Example:

    ```mlir
    %y = qat.batch_norm %x, %gamma, %beta, %mean, %variance
         {epsilon = 1.0e-3 : f32}
         : tensor<1x8x8x16xf32>, tensor<16xf32>
    ```
  }];
  let arguments = (ins AnyTypeOf<[Qat_FloatMatrix, Qat_FloatImage]>:$input,
                       Qat_ChannelVector:$gamma,
                       Qat_ChannelVector:$beta,
                       Qat_ChannelVector:$mean,
                       Qat_ChannelVector:$variance,
                       F32Attr:$epsilon,
                       OptionalAttr<Qat_FoldTypeAttr>:$fold_type,
                       UnitAttr:$frozen);
  let results = (outs AnyTypeOf<[Qat_FloatMatrix, Qat_FloatImage]>:$result);
  let assemblyFormat = [{
    $input `,` $gamma `,` $beta `,` $mean `,` $variance attr-dict
    `:` type($input) `,` type($gamma)
  }];
  let hasVerifier = 1;
}

def Qat_GroupedConv2DOp : Qat_Op<"grouped_conv2d", [
    Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "2-D convolution in groups of channels";
  let description = [{
    `input` is NHWC, `weight` OHWI, where I is the input channels of a group.
    With `I` input and `M` output channels a group, padding taps contribute 0:

    ```
    g                   = oc / M
    result[n, y, x, oc] = bias[oc] + sum over ky, kx, i of
        input[n, y * stride + ky * dilation - pad, ..., g * I + i]
        * weight[oc, ky, kx, i]
    ```

    `pad` is top, bottom, left, right; `stride` and `dilation` are height,
    width. A grouped `tosa.conv2d` is valid, but does not lower.

    Constraints:

    * (C1) `weight` has shape OC x KH x KW x IC/groups, and `groups` divides
      the input channels IC and the output channels OC.
    * (C2) `bias` has OC elements.
    * (C3) The result's shape is what `pad`, `stride` and `dilation` give, and
      the batch of `input`.
    * (C4) `input` has static height, width and channels.

    Example:

    ```mlir
    %y = qat.grouped_conv2d %x, %w, %b
         {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>,
          dilation = array<i64: 1, 1>, groups = 2 : i64}
         : (tensor<1x8x8x4xf32>, tensor<6x3x3x2xf32>, tensor<6xf32>)
         -> tensor<1x8x8x6xf32>
    ```
  }];
  let arguments = (ins Qat_FloatImage:$input,
                       Qat_Sized<TensorRankOf<[F32], [4]>>:$weight,
                       Qat_ChannelVector:$bias,
                       Qat_Pads:$pad, Qat_Pair:$stride, Qat_Pair:$dilation,
                       ConfinedAttr<I64Attr, [IntPositive]>:$groups);
  let results = (outs Qat_FloatImage:$result);
  let assemblyFormat = [{
    $input `,` $weight `,` $bias attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Qat_RoundedAvgPool2DOp : Qat_Op<"rounded_avg_pool2d", [
    Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "average pooling that rounds as the integer pool does";
  let description = [{
    The average pool of the fake-quantized graph of a frozen network
    (`qat-freeze-fake-quantization`). `input` lies on a grid of the given
    `step`; the average is taken on the levels, as by `qat.avg_pool2d`, and put
    back on the grid. `sum` and `k` are taken over the taps of the window that
    lie inside the input:

    ```
    level   = clamp(round(input / step), -2^15, 2^15 - 1)   // 0 for a NaN
    average = floor(sum / k)                  // rounding floor
    average = floor((2 * sum + k) / (2 * k))  // rounding nearest
    result  = average * step
    ```

    A zero point does not matter: it moves the average of the stored values by
    itself.

    Constraints:

    * (C1) `input` has static height, width and channels, and `result` has its
      batch and channels.
    * (C2) The result's shape is what `kernel`, `pad` and `stride` give.
    * (C3) Each pad is smaller than the kernel.

    Example:

    ```mlir
    %y = qat.rounded_avg_pool2d %x, %step
         {kernel = array<i64: 8, 8>, stride = array<i64: 1, 1>,
          pad = array<i64: 0, 0, 0, 0>, rounding = #qat.rounding<nearest>}
         : tensor<1x8x8x64xf32> -> tensor<1x1x1x64xf32>
    ```
  }];
  let arguments = (ins Qat_FloatImage:$input, Qat_Bound:$step,
                       Qat_Pair:$kernel, Qat_Pair:$stride, Qat_Pads:$pad,
                       Qat_ActivationRoundingAttr:$rounding);
  let results = (outs Qat_FloatImage:$result);
  let assemblyFormat = [{
    $input `,` $step attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Qat_SoftmaxOp : Qat_Op<"softmax", [
    Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>, AllTypesMatch<["input", "result"]>]> {
  let summary = "softmax over the last dimension";
  let description = [{
    ```
    e      = exp(input - max(input))    // over the last dimension
    result = e / sum(e)
    ```

    Constraints:

    * (C1) The rank is at least 1.

    Example:

    ```mlir
    %y = qat.softmax %x : tensor<1x10xf32>
    ```
  }];
  let arguments = (ins Qat_FloatTensor:$input);
  let results = (outs Qat_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def Qat_FoldWeightOp : Qat_Op<"fold_weight", [
    Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>, AllTypesMatch<["weight", "result"]>,
    AllTypesMatch<["gamma", "variance"]>]> {
  let summary = "multiply each output channel of the weights by its batch-norm factor";
  let description = [{
    ```
    result[c] = weight[c] * (gamma[c] / sqrt(variance[c] + epsilon))
    ```

    `channel_axes` are the dimensions of `weight` that make up the output
    channel, outermost first: `[0]` for OHWI weights, `[2, 3]` for the HWCM
    weights of a depthwise convolution.

    Constraints:

    * (C1) `channel_axes` are dimensions of `weight`, in rising order.
    * (C2) `gamma` has one element an output channel.
    * (C3) `epsilon` is not negative and finite.

    Example:

    ```mlir
    %t = qat.fold_weight %w, %gamma, %variance
         {channel_axes = array<i64: 0>, epsilon = 1.0e-3 : f32}
         : tensor<16x3x3x3xf32>, tensor<16xf32>
    ```
  }];
  let arguments = (ins Qat_FloatWeights:$weight,
                       Qat_ChannelVector:$gamma,
                       Qat_ChannelVector:$variance,
                       DenseI64ArrayAttr:$channel_axes,
                       F32Attr:$epsilon);
  let results = (outs Qat_FloatWeights:$result);
  let assemblyFormat = [{
    $weight `,` $gamma `,` $variance attr-dict
    `:` type($weight) `,` type($gamma)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
  let extraClassDeclaration = [{
    /// Writes the gradient of `weight` for the gradient `upstream` of the
    /// result and returns it: the op is linear in the weights, so the gradient
    /// takes the same factors. The batch norm is frozen and has none.
    Value buildWeightGradient(OpBuilder &builder, Value upstream);
  }];
}

def Qat_FoldBiasOp : Qat_Op<"fold_bias", [
    Pure, DeclareOpInterfaceMethods<DifferentiableOpInterface>, AllTypesMatch<["bias", "gamma", "beta", "mean", "variance", "result"]>]> {
  let summary = "the bias of a layer whose batch norm was folded into its weights";
  let description = [{
    ```
    g         = gamma[c] / sqrt(variance[c] + epsilon)
    result[c] = (bias[c] - mean[c]) * g + beta[c]
    ```

    Constraints:

    * (C1) `epsilon` is not negative and finite.

    Example:

    ```mlir
    %b2 = qat.fold_bias %b, %gamma, %beta, %mean, %variance
          {epsilon = 1.0e-3 : f32} : tensor<16xf32>
    ```
  }];
  let arguments = (ins Qat_ChannelVector:$bias,
                       Qat_ChannelVector:$gamma,
                       Qat_ChannelVector:$beta,
                       Qat_ChannelVector:$mean,
                       Qat_ChannelVector:$variance,
                       F32Attr:$epsilon);
  let results = (outs Qat_ChannelVector:$result);
  let assemblyFormat = [{
    $bias `,` $gamma `,` $beta `,` $mean `,` $variance attr-dict
    `:` type($bias)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif // QAT_FLOAT_OPS
