// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics -qat-set-batch=batch=4

func.func @main(%x: tensor<1x4x6xf32>) -> tensor<4x1x6xf32> {
  // expected-error @+1 {{cannot set the batch of 'tosa.transpose' of layer 'flip': it does not keep the first dimension}}
  %y = tosa.transpose %x {perms = array<i32: 1, 0, 2>} : (tensor<1x4x6xf32>) -> tensor<4x1x6xf32> loc("flip")
  return %y : tensor<4x1x6xf32>
}

// -----

func.func @main(%x: tensor<1x4x6xf32>) -> tensor<4x6xf32> {
  %s = tosa.const_shape {values = dense<[4, 6]> : tensor<2xindex>} : () -> !tosa.shape<2>
  // expected-error @+1 {{cannot set the batch of 'tosa.reshape' of layer 'flat': it does not keep the first dimension}}
  %y = tosa.reshape %x, %s : (tensor<1x4x6xf32>, !tosa.shape<2>) -> tensor<4x6xf32> loc("flat")
  return %y : tensor<4x6xf32>
}

// -----

func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  // expected-error @+1 {{cannot set the batch of 'tosa.erf' of layer 'odd': it is not known to keep samples apart}}
  %y = tosa.erf %x : (tensor<1x4xf32>) -> tensor<1x4xf32> loc("odd")
  return %y : tensor<1x4xf32>
}

// -----

func.func @main(%x: tensor<1x4xf32>) -> tensor<2x4xf32> {
  // expected-error @+1 {{cannot set the batch of 'tosa.concat' of layer 'twice': it does not keep the first dimension}}
  %y = tosa.concat %x, %x {axis = 0 : i32} : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<2x4xf32> loc("twice")
  return %y : tensor<2x4xf32>
}

// -----

// expected-error @+1 {{cannot set the batch of 'func.func': a tensor of shape [4, 536870912] is not static or has 2^31 elements or more}}
func.func @main(%x: tensor<1x536870912xf32>) -> tensor<1x536870912xf32> {
  return %x : tensor<1x536870912xf32>
}

// -----

// expected-error @+1 {{expects a function '@main' of one block}}
module {
}
