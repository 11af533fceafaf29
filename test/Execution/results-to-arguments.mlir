// RUN: qat-mlir-opt %s -qat-results-to-arguments | FileCheck %s

// A buffer that is allocated here is replaced; the second result of the same
// buffer, and an argument, are copied.
// CHECK-LABEL: func.func @main
// CHECK-SAME:    (%[[X:.*]]: memref<4xf32>, %[[A:.*]]: memref<4xf32> {qat.name = "a"}, %[[B:.*]]: memref<4xf32>, %[[C:.*]]: memref<4xf32>) {
// CHECK-NOT:     memref.alloc
// CHECK-DAG:     memref.copy %[[A]], %[[B]]
// CHECK-DAG:     memref.copy %[[X]], %[[C]]
// CHECK:         return{{$}}
func.func @main(%x: memref<4xf32>) -> (memref<4xf32> {qat.name = "a"}, memref<4xf32>, memref<4xf32>) {
  %0 = memref.alloc() : memref<4xf32>
  return %0, %0, %x : memref<4xf32>, memref<4xf32>, memref<4xf32>
}
