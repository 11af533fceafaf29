// The bits of biases come from the module, unless the pass is told. The biases
// of @main are 7 and -20 of steps of 1 (those of freeze-ranges.mlir, with h = 0:
// floor), which 4 bits hold as 7 and -8.
// RUN: qat-mlir-opt %s -qat-freeze-ranges | FileCheck %s --check-prefixes=CHECK,FOUR
// RUN: qat-mlir-opt %s -qat-freeze-ranges=bias-bits=32 | FileCheck %s --check-prefixes=CHECK,WHOLE
// RUN: qat-mlir-opt %s -pass-pipeline='builtin.module(qat-integer-pipeline)' | FileCheck %s --check-prefixes=CHECK,FOUR
// RUN: qat-mlir-opt %s -qat-remove-quantizers | FileCheck %s --check-prefix=REMOVED

// CHECK: module {
// FOUR: arith.constant dense<[7, -8]> : tensor<2xi32>
// WHOLE: arith.constant dense<[7, -20]> : tensor<2xi32>
// REMOVED: module {
module attributes {qat.bias_bits = 4 : i32, qat.batch_fold_delay = 3 : i32, qat.rounding = #qat.rounding<floor>} {
  func.func @main(%x: tensor<1x1x1x2xf32>) -> tensor<1x1x1x2xf32> {
    %zp = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
    %w = arith.constant dense<[[[[3.0, 1.0]]], [[[0.0, 2.0]]]]> : tensor<2x1x1x2xf32>
    %b = arith.constant dense<[7.0, -20.0]> : tensor<2xf32>
    %q = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : tensor<1x1x1x2xf32>
    %wq = qat.weight_min_max %w {bits = 2 : i32} : tensor<2x1x1x2xf32>
    %0 = tosa.conv2d %q, %wq, %b, %zp, %zp {acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x1x1x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x2xf32> loc("conv")
    return %0 : tensor<1x1x1x2xf32>
  }
}
