// RUN: qat-mlir-opt %s -split-input-file -qat-remove-quantizers | FileCheck %s

// What quantizers replaced comes back; their bounds go.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
// CHECK: module {
// CHECK-NOT: alpha
// CHECK: @conv1.weight(
// CHECK-NOT: weight.lo
ml_program.global private mutable @"conv1.weight"(dense<0.5> : !p) : !p
ml_program.global private mutable @"conv1.weight.lo"(dense<-0.5> : !s) : !s
ml_program.global private mutable @"conv1.weight.hi"(dense<0.5> : !s) : !s
ml_program.global private mutable @"conv1.alpha"(dense<5.0> : !s) : !s
// CHECK-LABEL: func.func @float_again
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<1x4x4x8xf32>
func.func @float_again(%x: !y) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  %c = arith.constant dense<0.1> : !c
  %p = ml_program.global_load @"conv1.weight" : !p
  %lo = ml_program.global_load @"conv1.weight.lo" : !s
  %hi = ml_program.global_load @"conv1.weight.hi" : !s
  %a = ml_program.global_load @"conv1.alpha" : !s
  // CHECK: %[[W:.*]] = ml_program.global_load @conv1.weight :
  // CHECK-NOT: ml_program.global_load
  // CHECK: %[[CONV:.*]] = tosa.conv2d %[[X]], %[[W]],
  // CHECK-NOT: qat.fold_type
  // CHECK: %[[BN:.*]] = qat.batch_norm %[[CONV]], {{.*}} {epsilon = 1.000000e-03 : f32} :
  // CHECK: %[[R:.*]] = tosa.clamp %[[BN]] {max_val = 6.000000e+00 : f32, min_val = 0.000000e+00 : f32}
  // CHECK: return %[[R]]
  %q = qat.quantize_input %x {minimum = -1.0 : f32, maximum = 1.0 : f32} : !y
  %wq = qat.weight_asymmetric_pact %p, %lo, %hi {bits = 8 : i32} : !p
  %0 = tosa.conv2d %q, %wq, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, qat.fold_type = #qat.fold_type<ICN>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  %1 = qat.batch_norm %0, %c, %c, %c, %c {epsilon = 1.0e-3 : f32, fold_type = #qat.fold_type<ICN>} : !y, !c
  %2 = qat.pact %1, %a {bits = 8 : i32, rounding = #qat.rounding<nearest>, float_bound = 6.0 : f32} : !y
  return %2 : !y
}

// -----

// A plain ReLU has no bound; two bounds were nothing.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
ml_program.global private mutable @"a"(dense<5.0> : !s) : !s
// CHECK-LABEL: func.func @relu_and_nothing
// CHECK-SAME:    %[[X:[a-z0-9]+]]:
func.func @relu_and_nothing(%x: !y) -> !y {
  %a = ml_program.global_load @"a" : !s
  // CHECK-NEXT: %[[R:.*]] = tosa.clamp %[[X]] {max_val = 3.40282347E+38 : f32, min_val = 0.000000e+00 : f32}
  // CHECK-NEXT: return %[[R]]
  %q = qat.quantize_input %x {minimum = -1.0 : f32, maximum = 1.0 : f32} : !y
  %0 = qat.pact %q, %a {bits = 8 : i32, rounding = #qat.rounding<nearest>} : !y
  %1 = qat.bounded %0, %a, %a {bits = 8 : i32, rounding = #qat.rounding<nearest>} : !y
  return %1 : !y
}

// -----

// One load may be both bounds of one quantizer and the bound of another.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
// CHECK-NOT: @shared(
ml_program.global private mutable @"shared"(dense<5.0> : !s) : !s
// CHECK-LABEL: func.func @shared_bounds
// CHECK-SAME:    %[[X:[a-z0-9]+]]:
func.func @shared_bounds(%x: !y) -> !y {
  %a = ml_program.global_load @"shared" : !s
  // CHECK-NEXT: return %[[X]]
  %0 = qat.bounded %x, %a, %a {bits = 8 : i32, rounding = #qat.rounding<nearest>} : !y
  %1 = qat.bounded %0, %a, %a {bits = 8 : i32, rounding = #qat.rounding<nearest>} : !y
  return %1 : !y
}

// -----

// A parameter with another reader stays.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
// CHECK: ml_program.global private mutable @used(
ml_program.global private mutable @"used"(dense<5.0> : !s) : !s
// CHECK-LABEL: func.func @keep_parameter_with_other_reader
func.func @keep_parameter_with_other_reader(%x: !y) -> !s {
  %a = ml_program.global_load @"used" : !s
  // CHECK: %[[A:.*]] = ml_program.global_load @used
  // CHECK: return %[[A]]
  %0 = qat.bounded %x, %a, %a {bits = 8 : i32, rounding = #qat.rounding<nearest>} : !y
  return %a : !s
}

// -----

// Weights that were folded stay so, and so does a frozen batch norm.
!y = tensor<1x4x4x8xf32>
!p = tensor<8x1x1x8xf32>
!c = tensor<8xf32>
!s = tensor<f32>
// CHECK-LABEL: func.func @keep_frozen_batch_norm
func.func @keep_frozen_batch_norm(%x: !y, %c: !c, %w: !p) -> !y {
  %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  // CHECK: %[[W:.*]] = qat.fold_weight
  // CHECK: tosa.conv2d %{{.*}}, %[[W]]
  // CHECK: fold_type = #qat.fold_type<ICN>, frozen
  %t = qat.fold_weight %w, %c, %c {channel_axes = array<i64: 0>, epsilon = 1.0e-3 : f32} : !p, !c
  %p = qat.weight_min_max %t {bits = 8 : i32} : !p
  %0 = tosa.conv2d %x, %p, %c, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (!y, !p, !c, tensor<1xf32>, tensor<1xf32>) -> !y
  %1 = qat.batch_norm %0, %c, %c, %c, %c {epsilon = 1.0e-3 : f32, fold_type = #qat.fold_type<ICN>, frozen} : !y, !c
  return %1 : !y
}
