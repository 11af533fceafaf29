//===- QatHostOps.td - calls of the host's kernels -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_HOST_OPS
#define QAT_HOST_OPS

include "qat/Dialect/Qat/IR/QatBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Qat_HostCallOp : Qat_Op<"host_call", [
    Pure, DestinationStyleOpInterface,
    AllTypesMatch<["init", "result"]>]> {
  let summary = "one layer as a call of a kernel of the host";
  let description = [{
    Between form I and the host's loops: `kernel` is a function of
    qat/HostKernels/HostKernels.h, which writes the layer's output into `init`.
    `weights`, `channels` and `layer` are what the kernel reads besides the
    `input`, `scratch_bytes` the memory that it may write over.

    Constraints:

    * (C1) `kernel` is a C identifier.
    * (C2) `scratch_bytes` is positive.

    Example:

    ```mlir
    %y = qat.host_call "qat_host_conv2d_avx512vnni"
        ins(%x, %weights, %channels, %layer : tensor<1x8x8x16xi8>,
            tensor<2304xi8>, tensor<128xi32>, tensor<26xi64>)
        outs(%init : tensor<1x8x8x16xi8>) {scratch_bytes = 4096 : i64}
    ```
  }];
  let arguments = (ins StrAttr:$kernel,
                       StaticShapeTensorOf<[I8]>:$input,
                       1DTensorOf<[I8]>:$weights,
                       1DTensorOf<[I32]>:$channels,
                       1DTensorOf<[I64]>:$layer,
                       StaticShapeTensorOf<[I8, I32]>:$init,
                       I64Attr:$scratch_bytes);
  let results = (outs StaticShapeTensorOf<[I8, I32]>:$result);
  let assemblyFormat = [{
    $kernel `ins` `(` $input `,` $weights `,` $channels `,` $layer `:`
    type($input) `,` type($weights) `,` type($channels) `,` type($layer) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getInitMutable();
    }
  }];
}

#endif // QAT_HOST_OPS
