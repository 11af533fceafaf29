// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics

// expected-error@+1 {{'builtin.module' op expects 'qat.bias_bits' to be an i32 from 2 to 32, but got 1 : i32}}
module attributes {qat.bias_bits = 1 : i32} {}

// -----

// expected-error@+1 {{'builtin.module' op expects 'qat.bias_bits' to be an i32 from 2 to 32, but got 16 : i64}}
module attributes {qat.bias_bits = 16 : i64} {}

// -----

// expected-error@+1 {{'builtin.module' op expects 'qat.batch_fold_delay' to be an i32 from 0 to 2147483647, but got -1 : i32}}
module attributes {qat.batch_fold_delay = -1 : i32} {}

// -----

// expected-error@+1 {{'func.func' op expects 'qat.bias_bits' on the module alone}}
func.func private @f() attributes {qat.bias_bits = 16 : i32}

// -----

// expected-error@+3 {{expected ::mlir::qat::ActivationType to be one of: learned, clipped, relu6}}
// expected-error@+2 {{failed to parse Qat_ActivationTypeAttr}}
func.func @type(%x: tensor<1x8xf32>, %a: tensor<f32>) -> tensor<1x8xf32> {
  %0 = qat.pact %x, %a {activation_type = #qat.activation_type<relu>, bits = 8 : i32, rounding = #qat.rounding<floor>} : tensor<1x8xf32>
  return %0 : tensor<1x8xf32>
}
