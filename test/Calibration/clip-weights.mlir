// RUN: qat-mlir-opt %s -split-input-file -qat-clip-weights 2>%t | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t

// Two bits. The first channel's levels are exact and stay; the second has an
// outlier, of which its many small weights know nothing between 0 and 1.
!x = tensor<1x1x1x8xf32>
!y = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x8xf32>
!b = tensor<2xf32>
!z = tensor<1xf32>
ml_program.global private mutable @"a.weight"(dense<[[[[0.0, 1.0, 2.0, 3.0, 3.0, 2.0, 1.0, 0.0]]],
                                                     [[[0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 1.4]]]]> : !w) : !w
// REMARK: remark: clipped the weights of 1 of 1 layers: signal to noise {{[0-9.]+}} -> {{[0-9.]+}} dB
// REMARK: note: signal to noise of the weights
// CHECK-LABEL: func.func @main
// CHECK: qat.weight_min_max
// CHECK: a.weight: "0x04000000
// CHECK-SAME: 000000000000803F000000400000404000004040000000400000803F00000000
func.func @main(%x: !x) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : !z} : () -> !z
  %zb = "tosa.const"() {values = dense<0.0> : !b} : () -> !b
  %aw = ml_program.global_load @"a.weight" : !w
  %q = qat.weight_min_max %aw {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %0 = tosa.conv2d %x, %q, %zb, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !b, !z, !z) -> !y
  return %0 : !y
}
