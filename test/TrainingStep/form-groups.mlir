// RUN: qat-mlir-opt %s --qat-step-tensor-pipeline --qat-form-groups='part-bytes=512 max-tiles=4' | FileCheck %s

// The batch norm of the first layer, its clip and the second convolution are one
// group: what lies between the two layers is never in memory. The sums over the
// batch come with the convolution before them, and end the group.

// CHECK-LABEL: func.func @step
// CHECK-DAG: %[[X:.*]] = bufferization.to_tensor %{{.*}} restrict : memref<8x4x4x3xf32>
// CHECK: %[[FIRST:.*]]:3 = qat.fused tiles(4) blocks(2) batched(%[[X]] : tensor<8x4x4x3xf32>)
// CHECK-SAME: -> tensor<8x4x4x4xf32>, tensor<4x4xf64>, tensor<4x4xf64>
// CHECK-SAME: partial = array<i1: false, true, true>
// CHECK: ^bb0(%{{.*}}: index, %[[XT:.*]]: tensor<1x1x16x3xf32>,
// CHECK: qat.contraction forward ins(%[[XT]]
// CHECK: qat.fused_yield

// One part for what has one number a channel.
// CHECK: %[[STATISTICS:.*]]:2 = qat.fused tiles(1) blocks(1) batched() whole(%[[FIRST]]#1, %[[FIRST]]#2

// CHECK: %[[SECOND:.*]] = qat.fused tiles(4) blocks(2) batched(%[[FIRST]]#0 : tensor<8x4x4x4xf32>)
// CHECK-SAME: whole({{.*}}%[[STATISTICS]]#0
// CHECK-SAME: -> tensor<8x4x4x2xf32>
// CHECK: ^bb0(%{{.*}}: index, %{{.*}}: tensor<1x4x4x4xf32>,
// CHECK: linalg.generic
// CHECK: qat.contraction forward
// CHECK: qat.fused_yield
// CHECK: bufferization.materialize_in_destination %[[SECOND]] in restrict writable
func.func @step(%input: memref<8x4x4x3xf32> {qat.name = "input", qat.role = "input"},
                %w1: memref<4x1x1x3xf32> {qat.role = "parameter"},
                %w2: memref<2x3x3x4xf32> {qat.role = "parameter"},
                %g: memref<4xf32> {qat.role = "parameter"},
                %out: memref<8x4x4x2xf32> {qat.role = "output"}) {
  %x = bufferization.to_tensor %input restrict : memref<8x4x4x3xf32> to tensor<8x4x4x3xf32>
  %a = bufferization.to_tensor %w1 restrict : memref<4x1x1x3xf32> to tensor<4x1x1x3xf32>
  %b = bufferization.to_tensor %w2 restrict : memref<2x3x3x4xf32> to tensor<2x3x3x4xf32>
  %gamma = bufferization.to_tensor %g restrict : memref<4xf32> to tensor<4xf32>
  %e1 = tensor.empty() : tensor<8x4x4x4xf32>
  %y = qat.contraction forward ins(%x, %a : tensor<8x4x4x3xf32>, tensor<4x1x1x3xf32>)
       outs(%e1 : tensor<8x4x4x4xf32>) -> tensor<8x4x4x4xf32>
  %s, %q = qat.channel_moments %y : tensor<8x4x4x4xf32> -> tensor<4xf64>
  %mean, %variance = qat.batch_statistics %s, %q {count = 128 : i64}
                     : tensor<4xf64> -> tensor<4xf32>
  %z = qat.batch_norm %y, %gamma, %gamma, %mean, %variance {epsilon = 1.0e-3 : f32}
       : tensor<8x4x4x4xf32>, tensor<4xf32>
  %c = tosa.clamp %z {min_val = 0.0 : f32, max_val = 6.0 : f32}
       : (tensor<8x4x4x4xf32>) -> tensor<8x4x4x4xf32>
  %e2 = tensor.empty() : tensor<8x4x4x2xf32>
  %r = qat.contraction forward ins(%c, %b : tensor<8x4x4x4xf32>, tensor<2x3x3x4xf32>)
       outs(%e2 : tensor<8x4x4x2xf32>) {pad = array<i64: 1, 1, 1, 1>} -> tensor<8x4x4x2xf32>
  bufferization.materialize_in_destination %r in restrict writable %out
    : (tensor<8x4x4x2xf32>, memref<8x4x4x2xf32>) -> ()
  return
}
