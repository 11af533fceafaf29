// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics

func.func @host_call_c1(%x: tensor<1x3xi8>, %w: tensor<8xi8>, %c: tensor<72xi32>, %l: tensor<26xi64>, %e: tensor<1x2xi32>) -> tensor<1x2xi32> {
  // expected-error @+1 {{'qat.host_call' op expects 'kernel' to be a C identifier, but got 'conv 2d'}}
  %y = qat.host_call "conv 2d" ins(%x, %w, %c, %l : tensor<1x3xi8>, tensor<8xi8>, tensor<72xi32>, tensor<26xi64>) outs(%e : tensor<1x2xi32>) {scratch_bytes = 64 : i64}
  return %y : tensor<1x2xi32>
}

// -----

func.func @host_call_c2(%x: tensor<1x3xi8>, %w: tensor<8xi8>, %c: tensor<72xi32>, %l: tensor<26xi64>, %e: tensor<1x2xi32>) -> tensor<1x2xi32> {
  // expected-error @+1 {{'qat.host_call' op expects 'scratch_bytes' of at least 1, but got 0}}
  %y = qat.host_call "conv2d" ins(%x, %w, %c, %l : tensor<1x3xi8>, tensor<8xi8>, tensor<72xi32>, tensor<26xi64>) outs(%e : tensor<1x2xi32>) {scratch_bytes = 0 : i64}
  return %y : tensor<1x2xi32>
}
