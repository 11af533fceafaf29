// RUN: qat-mlir-opt %s -split-input-file -qat-equalize-layers 2>%t | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK < %t
// RUN: qat-mlir-opt %s -split-input-file -qat-equalize-layers=relu6=replace 2>%t | FileCheck %s --check-prefix=REPLACE
// RUN: FileCheck %s --check-prefix=REMARK2 < %t
// RUN: not qat-mlir-opt %s -split-input-file -qat-equalize-layers=relu6=drop 2>&1 | FileCheck %s --check-prefix=RELU6
// RUN: not qat-mlir-opt %s -split-input-file -qat-equalize-layers=granularity=tensor 2>&1 | FileCheck %s --check-prefix=GRANULARITY

// RELU6: error: cannot equalize layers: relu6 must be keep or replace, but is 'drop'
// GRANULARITY: error: cannot equalize layers: granularity must be layer or channel, but is 'tensor'

// REMARK: remark: equalized 1 pairs of layers
// REMARK: note: scales 0.500 to 2.000 towards 'c'; channels fill 62.5 -> 100.0 % of the layer's range on average

// Output ranges 4 and 1, input ranges 1 and 4: divided by 2 and by 1/2.
!x = tensor<1x2x2x2xf32>
!w = tensor<2x1x1x2xf32>
!b = tensor<2xf32>
!z = tensor<1xf32>
ml_program.global private mutable @"a.weight"(dense<[[[[4.0, 0.0]]], [[[1.0, -0.5]]]]> : !w) : !w
ml_program.global private mutable @"a.bias"(dense<[8.0, 8.0]> : !b) : !b
ml_program.global private mutable @"c.weight"(dense<[[[[1.0, 4.0]]], [[[-1.0, 0.0]]]]> : !w) : !w
ml_program.global private mutable @"c.bias"(dense<[8.0, 8.0]> : !b) : !b
// CHECK-LABEL: func.func @main
// CHECK:       tosa.clamp {{.*}}max_val = 3.40282347E+38
// [[2, 0], [2, -1]]; [4, 16]; [[2, 2], [-2, 0]]
// CHECK:       a.weight: "0x04000000000000400000000000000040000080BF"
// CHECK:       a.bias: "0x040000000000804000008041"
// CHECK:       c.weight: "0x040000000000004000000040000000C000000000"
func.func @main(%x: !x) -> !x {
  %zp = "tosa.const"() {values = dense<0.0> : !z} : () -> !z
  %aw = ml_program.global_load @"a.weight" : !w
  %ab = ml_program.global_load @"a.bias" : !b
  %cw = ml_program.global_load @"c.weight" : !w
  %cb = ml_program.global_load @"c.bias" : !b
  %0 = tosa.conv2d %x, %aw, %ab, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !b, !z, !z) -> !x
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!x) -> !x
  %2 = tosa.conv2d %1, %cw, %cb, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !b, !z, !z) -> !x
  return %2 : !x
}

// -----

// Through a batch norm: its gamma and beta take the scale, the weights stay. A
// bounded activation is left alone without data, another reader of the value
// forbids it, and the last layer has no reader.
!x = tensor<1x2x2x2xf32>
!w = tensor<2x1x1x2xf32>
!b = tensor<2xf32>
!z = tensor<1xf32>
ml_program.global private mutable @"p.weight"(dense<[[[[1.0, 0.0]]], [[[1.0, -0.5]]]]> : !w) : !w
ml_program.global private mutable @"p.bn.gamma"(dense<[4.0, 1.0]> : !b) : !b
ml_program.global private mutable @"p.bn.beta"(dense<[8.0, 8.0]> : !b) : !b
ml_program.global private mutable @"p.bn.mean"(dense<[1.0, 2.0]> : !b) : !b
ml_program.global private mutable @"p.bn.var"(dense<[1.0, 1.0]> : !b) : !b
ml_program.global private mutable @"q.weight"(dense<[[[[1.0, 4.0]]], [[[-1.0, 0.0]]]]> : !w) : !w
ml_program.global private mutable @"r.weight"(dense<[[[[1.0, 4.0]]], [[[-1.0, 0.0]]]]> : !w) : !w
ml_program.global private mutable @"s.weight"(dense<[[[[1.0, 4.0]]], [[[-1.0, 0.0]]]]> : !w) : !w
// REMARK: remark: equalized 1 pairs of layers; 1 with a bounded activation need data to be equalized
// CHECK:       ml_program.global private mutable @p.weight(dense<
// CHECK:       ml_program.global private mutable @r.weight(dense<
// CHECK:       ml_program.global private mutable @s.weight(dense<
// CHECK-LABEL: func.func @main
// [2, 2]; [4, 16]; [[2, 2], [-2, 0]]
// CHECK:       p.bn.gamma: "0x040000000000004000000040"
// CHECK:       p.bn.beta: "0x040000000000804000008041"
// CHECK:       q.weight: "0x040000000000004000000040000000C000000000"
func.func @main(%x: !x) -> !x {
  %zp = "tosa.const"() {values = dense<0.0> : !z} : () -> !z
  %zb = "tosa.const"() {values = dense<0.0> : !b} : () -> !b
  %aw = ml_program.global_load @"p.weight" : !w
  %g = ml_program.global_load @"p.bn.gamma" : !b
  %b = ml_program.global_load @"p.bn.beta" : !b
  %m = ml_program.global_load @"p.bn.mean" : !b
  %v = ml_program.global_load @"p.bn.var" : !b
  %cw = ml_program.global_load @"q.weight" : !w
  %dw = ml_program.global_load @"r.weight" : !w
  %ew = ml_program.global_load @"s.weight" : !w
  %0 = tosa.conv2d %x, %aw, %zb, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !b, !z, !z) -> !x
  %1 = qat.batch_norm %0, %g, %b, %m, %v {epsilon = 0.0 : f32} : !x, !b
  %2 = tosa.clamp %1 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!x) -> !x
  %3 = tosa.conv2d %2, %cw, %zb, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !b, !z, !z) -> !x
  %4 = tosa.clamp %3 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (!x) -> !x
  %5 = tosa.conv2d %4, %dw, %zb, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !b, !z, !z) -> !x
  %6 = tosa.conv2d %5, %ew, %zb, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !b, !z, !z) -> !x
  %7 = tosa.add %5, %6 : (!x, !x) -> !x
  return %7 : !x
}

// -----

// A depthwise layer in the middle: over the rounds conv, depthwise and conv share
// what there is to share. Replaced by a ReLU the bound forbids nothing.
!x = tensor<1x2x2x2xf32>
!w = tensor<2x1x1x2xf32>
!b = tensor<2xf32>
!z = tensor<1xf32>
!d = tensor<1x1x2x1xf32>
ml_program.global private mutable @"t.weight"(dense<[[[[16.0, 0.0]]], [[[1.0, 0.0]]]]> : !w) : !w
ml_program.global private mutable @"u.weight"(dense<[[[[1.0], [4.0]]]]> : !d) : !d
ml_program.global private mutable @"v.weight"(dense<[[[[4.0, 2.0]]], [[[0.0, 0.0]]]]> : !w) : !w
// REMARK2: remark: equalized 2 pairs of layers, 2 bounded activations replaced by ReLU
// REPLACE: tosa.clamp {{.*}}max_val = 3.40282347E+38
// REPLACE: tosa.clamp {{.*}}max_val = 3.40282347E+38
// Each channel's product is shared evenly: 4, 4, 4 and 2, 2, 2.
// REPLACE: t.weight: "0x0400000000008040000000000000004000000000"
// REPLACE: u.weight: "0x040000000000804000000040"
func.func @main(%x: !x) -> !x {
  %zp = "tosa.const"() {values = dense<0.0> : !z} : () -> !z
  %zb = "tosa.const"() {values = dense<0.0> : !b} : () -> !b
  %aw = ml_program.global_load @"t.weight" : !w
  %dw = ml_program.global_load @"u.weight" : !d
  %cw = ml_program.global_load @"v.weight" : !w
  %0 = tosa.conv2d %x, %aw, %zb, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !b, !z, !z) -> !x
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (!x) -> !x
  %2 = tosa.depthwise_conv2d %1, %dw, %zb, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !d, !b, !z, !z) -> !x
  %3 = tosa.clamp %2 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (!x) -> !x
  %4 = tosa.conv2d %3, %cw, %zb, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!x, !w, !b, !z, !z) -> !x
  return %4 : !x
}
