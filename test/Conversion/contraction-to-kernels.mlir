// RUN: qat-mlir-opt %s -convert-contractions-to-kernels -split-input-file -verify-diagnostics | FileCheck %s

// CHECK-DAG: memref.global "private" constant @contraction_0 : memref<22xi64> = dense<[0, 0, 2, 8, 8, 4, 4, 4, 6, 3, 3, 0, 1, 0, 1, 2, 2, 1, 1, 2, 0, 0]>
// CHECK-DAG: memref.global "private" constant @contraction_1 : memref<22xi64> = dense<[0, 1,
// CHECK-DAG: func.func private @qat_training_contraction(index, index, index, index)
// CHECK-LABEL: func.func @calls
func.func @calls(%x: memref<2x8x8x4xf32, strided<[256, 32, 4, 1], offset: ?>>, %w: memref<6x3x3x2xf32>, %y: memref<2x4x4x6xf32>, %z: memref<2x4x4x6xf32>) {
  // CHECK: %[[WORDS:.*]] = memref.get_global @contraction_0
  // CHECK: %[[X:.*]], %[[OFFSET:.*]], %{{.*}}:4, %{{.*}}:4 = memref.extract_strided_metadata %arg0
  // CHECK: %[[BASE:.*]] = memref.extract_aligned_pointer_as_index %[[X]]
  // CHECK: %[[BYTES:.*]] = arith.muli %[[OFFSET]], %{{.*}} : index
  // CHECK: %[[ADDRESS:.*]] = arith.addi %[[BASE]], %[[BYTES]] : index
  // CHECK: call @qat_training_contraction(%{{.*}}, %[[ADDRESS]], %{{.*}}, %{{.*}}) : (index, index, index, index) -> ()
  qat.contraction forward ins(%x, %w : memref<2x8x8x4xf32, strided<[256, 32, 4, 1], offset: ?>>, memref<6x3x3x2xf32>) outs(%y : memref<2x4x4x6xf32>) {pad = array<i64: 0, 1, 0, 1>, stride = array<i64: 2, 2>, groups = 2}
  // The same product has the same constant.
  // CHECK: memref.get_global @contraction_0
  qat.contraction forward ins(%x, %w : memref<2x8x8x4xf32, strided<[256, 32, 4, 1], offset: ?>>, memref<6x3x3x2xf32>) outs(%z : memref<2x4x4x6xf32>) {pad = array<i64: 0, 1, 0, 1>, stride = array<i64: 2, 2>, groups = 2}
  return
}

// CHECK-LABEL: func.func @integers
func.func @integers(%x: memref<2x8x8x4xi8>, %w: memref<6x1x1x4xi8>, %y: memref<2x8x8x6xi32>) {
  // CHECK: memref.get_global @contraction_1
  // CHECK: call @qat_training_contraction
  qat.contraction forward ins(%x, %w : memref<2x8x8x4xi8>, memref<6x1x1x4xi8>) outs(%y : memref<2x8x8x6xi32>) {unsigned_input}
  return
}

// -----

func.func @f64(%x: memref<2x8x8x4xf64>, %w: memref<6x1x1x4xf64>, %y: memref<2x8x8x6xf64>) {
  // expected-error @+1 {{'qat.contraction' op has no kernel for f64: only convert-contractions-to-linalg serves it}}
  qat.contraction forward ins(%x, %w : memref<2x8x8x4xf64>, memref<6x1x1x4xf64>) outs(%y : memref<2x8x8x6xf64>)
  return
}

// -----

func.func @gaps(%x: memref<2x8x8x4xf32, strided<[512, 64, 8, 1]>>, %w: memref<6x1x1x4xf32>, %y: memref<2x8x8x6xf32>) {
  // expected-error @+1 {{'qat.contraction' op expects elements without gaps, but got 'memref<2x8x8x4xf32, strided<[512, 64, 8, 1]>>'}}
  qat.contraction forward ins(%x, %w : memref<2x8x8x4xf32, strided<[512, 64, 8, 1]>>, memref<6x1x1x4xf32>) outs(%y : memref<2x8x8x6xf32>)
  return
}

// -----

func.func @tensors(%x: tensor<2x8x8x4xf32>, %w: tensor<6x1x1x4xf32>, %y: tensor<2x8x8x6xf32>) {
  // expected-error @+1 {{'qat.contraction' op is on tensors: bufferize before the conversion to kernels}}
  %r = qat.contraction forward ins(%x, %w : tensor<2x8x8x4xf32>, tensor<6x1x1x4xf32>) outs(%y : tensor<2x8x8x6xf32>) -> tensor<2x8x8x6xf32>
  return
}
