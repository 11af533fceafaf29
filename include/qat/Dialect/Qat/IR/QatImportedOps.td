//===- QatImportedOps.td - layers that come with integer networks -*- tablegen -*-===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QAT_IMPORTED_OPS
#define QAT_IMPORTED_OPS

include "qat/Dialect/Qat/IR/QatIntegerOps.td"

def Qat_RescaledAddOp : Qat_IntegerLayer<"rescaled_add", ["getInPlaceOperand"]> {
  let summary = "integer addition that rounds each operand and the sum";
  let description = [{
    The add of an imported network: both operands are put on a finer common
    grid, by one or two scalings, then added, and the sum is scaled to the
    result's grid. With `Z_1`, `Z_2`, `Z_y` the zero points of the types:

    ```
    scale(x, m, s) = (x * m + r) >> s          // exact, 64 bits
      r = 2^(s-1)                              // rounding single_round
      r = 2^(s-1) + (s > 31 ? (x < 0 ? -2^30 : 2^30) : 0)
                                               // rounding double_round
    a      = lhs - Z_1, then a = scale(a, m, s) for each (m, s) of
             lhs_multiplier and lhs_shift; b likewise from rhs
    result = clamp(scale(a + b, multiplier, shift) + Z_y,
                   storage range of the result)
    ```

    Constraints:

    * (C1) `lhs`, `rhs` and `result` have one shape.
    * (C2) `lhs_multiplier` and `lhs_shift` have 1 or 2 elements, both as many;
      `rhs_multiplier` and `rhs_shift` too.
    * (C3) No multiplier is negative; every shift is between 2 and 62;
      `rounding` is not `floor`.
    * (C4) Operands and result are stored in at most 8 bits.
    * (C5) Every scaled operand, their sum and the scaled sum fit int32 for
      every stored value.
    * (C6) Every zero point lies in its storage range.

    Example:

    ```mlir
    %y = qat.rescaled_add %a, %b
         {lhs_multiplier = array<i32: 1073741824, 1623821475>,
          lhs_shift = array<i8: 10, 33>,
          rhs_multiplier = array<i32: 1073741824>, rhs_shift = array<i8: 11>,
          multiplier = 1098017566 : i32, shift = 48 : i32,
          rounding = #qat.scale_rounding<double_round>}
         : (tensor<1x8x8x16x!quant.uniform<i8:f32, 0.05:-128>>,
            tensor<1x8x8x16x!quant.uniform<i8:f32, 0.07:4>>)
         -> tensor<1x8x8x16x!quant.uniform<i8:f32, 0.08:-128>>
    ```
  }];
  let arguments = (ins Qat_QuantizedTensor:$lhs, Qat_QuantizedTensor:$rhs,
                       DenseI32ArrayAttr:$lhs_multiplier,
                       DenseI8ArrayAttr:$lhs_shift,
                       DenseI32ArrayAttr:$rhs_multiplier,
                       DenseI8ArrayAttr:$rhs_shift,
                       I32Attr:$multiplier, I32Attr:$shift,
                       Qat_ScaleRoundingModeAttr:$rounding);
  let results = (outs Qat_QuantizedTensor:$result);
}

def Qat_TableOp : Qat_IntegerLayer<"table", ["getInPlaceOperand"]> {
  let summary = "a function of one stored value, as the list of its results";
  let description = [{
    ```
    result = values[input - lowest stored value of the input's type]
    ```

    on stored values: a tanh or a logistic of an imported network, or its own
    way to put a tensor on another grid.

    Constraints:

    * (C1) `input` and `result` have one shape.
    * (C2) Operand and result are stored in at most 8 bits.
    * (C3) `values` has one element for every stored value of the input's type,
      each in the storage range of the result's.
    * (C4) Every zero point lies in its storage range.

    Example:

    ```mlir
    %y = qat.table %x {values = array<i32: -1, 0, 0, 1>}
         : (tensor<1x8x!quant.uniform<i2:f32, 0.5>>)
         -> tensor<1x8x!quant.uniform<i2:f32, 0.25>>
    ```
  }];
  let arguments = (ins Qat_QuantizedTensor:$input, DenseI32ArrayAttr:$values);
  let results = (outs Qat_QuantizedTensor:$result);
}

def Qat_TableSoftmaxOp : Qat_IntegerLayer<"table_softmax"> {
  let summary = "softmax over the last dimension, in integers";
  let description = [{
    What TOSA computes for an 8-bit softmax, to the bit. `table[d]` is the
    exponential of `-d` input steps with 31 fractional bits:

    ```
    high(a, b, s) = (a * b + 2^(s-1)) >> s                // exact, 64 bits
    e[i]   = table[max(input) - input[i]]
    sum    = sum of (e[i] + 2^11) >> 12
    bits   = leading zeros of sum in 32 bits
    d      = sum << (bits - 1)                            // 2^30 to 2^31 - 1
    x      = high(d, -1010580540, 31) + 1515870810        // 1/d, then Newton:
    x      = x + 4 * high(x, 2^29 - high(x, d, 31), 31)   // three times
    p[i]   = high(e[i], x, 30)
    y[i]   = (p[i] >> (35 - bits)) + ((p[i] >> (34 - bits)) & 1)
    result = clamp(y[i] + Z_y, storage range of the result)
    ```

    Constraints:

    * (C1) `input` and `result` have one shape, of rank 1 or more.
    * (C2) Operand and result are stored in at most 8 bits.
    * (C3) `table` has one element for every stored value of the input's type,
      none negative, the first at least 2^12.
    * (C4) `sum` stays below 2^28 with every `e[i]` the largest element.
    * (C5) Every zero point lies in its storage range.

    Example:

    ```mlir
    %y = qat.table_softmax %x {table = array<i32: 2147480000, 790015000,
                                             290630000, 106916000>}
         : (tensor<1x8x!quant.uniform<i2:f32, 1.0>>)
         -> tensor<1x8x!quant.uniform<i8:f32, 0.00390625:-128>>
    ```
  }];
  let arguments = (ins Qat_QuantizedTensor:$input, DenseI32ArrayAttr:$table);
  let results = (outs Qat_QuantizedTensor:$result);
}

#endif // QAT_IMPORTED_OPS
