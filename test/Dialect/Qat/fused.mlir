// RUN: qat-mlir-opt %s | qat-mlir-opt | FileCheck %s

// CHECK-LABEL: func @sums
// CHECK: qat.fused tiles(2) blocks(4) batched(%{{.*}} : tensor<8x4x4x3xf32>)
// CHECK-SAME: whole(%{{.*}} : tensor<3xf32>)
// CHECK-SAME: -> tensor<8x4x4x3xf32>, tensor<2x3xf32>
// CHECK-SAME: attributes {partial = array<i1: false, true>} {
// CHECK: ^bb0(%{{.*}}: index, %{{.*}}: tensor<16x1x1x3xf32>, %{{.*}}: tensor<3xf32>):
// CHECK: qat.fused_yield %{{.*}}, %{{.*}} : tensor<16x1x1x3xf32>, tensor<3xf32>
func.func @sums(%x: tensor<8x4x4x3xf32>, %w: tensor<3xf32>)
    -> (tensor<8x4x4x3xf32>, tensor<2x3xf32>) {
  %y, %s = qat.fused tiles(2) blocks(4) batched(%x : tensor<8x4x4x3xf32>)
           whole(%w : tensor<3xf32>)
           -> tensor<8x4x4x3xf32>, tensor<2x3xf32>
           attributes {partial = array<i1: false, true>} {
  ^bb0(%part: index, %xt: tensor<16x1x1x3xf32>, %wt: tensor<3xf32>):
    qat.fused_yield %xt, %wt : tensor<16x1x1x3xf32>, tensor<3xf32>
  }
  return %y, %s : tensor<8x4x4x3xf32>, tensor<2x3xf32>
}

// CHECK-LABEL: func @images
// CHECK: qat.fused tiles(4) blocks(1) batched(%{{.*}}) whole()
func.func @images(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %y = qat.fused tiles(4) blocks(1) batched(%x : tensor<8x4xf32>) whole()
       -> tensor<8x4xf32> attributes {partial = array<i1: false>} {
  ^bb0(%part: index, %xt: tensor<2x4xf32>):
    qat.fused_yield %xt : tensor<2x4xf32>
  }
  return %y : tensor<8x4xf32>
}
