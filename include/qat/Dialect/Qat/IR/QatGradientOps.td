//===- QatGradientOps.td - what quantizers pass back -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_GRADIENT_OPS
#define QAT_GRADIENT_OPS

include "qat/Dialect/Qat/IR/QatBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// The gradients of the quantizers (QatQuantizerOps.td) depend on the clipping
// alone, not on the grid: rounding passes a gradient straight through. So a few
// ops without bits or rounding serve all of them:
//
//   qat.pact                                   qat.pact_gradient
//   qat.bounded, qat.weight_asymmetric_pact    qat.bounded_gradient
//   qat.weight_symmetric_pact                  qat.symmetric_gradient
//   qat.weight_min_max                         the upstream gradient itself
//   qat.fold_weight                            qat.fold_weight of the gradient
//   qat.quantize_input                         none: nothing lies before it
//
// A sum over a tensor has one order, whatever runs it: the elements of each
// index of the last dimension by rising index, then those sums by rising index.
// It is taken in f64 and rounded once, so it is within half a unit in the last
// place, and 1e-13 of the sum of the magnitudes, of the exact sum.

// A training step knows every size, the batch included.
def Qat_TrainingTensor : Qat_Sized<RankedTensorOf<[F32]>>;

class Qat_QuantizerGradient<string mnemonic, string gradient>
    : Qat_Op<mnemonic, [
        Pure, AllTypesMatch<["input", "upstream", gradient]>]>;

def Qat_PactGradientOp
    : Qat_QuantizerGradient<"pact_gradient", "input_gradient"> {
  let summary = "the gradient of an activation clipped to [0, alpha]";
  let description = [{
    `upstream` is the gradient `g` of the quantizer's result:

    ```
    input_gradient = g where 0 < input < alpha, else 0
    alpha_gradient = sum of g where input >= alpha
    ```

    An `alpha` of 0 or below leaves no element between the bounds.

    A quantizer whose bound is fixed (activation types `clipped` and `relu6`)
    has the same `input_gradient`, which for `relu6` is that of the clamp at 6
    it trains with; nothing uses its `alpha_gradient` then, and a result that
    is not used is not computed.

    Example:

    ```mlir
    %dx, %dalpha = qat.pact_gradient %x, %alpha, %g : tensor<1x8x8x16xf32>
    ```
  }];
  let arguments = (ins Qat_TrainingTensor:$input, Qat_Bound:$alpha,
                       Qat_TrainingTensor:$upstream);
  let results = (outs Qat_TrainingTensor:$input_gradient,
                      Qat_Bound:$alpha_gradient);
  let assemblyFormat = [{
    $input `,` $alpha `,` $upstream attr-dict `:` type($input)
  }];
}

def Qat_BoundedGradientOp
    : Qat_QuantizerGradient<"bounded_gradient", "input_gradient"> {
  let summary = "the gradient of a tensor clipped between two bounds";
  let description = [{
    `upstream` is the gradient `g` of the result of `qat.bounded` or
    `qat.weight_asymmetric_pact`. The bounds are taken as `min(lo, 0)` and
    `max(hi, 0)`, as the quantizers take them:

    ```
    input_gradient = g where lo < input < hi, else 0
    lo_gradient    = sum of g where input <= lo
    hi_gradient    = sum of g where input >= hi
    ```

    Where both bounds come to 0, an element that is 0 counts for both. A bound
    on the wrong side of 0, taken as 0, receives its sum all the same: a zero
    there could never bring it back.

    Example:

    ```mlir
    %dx, %dlo, %dhi = qat.bounded_gradient %x, %lo, %hi, %g
                      : tensor<1x8x8x16xf32>
    ```
  }];
  let arguments = (ins Qat_TrainingTensor:$input, Qat_Bound:$lo, Qat_Bound:$hi,
                       Qat_TrainingTensor:$upstream);
  let results = (outs Qat_TrainingTensor:$input_gradient,
                      Qat_Bound:$lo_gradient, Qat_Bound:$hi_gradient);
  let assemblyFormat = [{
    $input `,` $lo `,` $hi `,` $upstream attr-dict `:` type($input)
  }];
}

def Qat_SymmetricGradientOp
    : Qat_QuantizerGradient<"symmetric_gradient", "input_gradient"> {
  let summary = "the gradient of a tensor clipped to one bound on both sides";
  let description = [{
    `upstream` is the gradient `g` of the result of
    `qat.weight_symmetric_pact`. The bound is taken as `max(hi, 0)`:

    ```
    input_gradient = g where abs(input) < hi, else 0
    hi_gradient    = sum of g * sign(input) where abs(input) >= hi
    ```

    with `sign(0) = 0`.

    Example:

    ```mlir
    %dw, %dhi = qat.symmetric_gradient %w, %hi, %g : tensor<16x3x3x3xf32>
    ```
  }];
  let arguments = (ins Qat_TrainingTensor:$input, Qat_Bound:$hi,
                       Qat_TrainingTensor:$upstream);
  let results = (outs Qat_TrainingTensor:$input_gradient,
                      Qat_Bound:$hi_gradient);
  let assemblyFormat = [{
    $input `,` $hi `,` $upstream attr-dict `:` type($input)
  }];
}

#endif // QAT_GRADIENT_OPS
