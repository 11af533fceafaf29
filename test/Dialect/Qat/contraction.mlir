// RUN: qat-mlir-opt %s | qat-mlir-opt | FileCheck %s
// RUN: qat-mlir-opt %s --one-shot-bufferize="bufferize-function-boundaries=1 function-boundary-type-conversion=identity-layout-map" | FileCheck %s --check-prefix=BUFFERS

// CHECK-LABEL: func.func @forward
// BUFFERS-LABEL: func.func @forward
func.func @forward(%x: tensor<2x8x8x4xf32>, %w: tensor<6x3x3x2xf32>, %y: tensor<2x4x4x6xf32>) -> tensor<2x4x4x6xf32> {
  // CHECK: qat.contraction forward ins(%{{.*}}, %{{.*}} : tensor<2x8x8x4xf32>, tensor<6x3x3x2xf32>) outs(%{{.*}} : tensor<2x4x4x6xf32>) {groups = 2 : i64, pad = array<i64: 0, 1, 0, 1>, stride = array<i64: 2, 2>} -> tensor<2x4x4x6xf32>
  // BUFFERS-NOT: memref.copy
  // BUFFERS: qat.contraction forward ins({{.*}}) outs(%arg2 : memref<2x4x4x6xf32
  // BUFFERS-NEXT: return %arg2
  %r = qat.contraction forward ins(%x, %w : tensor<2x8x8x4xf32>, tensor<6x3x3x2xf32>) outs(%y : tensor<2x4x4x6xf32>) {pad = array<i64: 0, 1, 0, 1>, stride = array<i64: 2, 2>, groups = 2} -> tensor<2x4x4x6xf32>
  return %r : tensor<2x4x4x6xf32>
}

// CHECK-LABEL: func.func @input_gradient
func.func @input_gradient(%dy: tensor<2x8x8x6xf64>, %w: tensor<6x1x1x4xf64>, %dx: tensor<2x8x8x4xf64>) -> tensor<2x8x8x4xf64> {
  // CHECK: qat.contraction input_gradient ins({{.*}}) outs({{.*}}) -> tensor<2x8x8x4xf64>
  %r = qat.contraction input_gradient ins(%dy, %w : tensor<2x8x8x6xf64>, tensor<6x1x1x4xf64>) outs(%dx : tensor<2x8x8x4xf64>) -> tensor<2x8x8x4xf64>
  return %r : tensor<2x8x8x4xf64>
}

// CHECK-LABEL: func.func @weight_gradient
func.func @weight_gradient(%x: memref<2x8x8x4xf32, strided<[256, 32, 4, 1], offset: ?>>, %dy: memref<2x8x8x8xf32>, %dw: memref<3x3x4x2xf32>) {
  // CHECK: qat.contraction weight_gradient ins(%{{.*}}, %{{.*}} : memref<2x8x8x4xf32, strided<[256, 32, 4, 1], offset: ?>>, memref<2x8x8x8xf32>) outs(%{{.*}} : memref<3x3x4x2xf32>) {depthwise, pad = array<i64: 1, 1, 1, 1>}
  qat.contraction weight_gradient ins(%x, %dy : memref<2x8x8x4xf32, strided<[256, 32, 4, 1], offset: ?>>, memref<2x8x8x8xf32>) outs(%dw : memref<3x3x4x2xf32>) {depthwise, pad = array<i64: 1, 1, 1, 1>}
  return
}

// CHECK-LABEL: func.func @integers
func.func @integers(%x: memref<2x8x8x4xi8>, %w: memref<6x1x1x4xi8>, %y: memref<2x8x8x6xi32>) {
  // CHECK: qat.contraction forward {{.*}} {unsigned_input}
  qat.contraction forward ins(%x, %w : memref<2x8x8x4xi8>, memref<6x1x1x4xi8>) outs(%y : memref<2x8x8x6xi32>) {unsigned_input}
  return
}

// The init is overwritten: where it must stay as it is, nothing is copied.
// BUFFERS-LABEL: func.func @kept_init
func.func @kept_init(%x: tensor<1x2x2x4xf32>, %w: tensor<4x1x1x4xf32>, %y: tensor<1x2x2x4xf32>) -> (tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>) {
  // BUFFERS: %[[Y:.*]] = memref.alloc()
  // BUFFERS-NOT: memref.copy
  // BUFFERS: qat.contraction forward ins({{.*}}) outs(%[[Y]] : memref<1x2x2x4xf32>)
  %r = qat.contraction forward ins(%x, %w : tensor<1x2x2x4xf32>, tensor<4x1x1x4xf32>) outs(%y : tensor<1x2x2x4xf32>) -> tensor<1x2x2x4xf32>
  return %r, %y : tensor<1x2x2x4xf32>, tensor<1x2x2x4xf32>
}
