//===- QatFusedOps.td - the groups of a training step -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_FUSED_OPS
#define QAT_FUSED_OPS

include "qat/Dialect/Qat/IR/QatBase.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Qat_FusedOp : Qat_Op<"fused", [
    AttrSizedOperandSegments, IsolatedFromAbove, RecursiveMemoryEffects,
    SingleBlockImplicitTerminator<"FusedYieldOp">]> {
  let summary = "what is computed together on one part of a batch";
  let description = [{
    The `batched` operands are cut along dimension 0, the batch, into `tiles`
    times `blocks` parts of equal size; the region computes one part. Tiles run
    in any order and at once, the blocks of a tile one after the other. Both
    numbers follow from shapes alone, never from the number of threads.

    The region takes the number of the part (tile * blocks + block), the part of
    each batched operand, and each `whole` operand. A part has dimension 0
    divided, or, in row-major order, `pixels` of the dimensions before the last:
    the images N x H x W x C as R x 1 x P x C, where every op of the region treats
    all pixels alike.

    A result is batched (the parts joined, as the operands are cut) or, where
    `partial` says so, a sum of each tile: dimension 0 counts the tiles, and what
    the region yields is added over the blocks of the tile, the first added to
    zeros. Such a value is a `linalg.generic` that adds to a fill with 0, or a
    `qat.contraction`, which is what makes the order of the sum known.

    Constraints:

    * (C1) The region has one argument of type index, and one each operand.
    * (C2) A batched operand or result has `tiles * blocks` times as many
      elements as its part, and the same last dimension or the same dimensions
      but the first.
    * (C3) A partial result has the shape `tiles` x that of the yielded value.

    Example:

    ```mlir
    %y, %s = qat.fused tiles(2) blocks(4) batched(%x : tensor<8x4x4x3xf32>)
             whole(%w : tensor<5x1x1x3xf32>)
             -> tensor<8x4x4x5xf32>, tensor<2x5xf64>
             attributes {partial = array<i1: false, true>} {
    ^bb0(%part: index, %xt: tensor<1x4x4x3xf32>, %wt: tensor<5x1x1x3xf32>):
      ...
      qat.fused_yield %yt, %sums : tensor<1x4x4x5xf32>, tensor<5xf64>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$batched,
                       Variadic<AnyRankedTensor>:$whole,
                       ConfinedAttr<I64Attr, [IntPositive]>:$tiles,
                       ConfinedAttr<I64Attr, [IntPositive]>:$blocks,
                       DenseBoolArrayAttr:$partial);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `tiles` `(` $tiles `)` `blocks` `(` $blocks `)`
    `batched` `(` ($batched^ `:` type($batched))? `)`
    `whole` `(` ($whole^ `:` type($whole))? `)`
    (`->` type($outputs)^)? attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    int64_t getNumParts() { return getTiles() * getBlocks(); }
  }];
}

def Qat_FusedYieldOp : Qat_Op<"fused_yield", [
    Pure, Terminator, HasParent<"FusedOp">]> {
  let summary = "the values of one part of a batch";
  let description = [{
    Ends the region of `qat.fused`; one value a result.
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{ (void)$_state; }]>];
}

#endif // QAT_FUSED_OPS
