// RUN: qat-mlir-opt %s | qat-mlir-opt | FileCheck %s

// CHECK-LABEL: func.func @host_call
func.func @host_call(%x: tensor<1x3xi8>, %w: tensor<8xi8>, %c: tensor<72xi32>, %l: tensor<26xi64>) -> tensor<1x2xi32> {
  %e = tensor.empty() : tensor<1x2xi32>
  // CHECK: qat.host_call "qat_host_conv2d_generic_i32" ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<1x3xi8>, tensor<8xi8>, tensor<72xi32>, tensor<26xi64>) outs(%{{.*}} : tensor<1x2xi32>) {scratch_bytes = 64 : i64}
  %y = qat.host_call "qat_host_conv2d_generic_i32" ins(%x, %w, %c, %l : tensor<1x3xi8>, tensor<8xi8>, tensor<72xi32>, tensor<26xi64>) outs(%e : tensor<1x2xi32>) {scratch_bytes = 64 : i64}
  return %y : tensor<1x2xi32>
}
