//===- QatKernelOps.td - the narrow form that is printed as C -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_KERNEL_OPS
#define QAT_KERNEL_OPS

include "qat/Dialect/Qat/IR/QatBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// Bytes without gaps: what a kernel is given is an address.
def Qat_ByteBuffer : ConfinedType<Qat_Sized<MemRefRankOf<[I8], [1]>>, [
    CPred<"::llvm::cast<::mlir::MemRefType>($_self).getLayout().isIdentity()">],
    "1D memref of i8 of static shape with 1 to 2^31-1 elements and identity "
    "layout", "::mlir::MemRefType">;

def Qat_KernelCallOp : Qat_Op<"kernel_call", [AttrSizedOperandSegments]> {
  let summary = "one layer as a call of a C kernel";
  let description = [{
    Form C, the last before printing, holds `memref.global`s (weights as 32-bit
    words, biases, multipliers, shifts), one function over byte buffers and
    these calls. `kernel` is the C function; `layer` the layer's C name;
    `fields` the members of the kernel's parameter struct: integers, or symbols
    of globals for pointers. `scratch` is memory that the kernel may write
    during the call. `tensors` are the tensors that the buffers hold, the inputs
    and then the output; `pitches` the bytes from one of their rows to the next;
    `rows` the output rows that the call computes, from row 0. `kind` and `macs`
    go to the cost table.

    Several calls may write one buffer, each a part, as for a concat. The
    discardable attribute `qat.completes` is the place among the integer layers
    of form I of the one whose result is whole after the call, or -1 for none;
    without it calls and layers correspond.

    Constraints:

    * (C1) `kernel`, `layer`, `kind` and the names of the fields are C
      identifiers.
    * (C2) A field is an integer of at most 64 bits or a symbol.
    * (C3) `macs` is not negative, `rows` is positive.
    * (C4) `tensors` and `pitches` have one element an input and one for the
      output.

    Example:

    ```mlir
    qat.kernel_call "qat_conv2d_u8_u8_u8" @conv1
        ins(%x : memref<3072xi8>) outs(%y : memref<16384xi8>)
        fields {in_h = 32 : i32, weights = @conv1_weights}
        {kind = "conv2d", macs = 442368 : i64, rows = 32 : i32,
         pitches = array<i32: 96, 512>,
         tensors = [tensor<1x32x32x3x!quant.uniform<u8:f32, 1.0>>,
                    tensor<1x32x32x16x!quant.uniform<u8:f32, 0.05>>]}
    ```
  }];
  let arguments = (ins StrAttr:$kernel, FlatSymbolRefAttr:$layer,
                       Variadic<Qat_ByteBuffer>:$inputs,
                       Qat_ByteBuffer:$output,
                       Optional<Qat_ByteBuffer>:$scratch,
                       DictionaryAttr:$fields, StrAttr:$kind, I64Attr:$macs,
                       TypeArrayAttr:$tensors, DenseI32ArrayAttr:$pitches,
                       I32Attr:$rows);
  let assemblyFormat = [{
    $kernel $layer `ins` `(` $inputs `:` type($inputs) `)`
    `outs` `(` $output `:` type($output) `)`
    (`scratch` `(` $scratch^ `:` type($scratch) `)`)?
    `fields` $fields attr-dict
  }];
  let hasVerifier = 1;
}

#endif // QAT_KERNEL_OPS
