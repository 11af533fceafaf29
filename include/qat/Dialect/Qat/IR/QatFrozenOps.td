//===- QatFrozenOps.td - the frozen network in training -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_FROZEN_OPS
#define QAT_FROZEN_OPS

include "qat/Dialect/Qat/IR/QatBase.td"
include "qat/Dialect/Qat/IR/QatDifferentiable.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// The fake-quantized graph of a frozen network while it is trained
// (qat-freeze-for-training): what qat-freeze-fake-quantization computes once,
// for constants, these ops compute from operands, to the same bits. So bounds
// and weights can move, and steps, biases and scales follow.
//
// Steps are rounded to f32, as where they meet a tensor. Nothing flows back
// through a step, nor to a frozen batch norm.

// The step in double: adds compute with it.
def Qat_WideStep : Type<
    CPred<"$_self == ::mlir::RankedTensorType::get("
          "{}, ::mlir::Float64Type::get($_self.getContext()))">,
    "rank-0 tensor of f64", "::mlir::RankedTensorType">,
    BuildableType<"::mlir::RankedTensorType::get({}, $_builder.getF64Type())">;
def Qat_AnyStep : AnyTypeOf<[Qat_Bound, Qat_WideStep]>;
// One step for the tensor, or one a channel.
def Qat_Steps : AnyTypeOf<[Qat_Bound, Qat_ChannelVector]>;

class Qat_FrozenOp<string mnemonic, list<Trait> traits = []>
    : Qat_Op<mnemonic, [Pure] # traits>;

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

def Qat_PactStepOp : Qat_FrozenOp<"pact_step"> {
  let summary = "the step of a PACT quantizer";
  let description = [{
    ```
    step = alpha / n(bits)        // in double, rounded where `step` is f32
    ```

    Example:

    ```mlir
    %s = qat.pact_step %alpha {bits = 8 : i32} : tensor<f32>
    ```
  }];
  let arguments = (ins Qat_Bound:$alpha, Qat_BitWidth:$bits);
  let results = (outs Qat_AnyStep:$step);
  let assemblyFormat = "$alpha attr-dict `:` type($step)";
}

def Qat_BoundedStepOp : Qat_FrozenOp<"bounded_step"> {
  let summary = "the step of a quantizer with two bounds";
  let description = [{
    ```
    step = (max(hi, 0) - min(lo, 0)) / n(bits)   // 1 where it is 0
    ```

    in double, rounded where `step` is f32.

    Example:

    ```mlir
    %s = qat.bounded_step %lo, %hi {bits = 8 : i32} : tensor<f32>
    ```
  }];
  let arguments = (ins Qat_Bound:$lo, Qat_Bound:$hi, Qat_BitWidth:$bits);
  let results = (outs Qat_AnyStep:$step);
  let assemblyFormat = "$lo `,` $hi attr-dict `:` type($step)";
}

def Qat_WeightStepOp : Qat_FrozenOp<"weight_step"> {
  let summary = "the step of a weight quantizer";
  let description = [{
    The `step` of the weight quantizer with these operands: that of
    `qat.weight_asymmetric_pact` with bounds (lo, hi), of
    `qat.weight_symmetric_pact` with one bound (hi), of `qat.weight_min_max`
    without; there, with `channel_axes`, one step an output channel.

    Constraints:

    * (C1) There are at most two `bounds`.
    * (C2) `channel_axes` are dimensions of `weight`, in rising order, and go
      without bounds.
    * (C3) `step` has one element an output channel with `channel_axes`, else
      rank 0.

    Example:

    ```mlir
    %s = qat.weight_step %w, %lo, %hi {bits = 4 : i32}
         : tensor<16x3x3x3xf32> -> tensor<f32>
    ```
  }];
  let arguments = (ins Qat_FloatWeights:$weight, Variadic<Qat_Bound>:$bounds,
                       Qat_BitWidth:$bits,
                       OptionalAttr<DenseI64ArrayAttr>:$channel_axes);
  let results = (outs Qat_Steps:$step);
  let assemblyFormat = [{
    $weight (`,` $bounds^)? attr-dict `:` type($weight) `->` type($step)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Biases, multipliers and scales
//===----------------------------------------------------------------------===//

def Qat_QuantizeFoldedBiasOp : Qat_FrozenOp<"quantize_folded_bias", [
    AllTypesMatch<["bias", "result", "integer_bias", "multiplier"]>,
    DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "the bias of a layer with folded weights, as its integer network has it";
  let description = [{
    docs/Spec.md, section 5, folding_weights; per channel, `r` being
    `rounding`:

    ```
    e            = weight_step * input_step
    multiplier   = e / output_step
    h            = 0.5 / multiplier for nearest, else 0
    integer_bias = clamp(round(bias / e + h), bias_bits)
    result       = (integer_bias - h) * e
    ```

    Where h is not finite, `result` is `bias`. The fake-quantized layer adds
    `result` to its convolution; `integer_bias`, an integer in f32, and
    `multiplier` serve its integer evaluation.

    Gradients: `d bias = d result`.

    Constraints:

    * (C1) `weight_step` has rank 0 or one element a channel.

    Example:

    ```mlir
    %b, %bi, %m = qat.quantize_folded_bias %bias, %sw, %sx, %sy
        {bias_bits = 32 : i32, rounding = #qat.rounding<nearest>}
        : tensor<16xf32>, tensor<f32>
    ```
  }];
  let arguments = (ins Qat_ChannelVector:$bias, Qat_Steps:$weight_step,
                       Qat_Bound:$input_step, Qat_Bound:$output_step,
                       Qat_ActivationRoundingAttr:$rounding,
                       Qat_BiasBits:$bias_bits);
  let results = (outs Qat_ChannelVector:$result, Qat_ChannelVector:$integer_bias,
                      Qat_ChannelVector:$multiplier);
  let assemblyFormat = [{
    $bias `,` $weight_step `,` $input_step `,` $output_step attr-dict
    `:` type($bias) `,` type($weight_step)
  }];
  let hasVerifier = 1;
}

def Qat_QuantizeLogitBiasOp : Qat_FrozenOp<"quantize_logit_bias", [
    AllTypesMatch<["bias", "result", "integer_bias", "multiplier"]>,
    DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "the bias of a last layer, as its integer network has it";
  let description = [{
    docs/Spec.md, section 6. With one `weight_step` for the tensor:

    ```
    e            = weight_step * input_step
    integer_bias = clamp(round(bias / e), bias_bits)
    result       = integer_bias * e
    multiplier   = 1
    logit_step   = e
    ```

    With one a channel, where `largest` is the largest step among the channels
    whose `weight`, the quantized weights, is not all 0 (1 where all are), and
    such a channel takes `largest` for its own step:

    ```
    multiplier   = 256 * weight_step / largest
    h            = 0.5 / multiplier for nearest, else 0
    integer_bias = clamp(round(bias / e + h), bias_bits)
    result       = (integer_bias - h) * e
    logit_step   = largest * input_step / 256
    ```

    Gradients: `d bias = d result`.

    Constraints:

    * (C1) `weight_step` has rank 0 or one element a channel.
    * (C2) `channel_axes` are dimensions of `weight`, in rising order, that hold
      one index a channel.

    Example:

    ```mlir
    %b, %bi, %m, %s = qat.quantize_logit_bias %bias, %w, %sw, %sx
        {bias_bits = 32 : i32, channel_axes = array<i64: 0>,
         rounding = #qat.rounding<nearest>}
        : tensor<10xf32>, tensor<10x1x1x64xf32>, tensor<10xf32>
    ```
  }];
  let arguments = (ins Qat_ChannelVector:$bias, Qat_FloatWeights:$weight,
                       Qat_Steps:$weight_step, Qat_Bound:$input_step,
                       DenseI64ArrayAttr:$channel_axes,
                       Qat_ActivationRoundingAttr:$rounding,
                       Qat_BiasBits:$bias_bits);
  let results = (outs Qat_ChannelVector:$result, Qat_ChannelVector:$integer_bias,
                      Qat_ChannelVector:$multiplier, Qat_Bound:$logit_step);
  let assemblyFormat = [{
    $bias `,` $weight `,` $weight_step `,` $input_step attr-dict
    `:` type($bias) `,` type($weight) `,` type($weight_step)
  }];
  let hasVerifier = 1;
}

def Qat_QuantizeChannelsOp : Qat_FrozenOp<"quantize_channels", [
    AllTypesMatch<["weight", "quantized_weight"]>,
    AllTypesMatch<["bias", "quantized_bias", "scale", "integer_bias",
                   "multiplier", "constant_gain"]>,
    DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "weights, bias and scale of a layer whose batch norm became its scale";
  let description = [{
    docs/Spec.md, section 5, ICN and folding_thresh; `weight` are the quantized
    weights. `norm` is gamma, beta, mean and variance of the frozen batch norm;
    without, g = 1 and mean = beta = 0. Per channel:

    ```
    g            = gamma / sqrt(variance + epsilon)
    e            = weight_step * input_step
    multiplier   = g * (e / output_step)
    h            = 0.5 / multiplier for nearest, else 0
    b            = round(((-mean + bias) + beta / g) / e + h)
    integer_bias = clamp(b, bias_bits)
    quantized_bias = (integer_bias - h) * e     // bias where h is not finite
    scale        = g,  constant_gain = 1,  quantized_weight = weight
    ```

    A channel is constant whose g is 0, whose b does not fit int32 or whose
    weights are all 0:

    ```
    quantized_weight = 0,  scale = 1,  multiplier = 1,  constant_gain = g
    quantized_bias   = (bias - mean) * g + beta
    integer_bias     = clamp(floor(quantized_bias / output_step + r), int32)
    ```

    The fake-quantized layer is `(conv(x, quantized_weight) + quantized_bias) *
    scale`; `integer_bias` and `multiplier` serve its integer evaluation.

    Gradients pass through the rounding: `d weight = d quantized_weight *
    constant_gain`, and `d bias = d quantized_bias * constant_gain`, which in a
    constant channel is the gradient of the real `(conv + bias - mean) * g +
    beta`.

    Constraints:

    * (C1) `norm` has 0 or 4 vectors of one element a channel.
    * (C2) `weight_step` has rank 0 or one element a channel.
    * (C3) `channel_axes` are dimensions of `weight`, in rising order, that hold
      one index a channel.
    * (C4) `epsilon` goes with `norm`; it is not negative and finite.

    Example:

    ```mlir
    %w, %b, %s, %bi, %m, %k = qat.quantize_channels %wq, %bias, %sw, %sx, %sy
        norm(%gamma, %beta, %mean, %variance : tensor<16xf32>, tensor<16xf32>,
             tensor<16xf32>, tensor<16xf32>)
        {bias_bits = 32 : i32, channel_axes = array<i64: 0>,
         epsilon = 1.0e-3 : f32, rounding = #qat.rounding<nearest>}
        : tensor<16x3x3x3xf32>, tensor<16xf32>, tensor<16xf32>
    ```
  }];
  let arguments = (ins Qat_FloatWeights:$weight, Qat_ChannelVector:$bias,
                       Qat_Steps:$weight_step, Qat_Bound:$input_step,
                       Qat_Bound:$output_step,
                       Variadic<Qat_ChannelVector>:$norm,
                       OptionalAttr<F32Attr>:$epsilon,
                       DenseI64ArrayAttr:$channel_axes,
                       Qat_ActivationRoundingAttr:$rounding,
                       Qat_BiasBits:$bias_bits);
  let results = (outs Qat_FloatWeights:$quantized_weight,
                      Qat_ChannelVector:$quantized_bias,
                      Qat_ChannelVector:$scale, Qat_ChannelVector:$integer_bias,
                      Qat_ChannelVector:$multiplier,
                      Qat_ChannelVector:$constant_gain);
  let assemblyFormat = [{
    $weight `,` $bias `,` $weight_step `,` $input_step `,` $output_step
    (`norm` `(` $norm^ `:` type($norm) `)`)? attr-dict
    `:` type($weight) `,` type($bias) `,` type($weight_step)
  }];
  let hasVerifier = 1;
}

def Qat_ScaleChannelsOp : Qat_FrozenOp<"scale_channels", [
    AllTypesMatch<["input", "result"]>,
    DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "multiply every channel by its factor";
  let description = [{
    ```
    result[c] = input[c] * scale[c]
    ```

    `channel_axes` are the dimensions of `input` that make up the channel,
    outermost first; without, it is the last one.

    Gradients: `d input = d result * scale`; `scale` is frozen and has none.

    Constraints:

    * (C1) `channel_axes` are dimensions of `input`, in rising order.
    * (C2) `scale` has one element a channel, whose number is static.

    Example:

    ```mlir
    %z = qat.scale_channels %y, %s : tensor<1x8x8x16xf32>, tensor<16xf32>
    ```
  }];
  let arguments = (ins Qat_FloatTensor:$input, Qat_ChannelVector:$scale,
                       OptionalAttr<DenseI64ArrayAttr>:$channel_axes);
  let results = (outs Qat_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $scale attr-dict `:` type($input) `,` type($scale)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// `channel_axes`, or the last dimension.
    ::llvm::SmallVector<int64_t> getAxes();
  }];
}

//===----------------------------------------------------------------------===//
// Integer evaluation
//===----------------------------------------------------------------------===//

// A layer on the exact integers of its operands (qat-integer-forward): numbers
// of f32 or, where they meet multipliers, f64. These ops come behind
// qat-differentiate and have no derivatives of their own.

def Qat_LevelsOp : Qat_FrozenOp<"levels", [AllTypesMatch<["input", "result"]>]> {
  let summary = "the levels of a tensor on a grid, without zero point";
  let description = [{
    ```
    result = round(input / step)
    ```

    For a fake-quantized tensor and its own step that is the exact integer,
    whatever the rounding of their product was. `channel_axes` are the
    dimensions of `input` with a step of their own.

    Constraints:

    * (C1) `step` has rank 0 without `channel_axes`, else one element a channel.
    * (C2) `channel_axes` are dimensions of `input`, in rising order.

    Example:

    ```mlir
    %l = qat.levels %x, %s : tensor<1x8x8x16xf32>, tensor<f32>
    ```
  }];
  let arguments = (ins Qat_FloatTensor:$input, Qat_Steps:$step,
                       OptionalAttr<DenseI64ArrayAttr>:$channel_axes);
  let results = (outs Qat_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $step attr-dict `:` type($input) `,` type($step)
  }];
  let hasVerifier = 1;
}

def Qat_DequantizeSumsOp : Qat_FrozenOp<"dequantize_sums", [
    AllTypesMatch<["sums", "result"]>]> {
  let summary = "the real value of integer sums of products";
  let description = [{
    Per channel of the last dimension:

    ```
    result = sums * (weight_step * input_step) + bias
    ```

    The convolution of the fake-quantized layer within rounding; gradients are
    masked by it.

    Constraints:

    * (C1) `weight_step` has rank 0 or one element a channel, `bias` one a
      channel.

    Example:

    ```mlir
    %y = qat.dequantize_sums %sums, %sw, %sx, %b
         : tensor<1x8x8x16xf32>, tensor<16xf32>, tensor<16xf32>
    ```
  }];
  let arguments = (ins Qat_FloatTensor:$sums, Qat_Steps:$weight_step,
                       Qat_Bound:$input_step, Qat_ChannelVector:$bias);
  let results = (outs Qat_FloatTensor:$result);
  let assemblyFormat = [{
    $sums `,` $weight_step `,` $input_step `,` $bias attr-dict
    `:` type($sums) `,` type($weight_step) `,` type($bias)
  }];
  let hasVerifier = 1;
}

def Qat_RequantizeSumsOp : Qat_FrozenOp<"requantize_sums", [
    AllTypesMatch<["sums", "result"]>,
    AllTypesMatch<["integer_bias", "multiplier"]>]> {
  let summary = "what the integer layer makes of its sums, in real units";
  let description = [{
    docs/Spec.md, section 5, integer evaluation. Per channel of the last
    dimension, the product in double, where it is exact:

    ```
    level  = clamp(floor(float32(sums + integer_bias) * multiplier), -Z, n(bits) - Z)
    result = level * step
    ```

    One bound (`alpha`) gives Z = 0, two (`lo`, `hi`) the zero point of
    `qat.bounded`. Without bounds these are the logits of a last layer: `level`
    is clamped to 32 bits.

    Constraints:

    * (C1) There are at most two `bounds`.
    * (C2) `integer_bias` has one element a channel.

    Example:

    ```mlir
    %y = qat.requantize_sums %sums, %bi, %m, %so, %alpha {bits = 8 : i32}
         : tensor<1x8x8x16xf32>, tensor<16xf32>
    ```
  }];
  let arguments = (ins Qat_FloatTensor:$sums, Qat_ChannelVector:$integer_bias,
                       Qat_ChannelVector:$multiplier, Qat_Bound:$step,
                       Variadic<Qat_Bound>:$bounds, Qat_BitWidth:$bits);
  let results = (outs Qat_FloatTensor:$result);
  let assemblyFormat = [{
    $sums `,` $integer_bias `,` $multiplier `,` $step (`,` $bounds^)? attr-dict
    `:` type($sums) `,` type($integer_bias)
  }];
  let hasVerifier = 1;
}

def Qat_RequantizeLevelsOp : Qat_FrozenOp<"requantize_levels", [
    AttrSizedOperandSegments]> {
  let summary = "the add or move of tensors onto a grid, as integer layers do it";
  let description = [{
    docs/Spec.md, section 7, for one or two fake-quantized `inputs` of steps
    S_i, onto the grid of step S_o that `bounds` give (as in
    `qat.requantize_sums`). All of it in double, where it is exact:

    ```
    max(S_i) / S_o = f * 2^e, 0.5 <= f < 1;   s = 20 - e
    m_i    = round(S_i / S_o * 2^s)
    c      = 2^(s-1) for nearest, 0 for floor
    level  = clamp(floor((sum of round(input_i / S_i) * m_i + c) / 2^s), -Z, n(bits) - Z)
    result = level * float32(S_o)
    ```

    Constraints:

    * (C1) There are one or two `inputs`, of the type of the result, and as many
      `steps`.
    * (C2) There are one or two `bounds`.

    Example:

    ```mlir
    %y = qat.requantize_levels %x1, %x2 steps(%s1, %s2) onto(%so) bounds(%alpha)
         {bits = 8 : i32, rounding = #qat.rounding<nearest>}
         : tensor<1x8x8x16xf32>, tensor<1x8x8x16xf32> -> tensor<1x8x8x16xf32>
    ```
  }];
  let arguments = (ins Variadic<Qat_FloatTensor>:$inputs,
                       Variadic<Qat_WideStep>:$steps, Qat_WideStep:$step,
                       Variadic<Qat_Bound>:$bounds, Qat_BitWidth:$bits,
                       Qat_ActivationRoundingAttr:$rounding);
  let results = (outs Qat_FloatTensor:$result);
  let assemblyFormat = [{
    $inputs `steps` `(` $steps `)` `onto` `(` $step `)` `bounds` `(` $bounds `)`
    attr-dict `:` type($inputs) `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif // QAT_FROZEN_OPS
