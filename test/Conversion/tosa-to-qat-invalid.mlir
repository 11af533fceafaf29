// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics --qat-normalize-tosa --convert-tosa-to-qat

// Everything that cannot be carried is named; what reads it is not.
// expected-error @+1 {{ops without an integer layer of the same meaning: 'tosa.abs' (early), 'tosa.negate' (late)}}
func.func @main(%x: tensor<1x8xi8>) -> tensor<1x8xi8> {
  %z = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %a = tosa.abs %x : (tensor<1x8xi8>) -> tensor<1x8xi8> loc("early")
  %b = tosa.negate %x, %z, %z : (tensor<1x8xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x8xi8> loc("late")
  %c = tosa.clamp %a {max_val = 100 : i8, min_val = -5 : i8} : (tensor<1x8xi8>) -> tensor<1x8xi8> loc("clamp")
  %d = tosa.maximum %c, %b : (tensor<1x8xi8>, tensor<1x8xi8>) -> tensor<1x8xi8> loc("maximum")
  return %d : tensor<1x8xi8>
}

// -----

// expected-error @+1 {{expects an input of 8-bit integers with one zero point, but got 'tensor<1x8xi16>'}}
func.func @main(%x: tensor<1x8xi16>) -> tensor<1x8xi16> {
  return %x : tensor<1x8xi16>
}

// -----

// expected-error @+1 {{cannot import an input of type 'tensor<?x?x4xi8>'; only the batch, the first size, may be unknown}}
func.func @main(%x: tensor<?x?x4xi8>) -> tensor<?x?x4xi8> {
  return %x : tensor<?x?x4xi8>
}

// -----

// expected-error @+1 {{ops that are not supported: 'tosa.tanh' (squash)}}
func.func @main(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %0 = tosa.tanh %x : (tensor<1x8xf32>) -> tensor<1x8xf32> loc("squash")
  return %0 : tensor<1x8xf32>
}
