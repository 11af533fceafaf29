// RUN: qat-mlir-opt %s --load-pass-plugin=%build/lib/QatTestPlugin.so --pass-pipeline='builtin.module(test-report-layers)' 2>&1 | FileCheck %s

// A pass that somebody else built sees our ops and their attributes.
// CHECK: remark: batch norm of 16 channels, epsilon 1.000000e-03 : f32
func.func @f(%x: tensor<1x8x8x16xf32>, %c: tensor<16xf32>) -> tensor<1x8x8x16xf32> {
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = 1.0e-3 : f32} : tensor<1x8x8x16xf32>, tensor<16xf32>
  return %0 : tensor<1x8x8x16xf32>
}
