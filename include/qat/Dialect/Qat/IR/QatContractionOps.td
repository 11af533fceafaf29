//===- QatContractionOps.td - the products of a training step -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_CONTRACTION_OPS
#define QAT_CONTRACTION_OPS

include "qat/Dialect/Qat/IR/QatBase.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Qat_ContractionKind : I32EnumAttr<"ContractionKind",
    "which of a convolution's three tensors is computed", [
      I32EnumAttrCase<"Forward", 0, "forward">,
      I32EnumAttrCase<"InputGradient", 1, "input_gradient">,
      I32EnumAttrCase<"WeightGradient", 2, "weight_gradient">]> {
  let cppNamespace = "::mlir::qat";
  let genSpecializedAttr = 0;
}
def Qat_ContractionKindAttr
    : EnumAttr<Qat_Dialect, Qat_ContractionKind, "contraction_kind">;

class Qat_ContractionOperand<list<Type> elements>
    : Qat_Sized<AnyTypeOf<[TensorRankOf<elements, [4]>,
                           MemRefRankOf<elements, [4]>]>>;

def Qat_ContractionOp : Qat_Op<"contraction", [
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<ConditionallySpeculatable>]> {
  let summary = "a 2-D convolution, or its gradient by the input or weights";
  let description = [{
    One product of a training step, into `init`, which it overwrites (with
    `accumulate`: to which it adds). With `x`
    the input (N x H x W x C), `w` the weights, `y` the output without bias
    (N x OH x OW x OC), `dx`, `dw`, `dy` the gradients of a loss by them, and
    G = `groups`:

    | kind              | `a`  | `b`  | result |
    | ----------------- | ---- | ---- | ------ |
    | `forward`         | `x`  | `w`  | `y`    |
    | `input_gradient`  | `dy` | `w`  | `dx`   |
    | `weight_gradient` | `x`  | `dy` | `dw`   |

    `w` is OC x KH x KW x C/G. Each of the formulas sums over all indices on
    its right that are not on its left, where

    ```
    iy = oy * stride[0] + ky * dilation[0] - pad[0]     // top
    ix = ox * stride[1] + kx * dilation[1] - pad[2]     // left
    c  = oc / (OC/G) * (C/G) + i

    y[n, oy, ox, oc]   = sum x[n, iy, ix, c] * w[oc, ky, kx, i]
    dx[n, iy, ix, c]   = sum dy[n, oy, ox, oc] * w[oc, ky, kx, i]
    dw[oc, ky, kx, i]  = sum x[n, iy, ix, c] * dy[n, oy, ox, oc]
    ```

    and terms with (iy, ix) outside the image are 0. With `depthwise`, `w` is
    KH x KW x C x M, every channel is a group of its own, oc = c * M + m, and
    w[ky, kx, c, m] takes the place of w[oc, ky, kx, i].

    Floating-point sums have no order of their own: that of the lowering, which
    is the same at every execution and on every thread. Integers are those of
    levels: sums of products of 8 bits in 32, modulo 2^32. `unsigned_input` says that
    `a` is stored from 0 to 255; `b` is signed.

    `pad` is top, bottom, left, right; `stride` and `dilation` are height,
    width. On tensors the op returns its result, on memrefs it writes it.

    Constraints:

    * (C1) Operands are all tensors, with a result of the type of `init`, or
      all memrefs, with none.
    * (C2) Elements are all f32, or all f64, or `a` and `b` are i8 and `init`
      is i32; the latter with kind `forward` alone, and `unsigned_input` with it
      alone.
    * (C3) `groups` divides C and OC; with `depthwise` it is 1, and C divides
      OC.
    * (C4) `w` has the shape given above.
    * (C5) OH and OW are what `pad`, `stride` and `dilation` give, and at
      least 1; `x` and `y` have one batch.
    * (C6) `accumulate` goes with kind `weight_gradient` alone: the sums of a
      batch that is computed in parts.

    Example:

    ```mlir
    %y = qat.contraction forward ins(%x, %w : tensor<2x8x8x4xf32>, tensor<6x3x3x4xf32>)
         outs(%init : tensor<2x4x4x6xf32>)
         {pad = array<i64: 0, 1, 0, 1>, stride = array<i64: 2, 2>}
         -> tensor<2x4x4x6xf32>
    qat.contraction weight_gradient ins(%x, %dy : memref<2x8x8x4xf32>, memref<2x8x8x4xf32>)
        outs(%dw : memref<3x3x4x1xf32>)
        {pad = array<i64: 1, 1, 1, 1>, depthwise}
    ```
  }];
  let arguments = (ins Qat_ContractionKindAttr:$kind,
                       Qat_ContractionOperand<[F32, F64, I8]>:$a,
                       Qat_ContractionOperand<[F32, F64, I8]>:$b,
                       Qat_ContractionOperand<[F32, F64, I32]>:$init,
                       DefaultValuedAttr<Qat_Pads, "{0, 0, 0, 0}">:$pad,
                       DefaultValuedAttr<Qat_Pair, "{1, 1}">:$stride,
                       DefaultValuedAttr<Qat_Pair, "{1, 1}">:$dilation,
                       DefaultValuedAttr<
                           ConfinedAttr<I64Attr, [IntPositive]>, "1">:$groups,
                       UnitAttr:$depthwise,
                       UnitAttr:$unsigned_input,
                       UnitAttr:$accumulate);
  let results = (outs Optional<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    $kind `ins` `(` $a `,` $b `:` type($a) `,` type($b) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($result)^)?
  }];
  let builders = [
    // The result's type is that of `init` on tensors.
    OpBuilder<(ins "::mlir::qat::ContractionKind":$kind, "::mlir::Value":$a,
                   "::mlir::Value":$b, "::mlir::Value":$init,
                   "::llvm::ArrayRef<int64_t>":$pad,
                   "::llvm::ArrayRef<int64_t>":$stride,
                   "::llvm::ArrayRef<int64_t>":$dilation,
                   CArg<"int64_t", "1">:$groups,
                   CArg<"bool", "false">:$depthwise)>];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getInitMutable();
    }
    /// The operand that stands for `x` or `dx`; for `w` or `dw`; for `y` or
    /// `dy`. One of them is the init.
    ::mlir::Value getImage() {
      return getKind() == ContractionKind::InputGradient ? getInit() : getA();
    }
    ::mlir::Value getWeights() {
      return getKind() == ContractionKind::WeightGradient ? getInit() : getB();
    }
    ::mlir::Value getOutput() {
      return getKind() == ContractionKind::Forward ? getInit()
             : getKind() == ContractionKind::InputGradient ? getA() : getB();
    }
    bool hasBufferSemantics() {
      return ::llvm::isa<::mlir::MemRefType>(getInit().getType());
    }
    /// The sizes, of an op that verifies.
    ::mlir::qat::ContractionGeometry getGeometry();
  }];
}

#endif // QAT_CONTRACTION_OPS
