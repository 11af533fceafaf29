// RUN: qat-mlir-opt %s -convert-contractions-to-kernels -canonicalize -cse | FileCheck %s
// RUN: qat-mlir-opt %s -convert-contractions-to-kernels=lanes=8 | FileCheck %s --check-prefix=EIGHT
// RUN: not qat-mlir-opt %s -convert-contractions-to-kernels=lanes=12 2>&1 | FileCheck %s --check-prefix=TWELVE

// TWELVE: error: expects 'lanes' to be a power of 2, but got 12

// Rows and columns in three segments each: nine bodies, 4 * 4 + 4 * 6 + 9 taps.
// CHECK-LABEL: func.func @forward
// EIGHT-LABEL: func.func @forward
func.func @forward(%x: memref<2x8x8x32xf32>, %w: memref<3x3x32x1xf32>, %y: memref<2x8x8x32xf32>) {
  // CHECK: %[[C16:.*]] = arith.constant 16 : index
  // CHECK: scf.for %{{.*}} = %{{.*}} to %{{.*}} step %[[C16]]
  // CHECK-COUNT-9: vector.load %{{.*}} vector<16xf32>
  // CHECK: scf.for
  // CHECK-COUNT-49: vector.fma
  // CHECK-NOT: vector.fma
  // CHECK: return
  // EIGHT: vector<8xf32>
  // EIGHT-NOT: vector<16xf32>
  // EIGHT: return
  qat.contraction forward ins(%x, %w : memref<2x8x8x32xf32>, memref<3x3x32x1xf32>) outs(%y : memref<2x8x8x32xf32>) {pad = array<i64: 1, 1, 1, 1>, depthwise}
  return
}

// Channels that fill no vector: two pixels share one.
// CHECK-LABEL: func.func @narrow
func.func @narrow(%x: memref<1x8x8x8xf32>, %w: memref<1x1x8x1xf32>, %y: memref<1x8x8x8xf32>) {
  // CHECK: %[[W:.*]] = vector.load %{{.*}} vector<8xf32>
  // CHECK: vector.shuffle %[[W]], %[[W]] [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7]
  // CHECK: vector.load %{{.*}} vector<16xf32>
  // CHECK: vector.store %{{.*}} vector<16xf32>
  qat.contraction forward ins(%x, %w : memref<1x8x8x8xf32>, memref<1x1x8x1xf32>) outs(%y : memref<1x8x8x8xf32>) {depthwise}
  return
}

// The last vector has 3 of 4 lanes.
// CHECK-LABEL: func.func @odd
func.func @odd(%x: memref<1x8x8x19xf32>, %w: memref<1x1x19x1xf32>, %y: memref<1x8x8x19xf32>) {
  // CHECK: vector.constant_mask [3] : vector<4xi1>
  // CHECK: vector.maskedload
  // CHECK: vector.maskedstore
  qat.contraction forward ins(%x, %w : memref<1x8x8x19xf32>, memref<1x1x19x1xf32>) outs(%y : memref<1x8x8x19xf32>) {depthwise}
  return
}

// One pass: each value of dy is read once and multiplied twice.
// CHECK-LABEL: func.func @both
func.func @both(%x: memref<1x8x8x16xf32>, %w: memref<1x1x16x1xf32>, %dy: memref<1x8x8x16xf32>, %dx: memref<1x8x8x16xf32>, %dw: memref<1x1x16x1xf32>) {
  // CHECK: scf.for
  // CHECK: scf.for
  // CHECK: %[[X:.*]] = vector.load
  // CHECK: %[[DY:.*]] = vector.load
  // CHECK: vector.fma %{{.*}}, %[[DY]]
  // CHECK: vector.fma %[[X]], %[[DY]]
  // CHECK-NOT: vector.fma
  // CHECK: return
  qat.contraction input_gradient ins(%dy, %w : memref<1x8x8x16xf32>, memref<1x1x16x1xf32>) outs(%dx : memref<1x8x8x16xf32>) {depthwise}
  %scratch = memref.alloc() : memref<16xf32>
  qat.contraction weight_gradient ins(%x, %dy : memref<1x8x8x16xf32>, memref<1x8x8x16xf32>) outs(%dw : memref<1x1x16x1xf32>) {depthwise}
  memref.dealloc %scratch : memref<16xf32>
  return
}

// Two passes where memory changes between the two, or dx lies over x.
// CHECK-LABEL: func.func @apart
func.func @apart(%x: memref<1x8x8x16xf32>, %w: memref<1x1x16x1xf32>, %dy: memref<1x8x8x16xf32>, %dx: memref<1x8x8x16xf32>, %dw: memref<1x1x16x1xf32>) {
  // CHECK: vector.fma
  // CHECK: memref.copy
  // CHECK: vector.fma
  // CHECK: return
  qat.contraction input_gradient ins(%dy, %w : memref<1x8x8x16xf32>, memref<1x1x16x1xf32>) outs(%dx : memref<1x8x8x16xf32>) {depthwise}
  memref.copy %dx, %x : memref<1x8x8x16xf32> to memref<1x8x8x16xf32>
  qat.contraction weight_gradient ins(%x, %dy : memref<1x8x8x16xf32>, memref<1x8x8x16xf32>) outs(%dw : memref<1x1x16x1xf32>) {depthwise}
  return
}

// CHECK-LABEL: func.func @in_place
func.func @in_place(%x: memref<1x8x8x16xf32>, %w: memref<1x1x16x1xf32>, %dy: memref<1x8x8x16xf32>, %dw: memref<1x1x16x1xf32>) {
  // CHECK: vector.fma %[[X:.*]], %[[DY:.*]], %
  // CHECK: scf.for
  // CHECK: scf.for
  // CHECK: vector.fma
  // CHECK: return
  qat.contraction weight_gradient ins(%x, %dy : memref<1x8x8x16xf32>, memref<1x8x8x16xf32>) outs(%dw : memref<1x1x16x1xf32>) {depthwise}
  qat.contraction input_gradient ins(%dy, %w : memref<1x8x8x16xf32>, memref<1x1x16x1xf32>) outs(%x : memref<1x8x8x16xf32>) {depthwise}
  return
}

// Eight input channels: vectors of output channels, no call.
// CHECK-LABEL: func.func @few_channels
func.func @few_channels(%x: memref<1x8x8x8xf32>, %w: memref<16x1x1x8xf32>, %y: memref<1x8x8x16xf32>) {
  // CHECK-COUNT-8: vector.gather
  // CHECK-COUNT-8: vector.broadcast
  // CHECK: vector.store
  // CHECK-NOT: call
  // CHECK: return
  qat.contraction forward ins(%x, %w : memref<1x8x8x8xf32>, memref<16x1x1x8xf32>) outs(%y : memref<1x8x8x16xf32>)
  return
}

// Pixels as images of their own, as a group of pointwise ops has them: sums stay
// in registers through all of them.
// CHECK-LABEL: func.func @pixels
func.func @pixels(%x: memref<1152x1x1x8xf32>, %dy: memref<1152x1x1x16xf32>, %dw: memref<16x1x1x8xf32>) {
  // CHECK: scf.for %{{.*}} to %c1152
  // CHECK-NOT: vector.gather
  // CHECK-COUNT-8: vector.fma
  // CHECK: scf.yield
  // CHECK-COUNT-8: vector.scatter
  // CHECK: return
  qat.contraction weight_gradient ins(%x, %dy : memref<1152x1x1x8xf32>, memref<1152x1x1x16xf32>) outs(%dw : memref<16x1x1x8xf32>)
  return
}

// Two output channels an input channel: the library's.
// CHECK-LABEL: func.func @multiplier
func.func @multiplier(%x: memref<1x8x8x8xf32>, %w: memref<3x3x8x2xf32>, %y: memref<1x6x6x16xf32>) {
  // CHECK: call @qat_training_contraction
  qat.contraction forward ins(%x, %w : memref<1x8x8x8xf32>, memref<3x3x8x2xf32>) outs(%y : memref<1x6x6x16xf32>) {depthwise}
  return
}
