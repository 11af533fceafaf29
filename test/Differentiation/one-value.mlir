// RUN: qat-mlir-opt %s -verify-diagnostics -qat-differentiate=batch=1

ml_program.global private mutable @v(dense<0.5> : tensor<4xf32>) : tensor<4xf32>
func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %v = ml_program.global_load @v : tensor<4xf32>
  // expected-error @unknown {{cannot train the batch norm of layer 'dense' on one value a channel; freeze it or raise the batch}}
  %y = qat.batch_norm %x, %v, %v, %v, %v {epsilon = 1.0e-3 : f32} : tensor<1x4xf32>, tensor<4xf32> loc("dense")
  return %y : tensor<1x4xf32>
}
