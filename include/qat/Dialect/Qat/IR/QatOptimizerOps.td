//===- QatOptimizerOps.td - how gradients change parameters -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_OPTIMIZER_OPS
#define QAT_OPTIMIZER_OPS

include "qat/Dialect/Qat/IR/QatBase.td"
include "qat/Dialect/Qat/IR/QatTrainingTypes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// The optimizers are PyTorch's (torch.optim.Adam, torch.optim.SGD): the weight
// decay is an L2 term that is added to the gradient. `scale` multiplies the
// gradient first (qat.clip_factor); where `apply` is false, the results are the
// operands, so that a step whose loss is no number changes nothing.

def Qat_AdamOp : Qat_Op<"adam", [
    Pure, AllTypesMatch<["parameter", "gradient", "moment1", "moment2",
                         "new_parameter", "new_moment1", "new_moment2"]>,
    AllTypesMatch<["scale", "rate", "decay", "beta1", "beta2", "correction1",
                   "correction2", "epsilon"]>]> {
  let summary = "one step of Adam";
  let description = [{
    `correction1` and `correction2` are `1 - beta1^t` and `1 - beta2^t` for
    step t = 1, 2, ...:

    ```
    g             = gradient * scale + decay * parameter
    new_moment1   = moment1 + (1 - beta1) * (g - moment1)
    new_moment2   = beta2 * moment2 + (1 - beta2) * g * g
    new_parameter = parameter - (rate / correction1) * new_moment1 /
                    (sqrt(new_moment2) / sqrt(correction2) + epsilon)
    ```

    Constraints:

    * (C1) The scalars have the element type of `parameter`.

    Example:

    ```mlir
    %w1, %m1, %v1 = qat.adam %w, %g, %m, %v if %finite scale %s rate %lr
        decay %wd beta %b1, %b2 correction %c1, %c2 epsilon %e
        : tensor<16x3x3x3xf32>, tensor<f32>
    ```
  }];
  let arguments = (ins Qat_RealTensor:$parameter, Qat_RealTensor:$gradient,
                       Qat_RealTensor:$moment1, Qat_RealTensor:$moment2,
                       Qat_Flag:$apply, Qat_RealScalar:$scale,
                       Qat_RealScalar:$rate, Qat_RealScalar:$decay,
                       Qat_RealScalar:$beta1, Qat_RealScalar:$beta2,
                       Qat_RealScalar:$correction1, Qat_RealScalar:$correction2,
                       Qat_RealScalar:$epsilon);
  let results = (outs Qat_RealTensor:$new_parameter, Qat_RealTensor:$new_moment1,
                      Qat_RealTensor:$new_moment2);
  let assemblyFormat = [{
    $parameter `,` $gradient `,` $moment1 `,` $moment2 `if` $apply `scale` $scale
    `rate` $rate `decay` $decay `beta` $beta1 `,` $beta2
    `correction` $correction1 `,` $correction2 `epsilon` $epsilon attr-dict
    `:` type($parameter) `,` type($scale)
  }];
  let hasVerifier = 1;
}

def Qat_SgdOp : Qat_Op<"sgd", [
    Pure, AllTypesMatch<["parameter", "gradient", "moment", "new_parameter",
                         "new_moment"]>,
    AllTypesMatch<["scale", "rate", "decay", "momentum"]>]> {
  let summary = "one step of stochastic gradient descent with momentum";
  let description = [{
    `moment` starts at 0:

    ```
    g             = gradient * scale + decay * parameter
    new_moment    = momentum * moment + g
    new_parameter = parameter - rate * new_moment
    ```

    Constraints:

    * (C1) The scalars have the element type of `parameter`.

    Example:

    ```mlir
    %w1, %m1 = qat.sgd %w, %g, %m if %finite scale %s rate %lr decay %wd
               momentum %mu : tensor<16x3x3x3xf32>, tensor<f32>
    ```
  }];
  let arguments = (ins Qat_RealTensor:$parameter, Qat_RealTensor:$gradient,
                       Qat_RealTensor:$moment, Qat_Flag:$apply,
                       Qat_RealScalar:$scale, Qat_RealScalar:$rate,
                       Qat_RealScalar:$decay, Qat_RealScalar:$momentum);
  let results = (outs Qat_RealTensor:$new_parameter, Qat_RealTensor:$new_moment);
  let assemblyFormat = [{
    $parameter `,` $gradient `,` $moment `if` $apply `scale` $scale
    `rate` $rate `decay` $decay `momentum` $momentum attr-dict
    `:` type($parameter) `,` type($scale)
  }];
  let hasVerifier = 1;
}

def Qat_SquaredNormOp : Qat_Op<"squared_norm", [Pure]> {
  let summary = "the sum of the squares of all elements of some tensors";
  let description = [{
    Squares and sums are taken in f64, in the order of the sums of
    QatGradientOps.td for each tensor, and the tensors' sums added in the order
    of the operands. No tensor at all gives 0.

    Example:

    ```mlir
    %squares = qat.squared_norm(%g0, %g1
                                : tensor<16x3x3x3xf32>, tensor<16xf32>)
    ```
  }];
  let arguments = (ins Variadic<Qat_RealTensor>:$tensors);
  let results = (outs Qat_DoubleScalar:$result);
  // In parentheses: an operand of the next line would follow an empty list.
  let assemblyFormat = "`(` ($tensors^ `:` type($tensors))? `)` attr-dict";
}

def Qat_ClipFactorOp : Qat_Op<"clip_factor", [
    Pure, AllTypesMatch<["limit", "factor", "norm", "scale"]>]> {
  let summary = "what gradients are multiplied by so that their norm keeps a limit";
  let description = [{
    `squares` is the sum of squares of all gradients, each of which is to be
    multiplied by `factor` (1 over the number of accumulated batches). As
    PyTorch's `clip_grad_norm_`; a `limit` of 0 clips nothing:

    ```
    norm  = sqrt(squares) * factor
    scale = factor * min(limit / (norm + 1e-6), 1)   // limit > 0
    scale = factor                                   // else
    ```

    Computed in f64 and rounded once.

    Example:

    ```mlir
    %norm, %scale = qat.clip_factor %squares, %limit, %factor : tensor<f32>
    ```
  }];
  let arguments = (ins Qat_DoubleScalar:$squares, Qat_RealScalar:$limit,
                       Qat_RealScalar:$factor);
  let results = (outs Qat_RealScalar:$norm, Qat_RealScalar:$scale);
  let assemblyFormat = [{
    $squares `,` $limit `,` $factor attr-dict `:` type($limit)
  }];
}

def Qat_AreFiniteOp : Qat_Op<"are_finite", [Pure]> {
  let summary = "whether every one of some numbers is finite";
  let description = [{
    Example:

    ```mlir
    %finite = qat.are_finite(%loss, %norm : tensor<f32>, tensor<f32>)
    ```
  }];
  let arguments = (ins Variadic<Qat_RealScalar>:$numbers);
  let results = (outs Qat_Flag:$result);
  let assemblyFormat = "`(` ($numbers^ `:` type($numbers))? `)` attr-dict";
}

def Qat_SelectOp : Qat_Op<"select", [
    Pure, AllTypesMatch<["new_value", "old_value", "result"]>]> {
  let summary = "a new value where a step is carried out, else the old one";
  let description = [{
    ```
    result = condition ? new_value : old_value
    ```

    Example:

    ```mlir
    %mean1 = qat.select %finite, %updated, %mean : tensor<16xf32>
    ```
  }];
  let arguments = (ins Qat_Flag:$condition, Qat_RealTensor:$new_value,
                       Qat_RealTensor:$old_value);
  let results = (outs Qat_RealTensor:$result);
  let assemblyFormat = [{
    $condition `,` $new_value `,` $old_value attr-dict `:` type($new_value)
  }];
}

def Qat_AccumulateOp : Qat_Op<"accumulate", [
    Pure, AllTypesMatch<["sum", "gradient", "result"]>]> {
  let summary = "add a gradient to those of the batches before";
  let description = [{
    ```
    result = apply ? sum + gradient : sum
    ```

    Example:

    ```mlir
    %sum1 = qat.accumulate %sum, %gradient if %finite : tensor<16xf32>
    ```
  }];
  let arguments = (ins Qat_RealTensor:$sum, Qat_RealTensor:$gradient,
                       Qat_Flag:$apply);
  let results = (outs Qat_RealTensor:$result);
  let assemblyFormat = [{
    $sum `,` $gradient `if` $apply attr-dict `:` type($sum)
  }];
}

def Qat_ScaleOp : Qat_Op<"scale", [
    Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "multiply every element by a constant";
  let description = [{
    ```
    result = input * factor
    ```

    The gradient scale of a learned bound (LSQ, arXiv 1902.08153), for one.

    Constraints:

    * (C1) `factor` is finite.

    Example:

    ```mlir
    %g1 = qat.scale %g {factor = 0.0625 : f64} : tensor<f32>
    ```
  }];
  let arguments = (ins Qat_RealTensor:$input, F64Attr:$factor);
  let results = (outs Qat_RealTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
  let hasVerifier = 1;
}

#endif // QAT_OPTIMIZER_OPS
