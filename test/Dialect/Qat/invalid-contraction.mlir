// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics

func.func @contraction_c1_mixed(%x: tensor<1x4x4x2xf32>, %w: memref<3x1x1x2xf32>, %y: tensor<1x4x4x3xf32>) {
  // expected-error @+1 {{'qat.contraction' op expects operands that are all tensors or all memrefs}}
  %r = qat.contraction forward ins(%x, %w : tensor<1x4x4x2xf32>, memref<3x1x1x2xf32>) outs(%y : tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  return
}

// -----

func.func @contraction_c1_no_result(%x: tensor<1x4x4x2xf32>, %w: tensor<3x1x1x2xf32>, %y: tensor<1x4x4x3xf32>) {
  // expected-error @+1 {{'qat.contraction' op expects a result of the type of 'init'}}
  qat.contraction forward ins(%x, %w : tensor<1x4x4x2xf32>, tensor<3x1x1x2xf32>) outs(%y : tensor<1x4x4x3xf32>)
  return
}

// -----

func.func @contraction_c1_result(%x: memref<1x4x4x2xf32>, %w: memref<3x1x1x2xf32>, %y: memref<1x4x4x3xf32>) {
  // expected-error @+1 {{'qat.contraction' op expects no result on memrefs}}
  %r = qat.contraction forward ins(%x, %w : memref<1x4x4x2xf32>, memref<3x1x1x2xf32>) outs(%y : memref<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  return
}

// -----

func.func @contraction_dynamic(%x: tensor<?x4x4x2xf32>, %w: tensor<3x1x1x2xf32>, %y: tensor<1x4x4x3xf32>) {
  // expected-error @+1 {{'qat.contraction' op operand #0 must be 4D tensor of}}
  %r = qat.contraction forward ins(%x, %w : tensor<?x4x4x2xf32>, tensor<3x1x1x2xf32>) outs(%y : tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  return
}

// -----

func.func @contraction_c2(%x: tensor<1x4x4x2xf32>, %w: tensor<3x1x1x2xf64>, %y: tensor<1x4x4x3xf32>) {
  // expected-error @+1 {{'qat.contraction' op expects elements f32, f64, or i8 with an 'init' of i32, but got 'f32', 'f64' and 'f32'}}
  %r = qat.contraction forward ins(%x, %w : tensor<1x4x4x2xf32>, tensor<3x1x1x2xf64>) outs(%y : tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  return
}

// -----

func.func @contraction_c2_integers(%x: tensor<1x4x4x2xi8>, %w: tensor<3x1x1x2xi8>, %y: tensor<1x4x4x3xf32>) {
  // expected-error @+1 {{'qat.contraction' op expects elements f32, f64, or i8 with an 'init' of i32, but got 'i8', 'i8' and 'f32'}}
  %r = qat.contraction forward ins(%x, %w : tensor<1x4x4x2xi8>, tensor<3x1x1x2xi8>) outs(%y : tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  return
}

// -----

func.func @contraction_c2_gradient(%x: tensor<1x4x4x2xi8>, %dy: tensor<1x4x4x3xi8>, %dw: tensor<3x1x1x2xi32>) {
  // expected-error @+1 {{'qat.contraction' op expects floating-point elements of a gradient}}
  %r = qat.contraction weight_gradient ins(%x, %dy : tensor<1x4x4x2xi8>, tensor<1x4x4x3xi8>) outs(%dw : tensor<3x1x1x2xi32>) -> tensor<3x1x1x2xi32>
  return
}

// -----

func.func @contraction_c2_unsigned(%x: tensor<1x4x4x2xf32>, %w: tensor<3x1x1x2xf32>, %y: tensor<1x4x4x3xf32>) {
  // expected-error @+1 {{'qat.contraction' op expects 'unsigned_input' with elements of i8 alone}}
  %r = qat.contraction forward ins(%x, %w : tensor<1x4x4x2xf32>, tensor<3x1x1x2xf32>) outs(%y : tensor<1x4x4x3xf32>) {unsigned_input} -> tensor<1x4x4x3xf32>
  return
}

// -----

func.func @contraction_c3_groups(%x: tensor<1x4x4x4xf32>, %w: tensor<3x1x1x2xf32>, %y: tensor<1x4x4x3xf32>) {
  // expected-error @+1 {{'qat.contraction' op expects 'groups' to divide the input and output channels, but got 2 for 4 and 3}}
  %r = qat.contraction forward ins(%x, %w : tensor<1x4x4x4xf32>, tensor<3x1x1x2xf32>) outs(%y : tensor<1x4x4x3xf32>) {groups = 2} -> tensor<1x4x4x3xf32>
  return
}

// -----

func.func @contraction_c3_depthwise(%x: tensor<1x4x4x4xf32>, %w: tensor<1x1x4x1xf32>, %y: tensor<1x4x4x4xf32>) {
  // expected-error @+1 {{'qat.contraction' op expects a depthwise contraction to have 'groups' of 1, but got 4}}
  %r = qat.contraction forward ins(%x, %w : tensor<1x4x4x4xf32>, tensor<1x1x4x1xf32>) outs(%y : tensor<1x4x4x4xf32>) {groups = 4, depthwise} -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @contraction_c3_multiplier(%x: tensor<1x4x4x4xf32>, %w: tensor<1x1x4x1xf32>, %y: tensor<1x4x4x6xf32>) {
  // expected-error @+1 {{'qat.contraction' op expects the input channels to divide the output channels, but got 4 for 4 and 6}}
  %r = qat.contraction forward ins(%x, %w : tensor<1x4x4x4xf32>, tensor<1x1x4x1xf32>) outs(%y : tensor<1x4x4x6xf32>) {depthwise} -> tensor<1x4x4x6xf32>
  return
}

// -----

func.func @contraction_c4(%x: tensor<1x4x4x4xf32>, %w: tensor<6x1x1x4xf32>, %y: tensor<1x4x4x6xf32>) {
  // expected-error @+1 {{'qat.contraction' op expects weights of shape [6, 1, 1, 2], but got [6, 1, 1, 4]}}
  %r = qat.contraction forward ins(%x, %w : tensor<1x4x4x4xf32>, tensor<6x1x1x4xf32>) outs(%y : tensor<1x4x4x6xf32>) {groups = 2} -> tensor<1x4x4x6xf32>
  return
}

// -----

func.func @contraction_c4_depthwise(%x: tensor<1x4x4x4xf32>, %dy: tensor<1x4x4x8xf32>, %dw: tensor<1x1x4x1xf32>) {
  // expected-error @+1 {{'qat.contraction' op expects weights of shape [1, 1, 4, 2], but got [1, 1, 4, 1]}}
  %r = qat.contraction weight_gradient ins(%x, %dy : tensor<1x4x4x4xf32>, tensor<1x4x4x8xf32>) outs(%dw : tensor<1x1x4x1xf32>) {depthwise} -> tensor<1x1x4x1xf32>
  return
}

// -----

func.func @contraction_c5(%x: tensor<1x4x4x4xf32>, %w: tensor<6x3x3x4xf32>, %y: tensor<1x4x4x6xf32>) {
  // expected-error @+1 {{'qat.contraction' op expects a result of shape [1, 2, 2, 6], but got [1, 4, 4, 6]}}
  %r = qat.contraction forward ins(%x, %w : tensor<1x4x4x4xf32>, tensor<6x3x3x4xf32>) outs(%y : tensor<1x4x4x6xf32>) -> tensor<1x4x4x6xf32>
  return
}

// -----

func.func @contraction_c5_gradient(%dy: tensor<2x4x4x6xf32>, %w: tensor<6x1x1x4xf32>, %dx: tensor<1x4x4x4xf32>) {
  // expected-error @+1 {{'qat.contraction' op expects an output gradient of shape [1, 4, 4, 6], but got [2, 4, 4, 6]}}
  %r = qat.contraction input_gradient ins(%dy, %w : tensor<2x4x4x6xf32>, tensor<6x1x1x4xf32>) outs(%dx : tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @contraction_c6(%dy: tensor<1x4x4x6xf32>, %w: tensor<6x1x1x4xf32>, %dx: tensor<1x4x4x4xf32>) {
  // expected-error @+1 {{'qat.contraction' op expects kind 'weight_gradient' with 'accumulate'}}
  %r = qat.contraction input_gradient ins(%dy, %w : tensor<1x4x4x6xf32>, tensor<6x1x1x4xf32>) outs(%dx : tensor<1x4x4x4xf32>) {accumulate} -> tensor<1x4x4x4xf32>
  return
}
