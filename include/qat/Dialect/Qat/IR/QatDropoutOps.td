//===- QatDropoutOps.td - dropout by a hash of the element -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_DROPOUT_OPS
#define QAT_DROPOUT_OPS

include "qat/Dialect/Qat/IR/QatDifferentiable.td"
include "qat/Dialect/Qat/IR/QatTrainingTypes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Qat_DropoutOp : Qat_Op<"dropout", [
    Pure, AllTypesMatch<["input", "result"]>,
    DeclareOpInterfaceMethods<DifferentiableOpInterface>]> {
  let summary = "set a random part of the elements to zero";
  let description = [{
    Whether an element stays is a function of the seed, the number of the step,
    the `stream` (one a dropout layer), the index of its sample and its place i
    in the sample, row-major. The index of the sample is data, `samples[n]`, so
    that a batch that is cut into tiles keeps its mask:

    ```
    h         = mix(seed[0] + stream * 0x9e3779b9)
    h         = mix(h ^ seed[1])
    h         = mix(h ^ samples[n])
    h         = mix(h ^ i)
    result[i] = unsigned(h) >= round(rate * 2^32) ? input[i] / (1 - rate) : 0
    ```

    on 32-bit integers that wrap around, with the mixing function `lowbias32`
    (https://github.com/skeeto/hash-prospector):

    ```
    mix(x): x ^= x >> 16;  x *= 0x7feb352d
            x ^= x >> 15;  x *= 0x846ca68b
            x ^= x >> 16
    ```

    The factor `1 / (1 - rate)` is rounded to the element type, and the result
    is one multiplication. The gradient of the input is the same op on the
    gradient of the result.

    Constraints:

    * (C1) `rate` lies in [0, 1).
    * (C2) `input` has a batch, with one element of `samples` a sample.

    Example:

    ```mlir
    %y = qat.dropout %x, %seed, %samples {rate = 0.2 : f64, stream = 0 : i32}
         : tensor<32x256xf32>, tensor<32xi32>
    ```
  }];
  let arguments = (ins Qat_RealTensor:$input,
                       Qat_Seed:$seed, Qat_Labels:$samples,
                       F64Attr:$rate, I32Attr:$stream);
  let results = (outs Qat_RealTensor:$result);
  let assemblyFormat = [{
    $input `,` $seed `,` $samples attr-dict `:` type($input) `,` type($samples)
  }];
  let hasVerifier = 1;
}

#endif // QAT_DROPOUT_OPS
