//===- QatIntegerOps.td - the integer layers of form I -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_INTEGER_OPS
#define QAT_INTEGER_OPS

include "qat/Dialect/Qat/IR/QatBase.td"
include "qat/Dialect/Qat/IR/QatInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Qat_IntegerLayer<string mnemonic, list<string> methods = []>
    : Qat_Op<mnemonic, [
        Pure, DeclareOpInterfaceMethods<IntegerLayerOpInterface, methods>]> {
  let assemblyFormat = [{
    operands attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

// A layer with weights: accumulate, add the bias, requantize, clamp.
class Qat_WeightedLayer<string mnemonic>
    : Qat_IntegerLayer<mnemonic, ["getMacs"]> {
  // `multiplier` and `shift` are absent on a last layer whose logits are the
  // accumulators themselves, and where `thresholds` stand in their place.
  dag requantization = (ins
    Optional<Qat_Thresholds>:$thresholds,
    OptionalAttr<DenseI32ArrayAttr>:$multiplier,
    OptionalAttr<DenseI8ArrayAttr>:$shift,
    OptionalAttr<DenseBoolArrayAttr>:$falling,
    DefaultValuedAttr<Qat_AccumulatorBits, "64">:$accumulator_bits,
    DefaultValuedAttr<Qat_ScaleRoundingModeAttr,
                      "::mlir::qat::ScaleRoundingMode::Floor">:$rounding);
}

def Qat_Conv2DOp : Qat_WeightedLayer<"conv2d"> {
  let summary = "integer 2-D convolution with its bias, requantization and clamp";
  let description = [{
    `input` is NHWC, `weights` OHWI (I is the input channels of a group),
    `bias` one i32 an output channel. With `Z_x`, `Z_w`, `Z_y` the zero points
    of the types (`Z_w` one or one a channel), padding taps contribute 0:

    ```
    acc    = sum over taps of (input - Z_x) * (weights[c] - Z_w[c])
    p      = (acc + bias[c]) * multiplier[c]             // exact, 64 bits
    result = clamp((p >> shift[c]) + Z_y, storage range of the result)
    ```

    `multiplier` and `shift` have one element, or one a channel. Without them
    the result is `clamp(acc + bias[c], int32)`: logits on the real scale of
    the result's type. `pad` is top, bottom, left, right; `stride` and
    `dilation` are height, width. `accumulator_bits` is 32 where
    `qat-check-accumulators` proved that every partial sum fits.

    `rounding` is `floor` in all that we quantize. An imported network keeps the
    rounding it came with, that of tosa.rescale: `single_round` adds
    `2^(shift[c] - 1)` to `p` before it is shifted; `double_round` adds 2^30
    more, or takes it off where `acc + bias[c]` is negative, if `shift[c]` is
    above 31.

    With `thresholds` (folding_thresh) the layer requantizes by comparison and
    multiplies nothing; Z_y and the bias are part of the thresholds. Where a
    channel has a negative factor it is `falling` and its accumulator is
    complemented, which turns the order around:

    ```
    a      = clamp(acc, int32), or ~clamp(acc, int32) where falling[c]
    result = storage minimum + (number of k with a >= thresholds[c, k])
    ```

    Constraints:

    * (C1) `weights` has shape OC x KH x KW x IC/groups, and `groups` divides
      the input channels IC and the output channels OC.
    * (C2) `bias` has OC elements.
    * (C3) `multiplier` and `shift` come together, both with 1 or OC elements.
    * (C4) `0 <= shift <= 63`.
    * (C5) Without `multiplier` and `thresholds` the result's storage type is
      the whole of i32, with zero point 0.
    * (C6) The result's shape is what `pad`, `stride` and `dilation` give.
    * (C7) The scales of `weights` are one a tensor, or one a channel
      along dimension 0.
    * (C8) Every zero point lies in its storage range.
    * (C9) `input` and `weights` are stored in at most 8 bits, the result in
      at most 8 or in 32.
    * (C10) A `rounding` other than `floor` goes with a `multiplier`, none of
      them negative, and `2 <= shift <= 62`.
    * (C11) `thresholds` is a constant of OC rows, each ascending, with one
      element less than the result's storage range has values; the result has
      at most 8 bits.
    * (C12) With `thresholds` there is no `multiplier`, no `shift` and no
      `rounding` other than `floor`, and `bias` is constant and all 0.
    * (C13) `falling` goes with `thresholds` and has OC elements.

    Example:

    ```mlir
    %y = qat.conv2d %x, %w, %b
         {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>,
          dilation = array<i64: 1, 1>, groups = 1 : i64,
          multiplier = array<i32: 1518500250>, shift = array<i8: 38>}
         : (tensor<1x8x8x3x!quant.uniform<u8:f32, 1.0>>,
            tensor<16x3x3x3x!quant.uniform<u8:f32, 0.02:128>>,
            tensor<16xi32>) -> tensor<1x8x8x16x!quant.uniform<u8:f32, 0.05>>
    ```
  }];
  let arguments = !con((ins Qat_QuantizedImage:$input,
                            Qat_QuantizedWeights<4>:$weights,
                            Qat_IntegerBias:$bias,
                            Qat_Pads:$pad, Qat_Pair:$stride, Qat_Pair:$dilation,
                            DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive]>, "1">:$groups),
                       requantization);
  let results = (outs Qat_QuantizedImage:$result);
}

def Qat_DepthwiseConv2DOp : Qat_WeightedLayer<"depthwise_conv2d"> {
  let summary = "integer depthwise convolution with its bias, requantization and clamp";
  let description = [{
    As `qat.conv2d`, each output channel reading one input channel. `weights`
    is KH x KW x OC; with the depth multiplier `m = OC / IC`, output channel
    `c` reads input channel `c / m`.

    Constraints:

    * (C1) `weights` has shape KH x KW x OC, and the input channels divide OC.
    * (C2) `bias` has OC elements.
    * (C3) `multiplier` and `shift` come together, both with 1 or OC elements.
    * (C4) `0 <= shift <= 63`.
    * (C5) Without `multiplier` and `thresholds` the result's storage type is
      the whole of i32, with zero point 0.
    * (C6) The result's shape is what `pad`, `stride` and `dilation` give.
    * (C7) The scales of `weights` are one a tensor, or one a channel
      along dimension 2.
    * (C8) Every zero point lies in its storage range.
    * (C9) `input` and `weights` are stored in at most 8 bits, the result in
      at most 8 or in 32.
    * (C10) A `rounding` other than `floor` goes with a `multiplier`, none of
      them negative, and `2 <= shift <= 62`.
    * (C11) `thresholds` is a constant of OC rows, each ascending, with one
      element less than the result's storage range has values; the result has
      at most 8 bits.
    * (C12) With `thresholds` there is no `multiplier`, no `shift` and no
      `rounding` other than `floor`, and `bias` is constant and all 0.
    * (C13) `falling` goes with `thresholds` and has OC elements.

    Example:

    ```mlir
    %y = qat.depthwise_conv2d %x, %w, %b
         {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>,
          dilation = array<i64: 1, 1>,
          multiplier = array<i32: 1518500250>, shift = array<i8: 38>}
         : (tensor<1x8x8x16x!quant.uniform<u8:f32, 0.05>>,
            tensor<3x3x16x!quant.uniform<u8:f32, 0.02:128>>,
            tensor<16xi32>) -> tensor<1x8x8x16x!quant.uniform<u8:f32, 0.05>>
    ```
  }];
  let arguments = !con((ins Qat_QuantizedImage:$input,
                            Qat_QuantizedWeights<3>:$weights,
                            Qat_IntegerBias:$bias,
                            Qat_Pads:$pad, Qat_Pair:$stride, Qat_Pair:$dilation),
                       requantization);
  let results = (outs Qat_QuantizedImage:$result);
}

def Qat_FullyConnectedOp : Qat_WeightedLayer<"fully_connected"> {
  let summary = "integer dense layer with its bias, requantization and clamp";
  let description = [{
    `input` is N x K, `weights` OC x K; the arithmetic is that of `qat.conv2d`
    with one tap.

    Constraints:

    * (C1) `weights` has shape OC x K.
    * (C2) `bias` has OC elements.
    * (C3) `multiplier` and `shift` come together, both with 1 or OC elements.
    * (C4) `0 <= shift <= 63`.
    * (C5) Without `multiplier` and `thresholds` the result's storage type is
      the whole of i32, with zero point 0.
    * (C6) The result has shape N x OC.
    * (C7) The scales of `weights` are one a tensor, or one a channel
      along dimension 0.
    * (C8) Every zero point lies in its storage range.
    * (C9) `input` and `weights` are stored in at most 8 bits, the result in
      at most 8 or in 32.
    * (C10) A `rounding` other than `floor` goes with a `multiplier`, none of
      them negative, and `2 <= shift <= 62`.
    * (C11) `thresholds` is a constant of OC rows, each ascending, with one
      element less than the result's storage range has values; the result has
      at most 8 bits.
    * (C12) With `thresholds` there is no `multiplier`, no `shift` and no
      `rounding` other than `floor`, and `bias` is constant and all 0.
    * (C13) `falling` goes with `thresholds` and has OC elements.

    Example:

    ```mlir
    %y = qat.fully_connected %x, %w, %b
         : (tensor<1x64x!quant.uniform<u8:f32, 0.05>>,
            tensor<10x64x!quant.uniform<u8:f32, 0.02:128>>,
            tensor<10xi32>) -> tensor<1x10x!quant.uniform<i32:f32, 0.001>>
    ```
  }];
  let arguments = !con((ins Qat_QuantizedMatrix:$input,
                            Qat_QuantizedWeights<2>:$weights,
                            Qat_IntegerBias:$bias),
                       requantization);
  let results = (outs Qat_QuantizedMatrix:$result);
}

def Qat_AddOp : Qat_IntegerLayer<"add", ["getInPlaceOperand"]> {
  let summary = "integer addition of two tensors on grids of their own";
  let description = [{
    With `Z_1`, `Z_2`, `Z_y` the zero points of the types (docs/Spec.md,
    section 7):

    ```
    sum    = (lhs - Z_1) * lhs_multiplier + (rhs - Z_2) * rhs_multiplier
    result = clamp(((sum + offset) >> shift) + Z_y, storage range of the result)
    ```

    A ReLU after the add is the clamp.

    Constraints:

    * (C1) `lhs`, `rhs` and `result` have one shape.
    * (C2) `1 <= shift <= 31`, and `offset` is 0 or `2^(shift-1)`.
    * (C3) Operands and result are stored in at most 8 bits.
    * (C4) The sum, offset included, fits int32 for every stored value.
    * (C5) Every zero point lies in its storage range.

    Example:

    ```mlir
    %y = qat.add %a, %b
         {lhs_multiplier = 524288 : i32, rhs_multiplier = 262144 : i32,
          offset = 262144 : i32, shift = 19 : i32}
         : (tensor<1x8x8x16x!quant.uniform<u8:f32, 0.05>>,
            tensor<1x8x8x16x!quant.uniform<u8:f32, 0.025>>)
         -> tensor<1x8x8x16x!quant.uniform<u8:f32, 0.05>>
    ```
  }];
  let arguments = (ins Qat_QuantizedTensor:$lhs, Qat_QuantizedTensor:$rhs,
                       I32Attr:$lhs_multiplier, I32Attr:$rhs_multiplier,
                       I32Attr:$offset, I32Attr:$shift);
  let results = (outs Qat_QuantizedTensor:$result);
}

def Qat_RequantizeOp : Qat_IntegerLayer<"requantize", ["getInPlaceOperand"]> {
  let summary = "put a tensor on another grid";
  let description = [{
    The rule of `qat.add` with one operand:

    ```
    result = clamp((((input - Z_x) * multiplier + offset) >> shift) + Z_y,
                   storage range of the result)
    ```

    Constraints:

    * (C1) `input` and `result` have one shape.
    * (C2) `1 <= shift <= 31`, and `offset` is 0 or `2^(shift-1)`.
    * (C3) Operand and result are stored in at most 8 bits.
    * (C4) The sum, offset included, fits int32 for every stored value.
    * (C5) Every zero point lies in its storage range.

    Example:

    ```mlir
    %y = qat.requantize %x
         {multiplier = 262144 : i32, offset = 262144 : i32, shift = 19 : i32}
         : (tensor<1x8x8x16x!quant.uniform<u8:f32, 0.05>>)
         -> tensor<1x8x8x16x!quant.uniform<u8:f32, 0.1>>
    ```
  }];
  let arguments = (ins Qat_QuantizedTensor:$input, I32Attr:$multiplier,
                       I32Attr:$offset, I32Attr:$shift);
  let results = (outs Qat_QuantizedTensor:$result);
}

def Qat_AvgPool2DOp : Qat_IntegerLayer<"avg_pool2d"> {
  let summary = "integer average pooling";
  let description = [{
    `sum` and `k` are taken over the taps of the window that lie inside the
    input (padding is not counted), on the stored values; the scale does not
    change:

    ```
    result = floor(sum / k)                  // rounding floor
    result = floor((2 * sum + k) / (2 * k))  // rounding nearest
    result = sign(sum) * floor((2 * |sum| + k) / (2 * k))
                                             // rounding half_away
    ```

    `half_away` is what tosa.avg_pool2d computes where its zero points are 0.

    Constraints:

    * (C1) `input` and `result` have one element type and as many channels.
    * (C2) The result's shape is what `kernel`, `pad` and `stride` give.
    * (C3) Each pad is smaller than the kernel.
    * (C4) Every zero point lies in its storage range.
    * (C5) The input is stored in at most 8 bits.

    Example:

    ```mlir
    %y = qat.avg_pool2d %x
         {kernel = array<i64: 8, 8>, stride = array<i64: 1, 1>,
          pad = array<i64: 0, 0, 0, 0>, rounding = #qat.rounding<nearest>}
         : (tensor<1x8x8x64x!quant.uniform<u8:f32, 0.05>>)
         -> tensor<1x1x1x64x!quant.uniform<u8:f32, 0.05>>
    ```
  }];
  let arguments = (ins Qat_QuantizedImage:$input, Qat_Pair:$kernel,
                       Qat_Pair:$stride, Qat_Pads:$pad,
                       Qat_RoundingModeAttr:$rounding);
  let results = (outs Qat_QuantizedImage:$result);
}

def Qat_MaxPool2DOp : Qat_IntegerLayer<"max_pool2d"> {
  let summary = "integer maximum pooling";
  let description = [{
    The largest stored value of the taps of the window that lie inside the
    input.

    Constraints:

    * (C1) `input` and `result` have one element type and as many channels.
    * (C2) The result's shape is what `kernel`, `pad` and `stride` give.
    * (C3) Each pad is smaller than the kernel.
    * (C4) Every zero point lies in its storage range.
    * (C5) The input is stored in at most 8 bits.

    Example:

    ```mlir
    %y = qat.max_pool2d %x
         {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>,
          pad = array<i64: 0, 0, 0, 0>}
         : (tensor<1x8x8x64x!quant.uniform<u8:f32, 0.05>>)
         -> tensor<1x4x4x64x!quant.uniform<u8:f32, 0.05>>
    ```
  }];
  let arguments = (ins Qat_QuantizedImage:$input, Qat_Pair:$kernel,
                       Qat_Pair:$stride, Qat_Pads:$pad);
  let results = (outs Qat_QuantizedImage:$result);
}

def Qat_ConcatOp : Qat_IntegerLayer<"concat"> {
  let summary = "join tensors of one grid along a dimension";
  let description = [{
    The stored values of `inputs`, one after the other along dimension `axis`.
    An operand of a float concat that lies on another grid than the result is
    moved there by a `qat.requantize` before (docs/Spec.md, section 7).

    Constraints:

    * (C1) `inputs` and `result` have one element type.
    * (C2) `1 <= axis <` the rank of the result: the batch is not joined.
    * (C3) `inputs` have the shape of the result but in dimension `axis`, where
      their sizes add up to the result's.
    * (C4) The values are stored in at most 8 bits.
    * (C5) Every zero point lies in its storage range.

    Example:

    ```mlir
    %y = qat.concat %a, %b {axis = 3 : i64}
         : (tensor<1x8x8x16x!quant.uniform<u8:f32, 0.05>>,
            tensor<1x8x8x8x!quant.uniform<u8:f32, 0.05>>)
         -> tensor<1x8x8x24x!quant.uniform<u8:f32, 0.05>>
    ```
  }];
  let arguments = (ins Variadic<Qat_QuantizedTensor>:$inputs,
                       ConfinedAttr<I64Attr, [IntPositive]>:$axis);
  let results = (outs Qat_QuantizedTensor:$result);
}

def Qat_PadOp : Qat_IntegerLayer<"pad"> {
  let summary = "surround an image with one stored value";
  let description = [{
    `low` and `high` are the elements of `value` before and after the input in
    each of its dimensions N, H, W, C. Zero padding before a convolution or a
    pool is an attribute of that layer and needs no op.

    Constraints:

    * (C1) `input` and `result` have one element type.
    * (C2) `low` and `high` have one element a dimension, 0 for the batch, and
      the result's shape is the input's with them added.
    * (C3) `value` lies in the storage range.
    * (C4) The values are stored in at most 8 bits.
    * (C5) Every zero point lies in its storage range.

    Example:

    ```mlir
    %y = qat.pad %x {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 2, 2, 0>,
                     value = 3 : i32}
         : (tensor<1x8x8x16x!quant.uniform<u8:f32, 0.05:3>>)
         -> tensor<1x11x11x16x!quant.uniform<u8:f32, 0.05:3>>
    ```
  }];
  let arguments = (ins Qat_QuantizedImage:$input, Qat_Pads:$low, Qat_Pads:$high,
                       I32Attr:$value);
  let results = (outs Qat_QuantizedImage:$result);
}

#endif // QAT_INTEGER_OPS
