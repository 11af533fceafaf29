// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics

func.func @pact_gradient_dynamic(%x: tensor<?x4xf32>, %a: tensor<f32>) {
  // expected-error @+1 {{'qat.pact_gradient' op operand #0 must be ranked tensor of 32-bit float values of static shape with 1 to 2^31-1 elements, but got 'tensor<?x4xf32>'}}
  %0:2 = qat.pact_gradient %x, %a, %x : tensor<?x4xf32>
  return
}

// -----

func.func @pact_gradient_upstream(%x: tensor<3x4xf32>, %a: tensor<f32>, %g: tensor<4x3xf32>) {
  // expected-error @+1 {{'qat.pact_gradient' op failed to verify that all of {input, upstream, input_gradient} have same type}}
  %0:2 = "qat.pact_gradient"(%x, %a, %g) : (tensor<3x4xf32>, tensor<f32>, tensor<4x3xf32>) -> (tensor<3x4xf32>, tensor<f32>)
  return
}

// -----

func.func @pact_gradient_bound(%x: tensor<3x4xf32>, %a: tensor<1xf32>) {
  // expected-error @+1 {{'qat.pact_gradient' op operand #1 must be rank-0 tensor of f32, but got 'tensor<1xf32>'}}
  %0:2 = "qat.pact_gradient"(%x, %a, %x) : (tensor<3x4xf32>, tensor<1xf32>, tensor<3x4xf32>) -> (tensor<3x4xf32>, tensor<f32>)
  return
}

// -----

func.func @pact_gradient_sum(%x: tensor<3x4xf32>, %a: tensor<f32>) {
  // expected-error @+1 {{'qat.pact_gradient' op result #1 must be rank-0 tensor of f32, but got 'tensor<f64>'}}
  %0:2 = "qat.pact_gradient"(%x, %a, %x) : (tensor<3x4xf32>, tensor<f32>, tensor<3x4xf32>) -> (tensor<3x4xf32>, tensor<f64>)
  return
}

// -----

func.func @bounded_gradient_empty(%x: tensor<0x4xf32>, %a: tensor<f32>) {
  // expected-error @+1 {{'qat.bounded_gradient' op operand #0 must be ranked tensor of 32-bit float values of static shape with 1 to 2^31-1 elements, but got 'tensor<0x4xf32>'}}
  %0:3 = qat.bounded_gradient %x, %a, %a, %x : tensor<0x4xf32>
  return
}

// -----

func.func @bounded_gradient_result(%x: tensor<3x4xf32>, %a: tensor<f32>) {
  // expected-error @+1 {{'qat.bounded_gradient' op failed to verify that all of {input, upstream, input_gradient} have same type}}
  %0:3 = "qat.bounded_gradient"(%x, %a, %a, %x) : (tensor<3x4xf32>, tensor<f32>, tensor<f32>, tensor<3x4xf32>) -> (tensor<12xf32>, tensor<f32>, tensor<f32>)
  return
}

// -----

func.func @symmetric_gradient_element_type(%x: tensor<3x4xf64>, %a: tensor<f32>) {
  // expected-error @+1 {{'qat.symmetric_gradient' op operand #0 must be ranked tensor of 32-bit float values of static shape with 1 to 2^31-1 elements, but got 'tensor<3x4xf64>'}}
  %0:2 = qat.symmetric_gradient %x, %a, %x : tensor<3x4xf64>
  return
}

// -----

func.func @symmetric_gradient_upstream(%x: tensor<3x4xf32>, %a: tensor<f32>, %g: tensor<3xf32>) {
  // expected-error @+1 {{'qat.symmetric_gradient' op failed to verify that all of {input, upstream, input_gradient} have same type}}
  %0:2 = "qat.symmetric_gradient"(%x, %a, %g) : (tensor<3x4xf32>, tensor<f32>, tensor<3xf32>) -> (tensor<3x4xf32>, tensor<f32>)
  return
}
