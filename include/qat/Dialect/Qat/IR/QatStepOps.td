//===- QatStepOps.td - what form T adds to a network -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_STEP_OPS
#define QAT_STEP_OPS

include "qat/Dialect/Qat/IR/QatGradientOps.td"

// Form T (docs/Overview.md). A channel is an index of the last dimension. A sum
// over all other dimensions is taken in f64, by rising index; its result stays
// f64 where more is computed from it, so that the batch may be summed in parts.
//
// A batch norm that is trained comes apart, so that its sums can be gathered
// while the layer before it is computed, and the rest is elementwise:
//
//   forward   %s, %q    = qat.channel_moments %y
//             %mu, %v   = qat.batch_statistics %s, %q
//             %z        = qat.batch_norm %y, %gamma, %beta, %mu, %v
//   backward  %t, %u    = qat.channel_products %g, %y, %mu
//             %dgamma, %dbeta, %k:3 = qat.batch_norm_gradient %t, %u, ...
//             %dy       = qat.channel_affine %g, %y, %k#0, %k#1, %k#2

def Qat_ChannelTensor : Qat_Sized<AnyTypeOf<[
    TensorRankOf<[F32], [2]>, 4DTensorOf<[F32]>]>>;
def Qat_ChannelSums : Qat_Sized<1DTensorOf<[F64]>>;
def Qat_TrainingImage : Qat_Sized<4DTensorOf<[F32]>>;
def Qat_Count : ConfinedAttr<I64Attr, [IntPositive]>;

//===----------------------------------------------------------------------===//
// Sums a channel
//===----------------------------------------------------------------------===//

def Qat_ChannelMomentsOp : Qat_Op<"channel_moments", [
    Pure, AllTypesMatch<["sum", "squares"]>]> {
  let summary = "the sum of every channel, and that of its squares";
  let description = [{
    ```
    sum[c]     = sum of input[.., c]
    squares[c] = sum of input[.., c]^2     // f64 products
    ```

    Constraints:

    * (C1) `sum` and `squares` have one element a channel.

    Example:

    ```mlir
    %s, %q = qat.channel_moments %y : tensor<8x4x4x16xf32> -> tensor<16xf64>
    ```
  }];
  let arguments = (ins Qat_ChannelTensor:$input);
  let results = (outs Qat_ChannelSums:$sum, Qat_ChannelSums:$squares);
  let assemblyFormat = [{
    $input attr-dict `:` type($input) `->` type($sum)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$input)>];
  let hasVerifier = 1;
}

def Qat_ChannelProductsOp : Qat_Op<"channel_products", [
    Pure, AllTypesMatch<["upstream", "input"]>,
    AllTypesMatch<["sum", "product"]>]> {
  let summary = "the sum of a gradient a channel, and that of its products with the input";
  let description = [{
    ```
    sum[c]     = sum of upstream[.., c]
    product[c] = sum of upstream[.., c] * (input[.., c] - mean[c])
    ```

    The difference is f32, the product f64.

    Constraints:

    * (C1) `mean`, `sum` and `product` have one element a channel.

    Example:

    ```mlir
    %s, %p = qat.channel_products %g, %y, %mean
             : tensor<8x4x4x16xf32> -> tensor<16xf64>
    ```
  }];
  let arguments = (ins Qat_ChannelTensor:$upstream, Qat_ChannelTensor:$input,
                       Qat_ChannelVector:$mean);
  let results = (outs Qat_ChannelSums:$sum, Qat_ChannelSums:$product);
  let assemblyFormat = [{
    $upstream `,` $input `,` $mean attr-dict
    `:` type($input) `,` type($mean) `->` type($sum)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$upstream,
                                 "::mlir::Value":$input,
                                 "::mlir::Value":$mean)>];
  let hasVerifier = 1;
}

def Qat_SumToOp : Qat_Op<"sum_to", [Pure]> {
  let summary = "sum over the dimensions that a broadcast repeated";
  let description = [{
    The gradient of an operand that was broadcast to the shape of `input`: the
    sum over each leading dimension that `result` lacks, and over each other one
    in which it has size 1, taken in f64 and rounded once.

    Constraints:

    * (C1) The rank of `result` is at most that of `input`; counted from the
      last, each of its sizes is 1 or that of `input`.

    Example:

    ```mlir
    %db = qat.sum_to %g : tensor<8x4x4x16xf32> -> tensor<16xf32>
    ```
  }];
  let arguments = (ins Qat_TrainingTensor:$input);
  let results = (outs Qat_TrainingTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Batch norm
//===----------------------------------------------------------------------===//

def Qat_BatchStatisticsOp : Qat_Op<"batch_statistics", [
    Pure, AllTypesMatch<["sum", "squares"]>,
    AllTypesMatch<["mean", "variance"]>]> {
  let summary = "mean and biased variance of every channel of a batch";
  let description = [{
    In f64, each rounded once to f32:

    ```
    mean[c]     = sum[c] / count
    variance[c] = max(squares[c] / count - (sum[c] / count)^2, 0)
    ```

    Constraints:

    * (C1) All have one element a channel.

    Example:

    ```mlir
    %mean, %variance = qat.batch_statistics %s, %q {count = 128 : i64}
                       : tensor<16xf64> -> tensor<16xf32>
    ```
  }];
  let arguments = (ins Qat_ChannelSums:$sum, Qat_ChannelSums:$squares,
                       Qat_Count:$count);
  let results = (outs Qat_ChannelVector:$mean, Qat_ChannelVector:$variance);
  let assemblyFormat = [{
    $sum `,` $squares attr-dict `:` type($sum) `->` type($mean)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$sum, "::mlir::Value":$squares,
                                 "int64_t":$count)>];
  let hasVerifier = 1;
}

def Qat_UpdateStatisticsOp : Qat_Op<"update_statistics", [
    Pure, AllTypesMatch<["running_mean", "running_variance", "mean", "variance",
                         "updated_mean", "updated_variance"]>]> {
  let summary = "move running statistics towards those of a batch";
  let description = [{
    With `m = momentum`; the running variance takes the unbiased one, which a
    `count` of 1 does not have and the biased one replaces:

    ```
    updated_mean[c]     = (1 - m) * running_mean[c] + m * mean[c]
    updated_variance[c] = (1 - m) * running_variance[c]
                          + m * (variance[c] * (count / (count - 1)))
    ```

    Example:

    ```mlir
    %m, %v = qat.update_statistics %rm, %rv, %mean, %variance, %momentum
             {count = 128 : i64} : tensor<16xf32>
    ```
  }];
  let arguments = (ins Qat_ChannelVector:$running_mean,
                       Qat_ChannelVector:$running_variance,
                       Qat_ChannelVector:$mean, Qat_ChannelVector:$variance,
                       Qat_Bound:$momentum, Qat_Count:$count);
  let results = (outs Qat_ChannelVector:$updated_mean,
                      Qat_ChannelVector:$updated_variance);
  let assemblyFormat = [{
    $running_mean `,` $running_variance `,` $mean `,` $variance `,` $momentum
    attr-dict `:` type($mean)
  }];
}

def Qat_BatchNormGradientOp : Qat_Op<"batch_norm_gradient", [
    Pure, AllTypesMatch<["sum", "product"]>,
    AllTypesMatch<["gamma", "mean", "variance", "gamma_gradient",
                   "beta_gradient", "upstream_factor", "input_factor",
                   "offset"]>]> {
  let summary = "the gradients of a batch norm over its own batch, a channel";
  let description = [{
    `sum` and `product` are those of `qat.channel_products`, `mean` and
    `variance` the batch's own. In f64, each result rounded once:

    ```
    r                  = 1 / sqrt(variance[c] + epsilon)
    beta_gradient[c]   = sum[c]
    gamma_gradient[c]  = product[c] * r
    upstream_factor[c] = gamma[c] * r
    input_factor[c]    = -gamma[c] * r^3 * product[c] / count
    offset[c]          = -gamma[c] * r * sum[c] / count - input_factor[c] * mean[c]
    ```

    The gradient of the input is `qat.channel_affine` with the last three.

    Constraints:

    * (C1) All have one element a channel.
    * (C2) `epsilon` is not negative and finite.

    Example:

    ```mlir
    %dgamma, %dbeta, %k1, %k2, %k3 =
        qat.batch_norm_gradient %s, %p, %gamma, %mean, %variance
        {count = 128 : i64, epsilon = 1.0e-3 : f32}
        : tensor<16xf64>, tensor<16xf32>
    ```
  }];
  let arguments = (ins Qat_ChannelSums:$sum, Qat_ChannelSums:$product,
                       Qat_ChannelVector:$gamma, Qat_ChannelVector:$mean,
                       Qat_ChannelVector:$variance,
                       Qat_Count:$count, F32Attr:$epsilon);
  let results = (outs Qat_ChannelVector:$gamma_gradient,
                      Qat_ChannelVector:$beta_gradient,
                      Qat_ChannelVector:$upstream_factor,
                      Qat_ChannelVector:$input_factor,
                      Qat_ChannelVector:$offset);
  let assemblyFormat = [{
    $sum `,` $product `,` $gamma `,` $mean `,` $variance attr-dict
    `:` type($sum) `,` type($gamma)
  }];
  let hasVerifier = 1;
}

def Qat_ChannelAffineOp : Qat_Op<"channel_affine", [
    Pure, AllTypesMatch<["upstream", "input", "result"]>,
    AllTypesMatch<["upstream_factor", "input_factor", "offset"]>]> {
  let summary = "a sum of two tensors, each with a factor a channel";
  let description = [{
    ```
    result = (upstream * upstream_factor[c] + input * input_factor[c]) + offset[c]
    ```

    Constraints:

    * (C1) The vectors have one element a channel.

    Example:

    ```mlir
    %dy = qat.channel_affine %g, %y, %k1, %k2, %k3
          : tensor<8x4x4x16xf32>, tensor<16xf32>
    ```
  }];
  let arguments = (ins Qat_ChannelTensor:$upstream, Qat_ChannelTensor:$input,
                       Qat_ChannelVector:$upstream_factor,
                       Qat_ChannelVector:$input_factor,
                       Qat_ChannelVector:$offset);
  let results = (outs Qat_ChannelTensor:$result);
  let assemblyFormat = [{
    $upstream `,` $input `,` $upstream_factor `,` $input_factor `,` $offset
    attr-dict `:` type($input) `,` type($offset)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Gradients of ops of form F
//===----------------------------------------------------------------------===//

def Qat_ClampGradientOp
    : Qat_QuantizerGradient<"clamp_gradient", "input_gradient"> {
  let summary = "the gradient of a tensor clamped between two numbers";
  let description = [{
    ```
    input_gradient = upstream where minimum < input < maximum, else 0
    ```

    Constraints:

    * (C1) Neither bound is a NaN.

    Example:

    ```mlir
    %dx = qat.clamp_gradient %x, %g {minimum = 0.0 : f32, maximum = 6.0 : f32}
          : tensor<8x4x4x16xf32>
    ```
  }];
  let arguments = (ins Qat_TrainingTensor:$input, Qat_TrainingTensor:$upstream,
                       F32Attr:$minimum, F32Attr:$maximum);
  let results = (outs Qat_TrainingTensor:$input_gradient);
  let assemblyFormat = "$input `,` $upstream attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def Qat_AvgPool2DGradientOp : Qat_Op<"avg_pool2d_gradient", [Pure]> {
  let summary = "the gradient of an average pool";
  let description = [{
    Every tap of a window that lies inside of the image receives the window's
    gradient over the number of such taps; where windows overlap, the sum:

    ```
    input_gradient[n, y, x, c] = sum over the windows (oy, ox) that hold (y, x)
                                 of upstream[n, oy, ox, c] / count[oy, ox]
    ```

    Rounding (`qat.rounded_avg_pool2d`) passes the gradient straight through.

    Constraints:

    * (C1) `input_gradient` has the batch and the channels of `upstream`.
    * (C2) The shape of `upstream` is what `kernel`, `pad` and `stride` give.
    * (C3) Each pad is smaller than the kernel.

    Example:

    ```mlir
    %dx = qat.avg_pool2d_gradient %g
          {kernel = array<i64: 8, 8>, stride = array<i64: 1, 1>,
           pad = array<i64: 0, 0, 0, 0>}
          : tensor<2x1x1x64xf32> -> tensor<2x8x8x64xf32>
    ```
  }];
  let arguments = (ins Qat_TrainingImage:$upstream,
                       Qat_Pair:$kernel, Qat_Pair:$stride, Qat_Pads:$pad);
  let results = (outs Qat_TrainingImage:$input_gradient);
  let assemblyFormat = [{
    $upstream attr-dict `:` type($upstream) `->` type($input_gradient)
  }];
  let hasVerifier = 1;
}

def Qat_MaxPool2DGradientOp : Qat_Op<"max_pool2d_gradient", [
    Pure, AllTypesMatch<["input", "input_gradient"]>]> {
  let summary = "the gradient of a max pool";
  let description = [{
    The tap of a window that holds its maximum, the first in row-major order
    where several do, receives the window's gradient; where windows overlap,
    the sum.

    Constraints:

    * (C1) `upstream` has the batch and the channels of `input`.
    * (C2) The shape of `upstream` is what `kernel`, `pad` and `stride` give.
    * (C3) Each pad is smaller than the kernel.

    Example:

    ```mlir
    %dx = qat.max_pool2d_gradient %x, %g
          {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>,
           pad = array<i64: 0, 0, 0, 0>}
          : tensor<2x8x8x64xf32>, tensor<2x4x4x64xf32>
    ```
  }];
  let arguments = (ins Qat_TrainingImage:$input, Qat_TrainingImage:$upstream,
                       Qat_Pair:$kernel, Qat_Pair:$stride, Qat_Pads:$pad);
  let results = (outs Qat_TrainingImage:$input_gradient);
  let assemblyFormat = [{
    $input `,` $upstream attr-dict `:` type($input) `,` type($upstream)
  }];
  let hasVerifier = 1;
}

def Qat_SoftmaxGradientOp : Qat_Op<"softmax_gradient", [
    Pure, AllTypesMatch<["result", "upstream", "input_gradient"]>]> {
  let summary = "the gradient of a softmax over the last dimension";
  let description = [{
    `result` is that of the softmax:

    ```
    input_gradient = result * (upstream - sum(result * upstream))
    ```

    with the sum over the last dimension.

    Constraints:

    * (C1) The rank is at least 1.

    Example:

    ```mlir
    %dx = qat.softmax_gradient %y, %g : tensor<8x10xf32>
    ```
  }];
  let arguments = (ins Qat_TrainingTensor:$result, Qat_TrainingTensor:$upstream);
  let results = (outs Qat_TrainingTensor:$input_gradient);
  let assemblyFormat = "$result `,` $upstream attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif // QAT_STEP_OPS
