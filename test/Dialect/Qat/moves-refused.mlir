// RUN: qat-mlir-opt %s -split-input-file -qat-insert-quantizers=input-range=0,255 -qat-bind-parameters -qat-freeze-ranges -verify-diagnostics

func.func @main(%x: tensor<1x2x2x3xf32>) -> tensor<2x2x2x3xf32> {
  // expected-error @+1 {{a concat of batches has no integer form}}
  %0 = tosa.concat %x, %x {axis = 0 : i32} : (tensor<1x2x2x3xf32>, tensor<1x2x2x3xf32>) -> tensor<2x2x2x3xf32>
  return %0 : tensor<2x2x2x3xf32>
}

// -----

func.func @main(%x: tensor<1x3xf32>) -> tensor<1x4xf32> {
  %sizes = tosa.const_shape {values = dense<[0, 0, 1, 0]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %value = "tosa.const"() {values = dense<0.0> : tensor<1xf32>} : () -> tensor<1xf32>
  // expected-error @+1 {{has an integer form for images (rank 4) alone, and not along the batch}}
  %0 = tosa.pad %x, %sizes, %value : (tensor<1x3xf32>, !tosa.shape<4>, tensor<1xf32>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}
