// RUN: qat-mlir-opt %s -qat-fold-weight-quantizers | FileCheck %s

// Steps of 1/15 and 2/15, a channel each: levels 0..15.
// CHECK-LABEL: func.func @constant
// CHECK:         %[[C:.*]] = arith.constant dense<{{\[\[}}0.000000e+00, 1.000000e+00, 0.533333361], [0.000000e+00, 2.000000e+00, 1.06666672]]> : tensor<2x3xf32>
// CHECK-NOT:     qat.weight_min_max
// CHECK:         return %[[C]]
func.func @constant() -> tensor<2x3xf32> {
  %w = arith.constant dense<[[0.0, 1.0, 0.52], [0.0, 2.0, 1.04]]> : tensor<2x3xf32>
  %q = qat.weight_min_max %w {bits = 4 : i32, channel_axes = array<i64: 0>} : tensor<2x3xf32>
  return %q : tensor<2x3xf32>
}

// What is not known yet stays.
// CHECK-LABEL: func.func @argument
// CHECK:         qat.weight_symmetric_pact
func.func @argument(%w: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %hi = arith.constant dense<1.0> : tensor<f32>
  %q = qat.weight_symmetric_pact %w, %hi {bits = 4 : i32} : tensor<2x3xf32>
  return %q : tensor<2x3xf32>
}
