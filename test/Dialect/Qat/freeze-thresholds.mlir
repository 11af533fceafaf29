// RUN: qat-mlir-opt %s -split-input-file -qat-freeze-ranges | FileCheck %s

// Channel 0: weights 3 and 1 at a step of 0.5, g = 4/2 = 2, b = 2*(1 - 1) + 4,
// S_o = 1: y = floor(acc + 4 + 0.5), so level k from acc = k - 4 on.
// Channel 1: weights -2 and 1 at a step of 0.5, M = -1 * 0.5, b = (0.25 - 2 +
// 1/-1)/0.5 - 1 = -6 (to even): level k up to acc = 6 - 2k, that is 4, 2 and 0,
// stored complemented.
!x = tensor<1x3x3x2xf32>
!w = tensor<2x1x1x2xf32>
!c = tensor<2xf32>
// CHECK-LABEL: func.func @rises_and_falls
func.func @rises_and_falls(%x: !x) -> !x {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[-0.75, 0.75]]]]> : !w
  %b = arith.constant dense<[1.0, 0.25]> : !c
  %a = arith.constant dense<3.0> : tensor<f32>
  %g = arith.constant dense<[4.0, -1.0]> : !c
  %t = arith.constant dense<[4.0, 1.0]> : !c
  %m = arith.constant dense<[1.0, 2.0]> : !c
  %v = arith.constant dense<[4.0, 1.0]> : !c
  // CHECK-DAG: %[[BIAS:.*]] = arith.constant dense<0> : tensor<2xi32>
  // CHECK-DAG: %[[T:.*]] = arith.constant dense<{{\[}}[-3, -2, -1], [-5, -3, -1]]> : tensor<2x3xi32>
  // CHECK: qat.conv2d %{{.*}}, %{{.*}}, %[[BIAS]], %[[T]] {
  // CHECK-NOT: multiplier
  // CHECK-SAME: falling = array<i1: false, true>
  // CHECK-NOT: shift
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !x
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<folding_thresh>} : (!x, !w, !c, tensor<1xf32>, tensor<1xf32>) -> !x
  %1 = qat.batch_norm %0, %g, %t, %m, %v {epsilon = 0.0 : f32, fold_type = #qat.fold_type<folding_thresh>, frozen} : !x, !c
  %2 = qat.pact %1, %a {bits = 2 : i32, rounding = #qat.rounding<nearest>} : !x
  return %2 : !x
}

// -----

// Without batch norm, and on a grid with a zero point (1 in 0..3, S_o = 1): level
// k from w*x >= k - 1 on, the zero point in the thresholds. A weight of 1.5 is 3
// steps of 0.5.
!x = tensor<1x2xf32>
!i = tensor<1x1x1x2xf32>
!w = tensor<1x1x1x2xf32>
!y = tensor<1x1x1x1xf32>
// CHECK-LABEL: func.func @zero_point
func.func @zero_point(%x: !i) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]]]> : !w
  %b = arith.constant dense<0.0> : tensor<1xf32>
  %lo = arith.constant dense<-1.0> : tensor<f32>
  %hi = arith.constant dense<2.0> : tensor<f32>
  // CHECK: arith.constant dense<{{\[}}[0, 2, 4]]> : tensor<1x3xi32>
  // CHECK: qat.fully_connected
  // CHECK-NOT: falling
  // CHECK-SAME: u2:f32, 1.000000e+00:1
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32} : !w
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<folding_thresh>} : (!i, !w, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> !y
  %1 = qat.bounded %0, %lo, %hi {bits = 2 : i32, rounding = #qat.rounding<floor>} : !y
  return %1 : !y
}

// -----

// A last layer has logits, which nothing compares.
!i = tensor<1x1x1x2xf32>
!y = tensor<1x1x1x2xf32>
!w = tensor<2x1x1x2xf32>
// CHECK-LABEL: func.func @logits
func.func @logits(%x: !i) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %w = arith.constant dense<[[[[1.5, 0.5]]], [[[3.0, 0.5]]]]> : !w
  %b = arith.constant dense<0.0> : tensor<2xf32>
  // CHECK: qat.fully_connected %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}} {multiplier = array<i32: 1073741824, 1073741824>
  %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : !i
  %wq = qat.weight_min_max %w {bits = 2 : i32, channel_axes = array<i64: 0>} : !w
  %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<folding_thresh>} : (!i, !w, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> !y
  return %0 : !y
}
