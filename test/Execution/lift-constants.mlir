// RUN: qat-mlir-opt %s -qat-lift-constants=min-bytes=16 | FileCheck %s

// One argument a constant, however often it is read; small ones, splats and
// variables stay.
// CHECK-LABEL: func.func @main
// CHECK-SAME:    (%[[I:.*]]: index, %[[C:.*]]: memref<4xf32> {qat.constant = dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00]> : tensor<4xf32>}) -> f32
// CHECK-COUNT-3: memref.get_global
// CHECK:         memref.load %[[C]]
// CHECK-NOT:     @large
memref.global "private" constant @large : memref<4xf32> = dense<[1.0, 2.0, 3.0, 4.0]>
memref.global "private" constant @small : memref<2xf32> = dense<[1.0, 2.0]>
memref.global "private" constant @splat : memref<64xf32> = dense<1.0>
memref.global "private" @variable : memref<4xf32> = dense<[1.0, 2.0, 3.0, 4.0]>
func.func @main(%i: index) -> f32 {
  %0 = memref.get_global @large : memref<4xf32>
  %1 = memref.get_global @large : memref<4xf32>
  %2 = memref.get_global @small : memref<2xf32>
  %3 = memref.get_global @splat : memref<64xf32>
  %4 = memref.get_global @variable : memref<4xf32>
  %5 = memref.load %0[%i] : memref<4xf32>
  %6 = memref.load %1[%i] : memref<4xf32>
  %7 = memref.load %2[%i] : memref<2xf32>
  %8 = memref.load %3[%i] : memref<64xf32>
  %9 = memref.load %4[%i] : memref<4xf32>
  %10 = arith.addf %5, %6 : f32
  %11 = arith.addf %10, %7 : f32
  %12 = arith.addf %11, %8 : f32
  %13 = arith.addf %12, %9 : f32
  return %13 : f32
}
