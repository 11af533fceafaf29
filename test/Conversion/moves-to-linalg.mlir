// RUN: qat-mlir-opt %s -convert-qat-to-linalg -canonicalize | FileCheck %s

!u8 = !quant.uniform<u8:f32, 0.05>
!i4 = !quant.uniform<i4:f32, 0.05>

// CHECK-LABEL: func.func @concat
// CHECK-SAME:    (%[[X:.*]]: tensor<1x2x2x3xi8>, %[[Y:.*]]: tensor<1x2x5x3xi8>)
// CHECK:         %[[E:.*]] = tensor.empty() : tensor<1x2x7x3xi8>
// CHECK:         %[[A:.*]] = tensor.insert_slice %[[X]] into %[[E]][0, 0, 0, 0] [1, 2, 2, 3] [1, 1, 1, 1]
// CHECK:         %[[B:.*]] = tensor.insert_slice %[[Y]] into %[[A]][0, 0, 2, 0] [1, 2, 5, 3] [1, 1, 1, 1]
// CHECK:         return %[[B]]
func.func @concat(%x: tensor<1x2x2x3x!u8>, %y: tensor<1x2x5x3x!u8>) -> tensor<1x2x7x3x!u8> {
  %0 = qat.concat %x, %y {axis = 2 : i64} : (tensor<1x2x2x3x!u8>, tensor<1x2x5x3x!u8>) -> tensor<1x2x7x3x!u8>
  return %0 : tensor<1x2x7x3x!u8>
}

// CHECK-LABEL: func.func @pad
// CHECK-SAME:    (%[[X:.*]]: tensor<1x2x2x3xi8>)
// CHECK-DAG:     %[[V:.*]] = arith.constant -5 : i8
// CHECK:         %[[F:.*]] = linalg.fill ins(%[[V]] : i8)
// CHECK:         tensor.insert_slice %[[X]] into %[[F]][0, 1, 0, 0] [1, 2, 2, 3] [1, 1, 1, 1]
func.func @pad(%x: tensor<1x2x2x3x!i4>) -> tensor<1x3x4x3x!i4> {
  %0 = qat.pad %x {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 0, 2, 0>, value = -5 : i32} : (tensor<1x2x2x3x!i4>) -> tensor<1x3x4x3x!i4>
  return %0 : tensor<1x3x4x3x!i4>
}
