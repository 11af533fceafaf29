// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics

!a = tensor<1x8x!quant.uniform<i8:f32, 1.0>>
!b = tensor<1x4x!quant.uniform<i8:f32, 1.0>>
func.func @rescaled_add_c1(%x: !a, %y: !b) -> !a {
  // expected-error @+1 {{expects operands of the result's shape [1, 8], but got [1, 4]}}
  %0 = qat.rescaled_add %x, %y {lhs_multiplier = array<i32: 1>, lhs_shift = array<i8: 2>, rhs_multiplier = array<i32: 1>, rhs_shift = array<i8: 2>, multiplier = 1 : i32, shift = 2 : i32, rounding = #qat.scale_rounding<single_round>} : (!a, !b) -> !a
  return %0 : !a
}

// -----

!a = tensor<1x8x!quant.uniform<i8:f32, 1.0>>
func.func @rescaled_add_c2(%x: !a) -> !a {
  // expected-error @+1 {{expects 'rhs_multiplier' and 'rhs_shift' to have 1 or 2 elements, but got 1 and 2}}
  %0 = qat.rescaled_add %x, %x {lhs_multiplier = array<i32: 1>, lhs_shift = array<i8: 2>, rhs_multiplier = array<i32: 1>, rhs_shift = array<i8: 2, 2>, multiplier = 1 : i32, shift = 2 : i32, rounding = #qat.scale_rounding<single_round>} : (!a, !a) -> !a
  return %0 : !a
}

// -----

!a = tensor<1x8x!quant.uniform<i8:f32, 1.0>>
func.func @rescaled_add_c3(%x: !a) -> !a {
  // expected-error @+1 {{expects shifts between 2 and 62, but got 1}}
  %0 = qat.rescaled_add %x, %x {lhs_multiplier = array<i32: 1>, lhs_shift = array<i8: 1>, rhs_multiplier = array<i32: 1>, rhs_shift = array<i8: 2>, multiplier = 1 : i32, shift = 2 : i32, rounding = #qat.scale_rounding<single_round>} : (!a, !a) -> !a
  return %0 : !a
}

// -----

!a = tensor<1x8x!quant.uniform<i8:f32, 1.0>>
func.func @rescaled_add_c3_rounding(%x: !a) -> !a {
  // expected-error @+1 {{expects 'rounding' single_round or double_round}}
  %0 = qat.rescaled_add %x, %x {lhs_multiplier = array<i32: 1>, lhs_shift = array<i8: 2>, rhs_multiplier = array<i32: 1>, rhs_shift = array<i8: 2>, multiplier = 1 : i32, shift = 2 : i32, rounding = #qat.scale_rounding<floor>} : (!a, !a) -> !a
  return %0 : !a
}

// -----

!a = tensor<1x8x!quant.uniform<i8:f32, 1.0>>
func.func @rescaled_add_c5(%x: !a) -> !a {
  // expected-error @+1 {{expects scaled operands that fit int32, but one reaches -68719476704}}
  %0 = qat.rescaled_add %x, %x {lhs_multiplier = array<i32: 2147483647>, lhs_shift = array<i8: 2>, rhs_multiplier = array<i32: 1>, rhs_shift = array<i8: 2>, multiplier = 1 : i32, shift = 2 : i32, rounding = #qat.scale_rounding<single_round>} : (!a, !a) -> !a
  return %0 : !a
}

// -----

!a = tensor<1x8x!quant.uniform<i2:f32, 1.0>>
func.func @table_c3(%x: !a) -> !a {
  // expected-error @+1 {{expects 'values' to have one element for every stored value (4), but got 3}}
  %0 = qat.table %x {values = array<i32: 0, 1, 0>} : (!a) -> !a
  return %0 : !a
}

// -----

!a = tensor<1x8x!quant.uniform<i2:f32, 1.0>>
func.func @table_c3_range(%x: !a) -> !a {
  // expected-error @+1 {{expects 'values' in the storage range of the result [-2, 1], but got 2}}
  %0 = qat.table %x {values = array<i32: 0, 1, 2, 0>} : (!a) -> !a
  return %0 : !a
}

// -----

!a = tensor<1x8x!quant.uniform<i2:f32, 1.0>>
func.func @table_softmax_c3(%x: !a) -> !a {
  // expected-error @+1 {{expects 'table' without negative elements, the first at least 4096, but got 4095}}
  %0 = qat.table_softmax %x {table = array<i32: 4095, 1, 2, 0>} : (!a) -> !a
  return %0 : !a
}

// -----

!a = tensor<1x512x!quant.uniform<i2:f32, 1.0>>
func.func @table_softmax_c4(%x: !a) -> !a {
  // expected-error @+1 {{expects a sum of exponentials below 2^28, but 512 of 2147483647 reach it}}
  %0 = qat.table_softmax %x {table = array<i32: 2147483647, 1, 2, 0>} : (!a) -> !a
  return %0 : !a
}

// -----

!x = tensor<1x8x!quant.uniform<i8:f32, 1.0>>
func.func @conv2d_c10(%x: !x, %w: tensor<2x8x!quant.uniform<i8:f32, 1.0>>, %b: tensor<2xi32>) -> tensor<1x2x!quant.uniform<i8:f32, 1.0>> {
  // expected-error @+1 {{expects 'shift' between 2 and 62 with 'rounding' single_round, but got 1}}
  %0 = qat.fully_connected %x, %w, %b {multiplier = array<i32: 1>, shift = array<i8: 1>, rounding = #qat.scale_rounding<single_round>} : (!x, tensor<2x8x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>) -> tensor<1x2x!quant.uniform<i8:f32, 1.0>>
  return %0 : tensor<1x2x!quant.uniform<i8:f32, 1.0>>
}

// -----

!x = tensor<1x8x!quant.uniform<i8:f32, 1.0>>
func.func @conv2d_c10_negative(%x: !x, %w: tensor<2x8x!quant.uniform<i8:f32, 1.0>>, %b: tensor<2xi32>) -> tensor<1x2x!quant.uniform<i8:f32, 1.0>> {
  // expected-error @+1 {{expects no negative 'multiplier' with 'rounding' double_round, but got -1}}
  %0 = qat.fully_connected %x, %w, %b {multiplier = array<i32: -1>, shift = array<i8: 4>, rounding = #qat.scale_rounding<double_round>} : (!x, tensor<2x8x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>) -> tensor<1x2x!quant.uniform<i8:f32, 1.0>>
  return %0 : tensor<1x2x!quant.uniform<i8:f32, 1.0>>
}
