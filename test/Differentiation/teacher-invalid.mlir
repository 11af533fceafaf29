// RUN: not qat-mlir-opt %s -split-input-file -qat-differentiate="batch=4 teacher=other" 2>&1 | FileCheck %s
// RUN: not qat-mlir-opt %s -split-input-file -qat-differentiate="batch=4 teacher=other loss=mse" 2>&1 | FileCheck %s --check-prefix=MSE

// MSE: error: distillation goes with the loss cross-entropy

// CHECK: error: cannot distill from a network whose scores are 'tensor<4x6xf32>' into one of 'tensor<4x3xf32>'
func.func @main(%x: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %y = tosa.add %x, %x : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<1x3xf32> loc("add")
  return %y : tensor<1x3xf32>
}
func.func @other(%x: tensor<1x3xf32>) -> tensor<1x6xf32> {
  %y = tosa.concat %x, %x {axis = 1 : i32} : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<1x6xf32>
  return %y : tensor<1x6xf32>
}

// -----

// CHECK: error: cannot distill from a network that takes 'tensor<4x5xf32>' into one that takes 'tensor<4x3xf32>'
func.func @main(%x: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %y = tosa.add %x, %x : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<1x3xf32> loc("add")
  return %y : tensor<1x3xf32>
}
func.func @other(%x: tensor<1x5xf32>) -> tensor<1x5xf32> {
  return %x : tensor<1x5xf32>
}

// -----

// CHECK: error: expects one tensor of f32 and to give another to be trained, but has type '(tensor<1x3xi32>) -> tensor<1x3xi32>'
func.func @main(%x: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %y = tosa.add %x, %x : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<1x3xf32> loc("add")
  return %y : tensor<1x3xf32>
}
func.func @other(%x: tensor<1x3xi32>) -> tensor<1x3xi32> {
  return %x : tensor<1x3xi32>
}
