// RUN: qat-mlir-reduce %s --reduction-tree='traversal-mode=0 test=%S/Inputs/has-softmax.sh' 2>/dev/null | FileCheck %s

// The script finds a module interesting that has a softmax: the function
// without one goes, and so does everything beside the softmax.
// CHECK-NOT: qat.batch_norm
// CHECK-NOT: tosa
// CHECK:     func.func @softmax
// CHECK:       qat.softmax
// CHECK-NOT: tosa

func.func @other(%x: tensor<1x8x8x16xf32>, %c: tensor<16xf32>) -> tensor<1x8x8x16xf32> {
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = 1.0e-3 : f32} : tensor<1x8x8x16xf32>, tensor<16xf32>
  %1 = tosa.abs %0 : (tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32>
  return %1 : tensor<1x8x8x16xf32>
}

func.func @softmax(%x: tensor<1x10xf32>) -> tensor<1x10xf32> {
  %0 = tosa.exp %x : (tensor<1x10xf32>) -> tensor<1x10xf32>
  %1 = qat.softmax %x : tensor<1x10xf32>
  return %1 : tensor<1x10xf32>
}
