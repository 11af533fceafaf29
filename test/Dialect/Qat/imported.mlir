// RUN: qat-mlir-opt %s --verify-roundtrip | FileCheck %s

!i8 = !quant.uniform<i8:f32, 0.5:-128>
!i2 = !quant.uniform<i2:f32, 0.5>

// The rounding is printed where it is not the floor.
// CHECK-LABEL: func.func @rounding
// CHECK: qat.fully_connected {{.*}} {multiplier = array<i32: 5>, shift = array<i8: 4>} :
// CHECK: qat.fully_connected {{.*}} {multiplier = array<i32: 5>, rounding = #qat.scale_rounding<single_round>, shift = array<i8: 4>} :
func.func @rounding(%x: tensor<1x8x!i8>, %w: tensor<2x8x!i8>, %b: tensor<2xi32>) -> (tensor<1x2x!i8>, tensor<1x2x!i8>) {
  %0 = qat.fully_connected %x, %w, %b {multiplier = array<i32: 5>, shift = array<i8: 4>, rounding = #qat.scale_rounding<floor>} : (tensor<1x8x!i8>, tensor<2x8x!i8>, tensor<2xi32>) -> tensor<1x2x!i8>
  %1 = qat.fully_connected %x, %w, %b {multiplier = array<i32: 5>, shift = array<i8: 4>, rounding = #qat.scale_rounding<single_round>} : (tensor<1x8x!i8>, tensor<2x8x!i8>, tensor<2xi32>) -> tensor<1x2x!i8>
  return %0, %1 : tensor<1x2x!i8>, tensor<1x2x!i8>
}

// CHECK-LABEL: func.func @layers
// CHECK: qat.rescaled_add
// CHECK: qat.table
// CHECK: qat.table_softmax
func.func @layers(%x: tensor<1x8x!i2>) -> tensor<1x8x!i8> {
  %0 = qat.rescaled_add %x, %x {lhs_multiplier = array<i32: 1073741824>, lhs_shift = array<i8: 10>, rhs_multiplier = array<i32: 1073741824, 7>, rhs_shift = array<i8: 10, 2>, multiplier = 1073741824 : i32, shift = 50 : i32, rounding = #qat.scale_rounding<double_round>} : (tensor<1x8x!i2>, tensor<1x8x!i2>) -> tensor<1x8x!i2>
  %1 = qat.table %0 {values = array<i32: -1, 0, 0, 1>} : (tensor<1x8x!i2>) -> tensor<1x8x!i2>
  %2 = qat.table_softmax %1 {table = array<i32: 2147480000, 790015000, 290630000, 106916000>} : (tensor<1x8x!i2>) -> tensor<1x8x!i8>
  return %2 : tensor<1x8x!i8>
}
