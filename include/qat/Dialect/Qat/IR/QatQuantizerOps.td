//===- QatQuantizerOps.td - the fake quantizers of form Q -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_QUANTIZER_OPS
#define QAT_QUANTIZER_OPS

include "qat/Dialect/Qat/IR/QatBase.td"
include "qat/Dialect/Qat/IR/QatInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

class Qat_ActivationQuantizer<string mnemonic>
    : Qat_Op<mnemonic, [
        Pure, AllTypesMatch<["input", "result"]>,
        DeclareOpInterfaceMethods<ActivationQuantizerOpInterface>]> {
  let results = (outs Qat_FloatTensor:$result);
}

// Grids are computed in double: a number that a float32 does not hold, such as
// -2.1, is kept as f64.
def Qat_RangeEnd
    : Attr<CPred<"::llvm::isa<::mlir::FloatAttr>($_self) && "
                 "(::llvm::cast<::mlir::FloatAttr>($_self).getType().isF32() || "
                 "::llvm::cast<::mlir::FloatAttr>($_self).getType().isF64())">,
           "f32 or f64 number"> {
  let storageType = "::mlir::FloatAttr";
  let returnType = "double";
  let convertFromStorage = "$_self.getValueAsDouble()";
}

def Qat_QuantizeInputOp : Qat_ActivationQuantizer<"quantize_input"> {
  let summary = "put the network's input on its 8-bit grid";
  let description = [{
    The range [`minimum`, `maximum`] of the real input is fixed, not learned
    (docs/Spec.md, section 1). For [-1, 1] the grid is signed:

    ```
    step   = 2 / 255
    level  = min(round(clamp(input, -1, 1) * 127.5), 127)
    result = level * step
    ```

    Any other range:

    ```
    step   = (maximum - minimum) / 255
    zero   = round(-minimum / step)
    level  = clamp(round(clamp(input, minimum, maximum) / step) + zero, 0, 255)
    result = (level - zero) * float32(step)
    ```

    Constraints:

    * (C1) `minimum <= 0 <= maximum`, both finite, and they differ.

    Example:

    ```mlir
    %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32}
         : tensor<1x32x32x3xf32>
    ```
  }];
  let arguments = (ins Qat_FloatTensor:$input,
                       Qat_RangeEnd:$minimum, Qat_RangeEnd:$maximum);
  let assemblyFormat = "$input attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def Qat_PactOp : Qat_ActivationQuantizer<"pact"> {
  let summary = "quantize an activation with one learned upper bound";
  let description = [{
    PACT (arXiv 1805.06085): clips `input` to [0, `alpha`] and puts it on one
    of `2^bits` evenly spaced levels; `r` is 0 for `floor` rounding, 1/2 for
    `nearest`:

    ```
    s      = float32(n(bits) / alpha)
    level  = n(bits) where input >= alpha, else clamp(floor(s*input + r), 0, n(bits))
    result = level * float32(alpha / n(bits))
    ```

    Gradients: `d input = g where 0 < input < alpha`, else 0;
    `d alpha = sum of g where input >= alpha`.

    `float_bound` is the upper bound of the activation that the quantizer
    replaced in the float network (6 for a ReLU6); absent for a plain ReLU.

    `activation_type` says where `alpha` comes from (docs/Spec.md, section 2):
    it is `learned`, or `clipped`, which neither calibration nor training moves.
    `relu6` is clipped too, and not quantized before it is frozen:
    `result = clamp(input, 0, alpha)`.

    `raised`, which freezing sets behind a layer with weights, adds 2^-18 to
    `r`: the layer's integer network rounds up what lies exactly on a step, an
    accumulator of zero for one; the float sum that stands for it here may be
    below by its error (docs/Rationale.md).

    Constraints:

    * (C1) `float_bound` is positive and finite.

    Example:

    ```mlir
    %y = qat.pact %x, %alpha {bits = 8 : i32, rounding = #qat.rounding<nearest>,
                              float_bound = 6.0 : f32}
         : tensor<1x8x8x16xf32>
    ```
  }];
  let arguments = (ins Qat_FloatTensor:$input, Qat_Bound:$alpha,
                       Qat_BitWidth:$bits, Qat_ActivationRoundingAttr:$rounding,
                       OptionalAttr<F32Attr>:$float_bound,
                       DefaultValuedAttr<Qat_ActivationTypeAttr,
                           "::mlir::qat::ActivationType::Learned">:$activation_type,
                       UnitAttr:$raised);
  let assemblyFormat = [{
    $input `,` $alpha attr-dict `:` type($input)
  }];
  let hasVerifier = 1;
}

def Qat_BoundedOp : Qat_ActivationQuantizer<"bounded"> {
  let summary = "quantize an activation of either sign with two learned bounds";
  let description = [{
    For tensors without a ReLU before them: the linear output of a bottleneck,
    an operand of a residual add. The bounds are taken as `min(lo, 0)` and
    `max(hi, 0)`; `r` is 0 for `floor` rounding, 1/2 for `nearest`:

    ```
    step   = (hi - lo) / n(bits)          // double; 1 where lo = hi = 0
    zero   = round(-lo / step)
    level  = clamp(floor(input / float32(step) + r) + zero, 0, n(bits))
    result = (level - zero) * float32(step)
    ```

    Gradients: `d input = g where lo < input < hi`, else 0;
    `d lo = sum of g where input <= lo`; `d hi = sum of g where input >= hi`.

    `raised` as for `qat.pact`.

    Example:

    ```mlir
    %y = qat.bounded %x, %lo, %hi
         {bits = 8 : i32, rounding = #qat.rounding<nearest>}
         : tensor<1x8x8x16xf32>
    ```
  }];
  let arguments = (ins Qat_FloatTensor:$input, Qat_Bound:$lo, Qat_Bound:$hi,
                       Qat_BitWidth:$bits, Qat_ActivationRoundingAttr:$rounding,
                       UnitAttr:$raised);
  let assemblyFormat = [{
    $input `,` $lo `,` $hi attr-dict `:` type($input)
  }];
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

class Qat_WeightQuantizer<string mnemonic, list<Trait> traits = []>
    : Qat_Op<mnemonic, [
        Pure, AllTypesMatch<["weight", "result"]>,
        DeclareOpInterfaceMethods<WeightQuantizerOpInterface>] # traits> {
  let results = (outs Qat_FloatWeights:$result);
}

def Qat_WeightAsymmetricPactOp
    : Qat_WeightQuantizer<"weight_asymmetric_pact"> {
  let summary = "quantize a weight tensor between two learned bounds";
  let description = [{
    Scheme PerLayerAsymPACT. The step comes from the data after clamping, not
    from the bounds:

    ```
    t      = clamp(weight, min(lo, 0), max(hi, 0))
    mn, mx = min(t, 0), max(t, 0)             // over the tensor
    step   = (mx - mn) / n(bits)              // 1 where it is 0
    zero   = round(-mn / step)
    level  = clamp(round(t / step), -zero, n(bits) - zero)
    result = level * step
    ```

    With `unclamped`, `t = weight`: the bounds are those of the weights with
    their batch norm folded in, which is still live behind the layer (fold type
    folding_weights); qat-fold-batch-norm takes the attribute off. Gradients
    pass through then, and the bounds receive none.

    Example:

    ```mlir
    %q = qat.weight_asymmetric_pact %w, %lo, %hi {bits = 4 : i32}
         : tensor<16x3x3x3xf32>
    ```
  }];
  let arguments = (ins Qat_FloatWeights:$weight, Qat_Bound:$lo, Qat_Bound:$hi,
                       Qat_BitWidth:$bits, UnitAttr:$unclamped);
  let assemblyFormat = [{
    $weight `,` $lo `,` $hi attr-dict `:` type($weight)
  }];
}

def Qat_WeightSymmetricPactOp : Qat_WeightQuantizer<"weight_symmetric_pact"> {
  let summary = "quantize a weight tensor within one learned bound on both sides";
  let description = [{
    Scheme PerLayerSymPACT (also spelled PerLayerDymPACT):

    ```
    t      = clamp(weight, -max(hi, 0), max(hi, 0))
    step   = 2 * max(abs(t)) / n(bits)        // 1 where it is 0
    level  = clamp(round(t / step), -2^(bits-1), 2^(bits-1) - 1)
    result = level * step
    ```

    With `unclamped`, `t = weight`, as in `qat.weight_asymmetric_pact`.

    Example:

    ```mlir
    %q = qat.weight_symmetric_pact %w, %hi {bits = 8 : i32}
         : tensor<16x3x3x3xf32>
    ```
  }];
  let arguments = (ins Qat_FloatWeights:$weight, Qat_Bound:$hi,
                       Qat_BitWidth:$bits, UnitAttr:$unclamped);
  let assemblyFormat = [{
    $weight `,` $hi attr-dict `:` type($weight)
  }];
}

def Qat_WeightMinMaxOp : Qat_WeightQuantizer<"weight_min_max"> {
  let summary = "quantize a weight tensor between its minimum and maximum";
  let description = [{
    Schemes PerLayerAsymMinMax and, with `channel_axes`, PerChannelsAsymMinMax:
    the arithmetic of `qat.weight_asymmetric_pact` without clamping, over the
    whole tensor or over each output channel.

    `channel_axes` are the dimensions that make up the output channel,
    outermost first (see `qat.fold_weight`); without it there is one step for
    the tensor.

    Constraints:

    * (C1) `channel_axes` are dimensions of `weight`, in rising order.

    Example:

    ```mlir
    %q = qat.weight_min_max %w {bits = 8 : i32, channel_axes = array<i64: 0>}
         : tensor<16x3x3x3xf32>
    ```
  }];
  let arguments = (ins Qat_FloatWeights:$weight, Qat_BitWidth:$bits,
                       OptionalAttr<DenseI64ArrayAttr>:$channel_axes);
  let assemblyFormat = "$weight attr-dict `:` type($weight)";
  let hasVerifier = 1;
}

#endif // QAT_QUANTIZER_OPS
