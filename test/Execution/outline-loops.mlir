// RUN: qat-mlir-opt %s -qat-outline-loops | FileCheck %s

// Two views of one buffer are one argument, so that none overlaps another.
// CHECK-LABEL: func.func @views
// CHECK-SAME:    (%[[X:.*]]: memref<4x4xf32>, %[[S:.*]]: f32)
// CHECK:         call @views_loops_0(%[[X]], %[[S]]) : (memref<4x4xf32>, f32) -> ()
// CHECK:       func.func private @views_loops_0(%[[ALL:.*]]: memref<4x4xf32> {llvm.noalias}, %{{.*}}: f32)
// CHECK-DAG:     memref.subview %[[ALL]][0, 0]
// CHECK-DAG:     memref.subview %[[ALL]][2, 0]
// CHECK:         scf.for
func.func @views(%x: memref<4x4xf32>, %s: f32) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %a = memref.subview %x[0, 0] [2, 4] [1, 1] : memref<4x4xf32> to memref<2x4xf32, strided<[4, 1]>>
  %b = memref.subview %x[2, 0] [2, 4] [1, 1] : memref<4x4xf32> to memref<2x4xf32, strided<[4, 1], offset: 8>>
  scf.for %i = %c0 to %c2 step %c1 {
    %0 = memref.load %a[%i, %c0] : memref<2x4xf32, strided<[4, 1]>>
    %1 = arith.addf %0, %s : f32
    memref.store %1, %b[%i, %c0] : memref<2x4xf32, strided<[4, 1], offset: 8>>
  }
  return
}
