// RUN: qat-mlir-opt %s -split-input-file -canonicalize | FileCheck %s

// Numbers by hand: a factor is gamma / sqrt(variance + epsilon).

// Factors 4/2 and -1/1; variance + epsilon is 4 and 1.
// CHECK-LABEL: func.func @fold_weight_of_constants
func.func @fold_weight_of_constants() -> tensor<2x1x1x2xf32> {
  // CHECK-NEXT: %[[T:.*]] = arith.constant dense<{{\[\[\[\[}}2.000000e+00, 4.000000e+00]]], {{\[\[\[}}-3.000000e+00, -4.000000e+00]]]]> : tensor<2x1x1x2xf32>
  // CHECK-NEXT: return %[[T]]
  %w = arith.constant dense<[[[[1.0, 2.0]]], [[[3.0, 4.0]]]]> : tensor<2x1x1x2xf32>
  %g = arith.constant dense<[4.0, -1.0]> : tensor<2xf32>
  %v = arith.constant dense<[3.75, 0.75]> : tensor<2xf32>
  %t = qat.fold_weight %w, %g, %v {channel_axes = array<i64: 0>, epsilon = 0.25 : f32} : tensor<2x1x1x2xf32>, tensor<2xf32>
  return %t : tensor<2x1x1x2xf32>
}

// -----

// HWCM weights: channel c*2 + m has the factor 1 to 4 of its place.
// CHECK-LABEL: func.func @fold_weight_of_depthwise
func.func @fold_weight_of_depthwise() -> tensor<2x1x2x2xf32> {
  // CHECK-NEXT: arith.constant dense<{{\[\[\[\[}}1.000000e+00, 4.000000e+00], [9.000000e+00, 1.600000e+01]]], {{\[\[\[}}5.000000e+00, 1.200000e+01], [2.100000e+01, 3.200000e+01]]]]>
  %w = arith.constant dense<[[[[1.0, 2.0], [3.0, 4.0]]], [[[5.0, 6.0], [7.0, 8.0]]]]> : tensor<2x1x2x2xf32>
  %g = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %v = arith.constant dense<1.0> : tensor<4xf32>
  %t = qat.fold_weight %w, %g, %v {channel_axes = array<i64: 2, 3>, epsilon = 0.0 : f32} : tensor<2x1x2x2xf32>, tensor<4xf32>
  return %t : tensor<2x1x2x2xf32>
}

// -----

// Blobs are read where they lie.
// CHECK-LABEL: func.func @fold_weight_of_resource
func.func @fold_weight_of_resource() -> tensor<2xf32> {
  // CHECK-NEXT: arith.constant dense<[2.000000e+00, 6.000000e+00]>
  %w = arith.constant dense_resource<w> : tensor<2xf32>
  %g = arith.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %v = arith.constant dense<1.0> : tensor<2xf32>
  %t = qat.fold_weight %w, %g, %v {channel_axes = array<i64: 0>, epsilon = 0.0 : f32} : tensor<2xf32>, tensor<2xf32>
  return %t : tensor<2xf32>
}
{-#
  dialect_resources: {
    builtin: {
      w: "0x040000000000803f00000040"
    }
  }
#-}

// -----

// (1 - 3) * 2 + 10 and (2 - 4) * -1 + 20
// CHECK-LABEL: func.func @fold_bias_of_constants
func.func @fold_bias_of_constants() -> tensor<2xf32> {
  // CHECK-NEXT: arith.constant dense<[6.000000e+00, 2.200000e+01]> : tensor<2xf32>
  %b = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %g = arith.constant dense<[4.0, -1.0]> : tensor<2xf32>
  %t = arith.constant dense<[10.0, 20.0]> : tensor<2xf32>
  %m = arith.constant dense<[3.0, 4.0]> : tensor<2xf32>
  %v = arith.constant dense<[3.75, 0.75]> : tensor<2xf32>
  %0 = qat.fold_bias %b, %g, %t, %m, %v {epsilon = 0.25 : f32} : tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

// A parameter that may still learn is no constant.
ml_program.global private mutable @"w"(dense<1.0> : tensor<2xf32>) : tensor<2xf32>
// CHECK-LABEL: func.func @keep_fold_of_parameter
func.func @keep_fold_of_parameter() -> tensor<2xf32> {
  %g = arith.constant dense<1.0> : tensor<2xf32>
  %w = ml_program.global_load @"w" : tensor<2xf32>
  // CHECK: qat.fold_weight
  // CHECK: qat.fold_bias
  %0 = qat.fold_weight %w, %g, %g {channel_axes = array<i64: 0>, epsilon = 0.0 : f32} : tensor<2xf32>, tensor<2xf32>
  %1 = qat.fold_bias %g, %0, %g, %g, %g {epsilon = 0.0 : f32} : tensor<2xf32>
  return %1 : tensor<2xf32>
}

// -----

// A blob whose bytes are missing is not read.
// CHECK-LABEL: func.func @keep_fold_of_missing_resource
func.func @keep_fold_of_missing_resource() -> tensor<2xf32> {
  %g = arith.constant dense<1.0> : tensor<2xf32>
  %w = arith.constant dense_resource<gone> : tensor<2xf32>
  // CHECK: qat.fold_weight
  %0 = qat.fold_weight %w, %g, %g {channel_axes = array<i64: 0>, epsilon = 0.0 : f32} : tensor<2xf32>, tensor<2xf32>
  return %0 : tensor<2xf32>
}
