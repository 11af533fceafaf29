// RUN: qat-mlir-opt %s --qat-outline-groups | FileCheck %s

// The first group's result and sums lie in the arena; the second group updates
// the parameter in its place, after the first has read it.

// CHECK-LABEL: func.func @step_group_0
// CHECK-SAME: (%[[X:.*]]: memref<2x3xf32>, %[[W:.*]]: memref<3xf32>, %[[SUM:.*]]: memref<3xf32>)
// CHECK: %[[OLD:.*]] = bufferization.to_tensor %[[SUM]] restrict writable
// CHECK: %[[ADDED:.*]] = linalg.generic {{.*}} outs(%[[OLD]] : tensor<3xf32>)
// CHECK: bufferization.materialize_in_destination %[[ADDED]] in writable %[[SUM]]

// CHECK-LABEL: func.func @step_group_1
// CHECK-SAME: (%{{.*}}: memref<2x3xf32>, %[[W:.*]]: memref<3xf32>)
// CHECK: %[[OLD:.*]] = bufferization.to_tensor %[[W]] restrict writable
// CHECK: %[[NEW:.*]] = linalg.generic {{.*}} outs(%[[OLD]] : tensor<3xf32>)
// CHECK: bufferization.materialize_in_destination %[[NEW]] in writable %[[W]]

// CHECK-LABEL: func.func @step(
// CHECK-SAME: qat.arena_bytes = 24 : i64
// CHECK-SAME: qat.launches = [{blocks = 2 : i64, callee = "step_group_0", label = "",
// CHECK-SAME: operands = [array<i64: 0, 0, 24, 48, 0>, array<i64: 1, 0, 0, 0, 0>, array<i64: -1, 0, 0, 12, 12>],
// CHECK-SAME: phase = 0 : i64, tiles = 2 : i64},
// CHECK-SAME: {blocks = 1 : i64, callee = "step_group_1", label = "",
// CHECK-SAME: operands = [array<i64: -1, 0, 0, 0, 0>, array<i64: 1, 0, 0, 0, 0>],
// CHECK-SAME: phase = 1 : i64, tiles = 1 : i64}]
// CHECK-NEXT: return

func.func @step(%input: memref<8x3xf32> {qat.role = "input"},
                %weight: memref<3xf32> {qat.role = "parameter"}) {
  %x = bufferization.to_tensor %input restrict : memref<8x3xf32> to tensor<8x3xf32>
  %w = bufferization.to_tensor %weight restrict writable : memref<3xf32> to tensor<3xf32>
  %s = qat.fused tiles(2) blocks(2) batched(%x : tensor<8x3xf32>)
       whole(%w : tensor<3xf32>) -> tensor<2x3xf32>
       attributes {partial = array<i1: true>} {
  ^bb0(%part: index, %xt: tensor<2x3xf32>, %wt: tensor<3xf32>):
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<3xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<3xf32>) -> tensor<3xf32>
    %sum = linalg.generic {
        indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (c)>,
                         affine_map<(n, c) -> (c)>],
        iterator_types = ["reduction", "parallel"]}
        ins(%xt, %wt : tensor<2x3xf32>, tensor<3xf32>) outs(%f : tensor<3xf32>) {
    ^bb0(%a: f32, %b: f32, %old: f32):
      %p = arith.mulf %a, %b : f32
      %t = arith.addf %old, %p : f32
      linalg.yield %t : f32
    } -> tensor<3xf32>
    qat.fused_yield %sum : tensor<3xf32>
  }
  %n = qat.fused tiles(1) blocks(1) batched()
       whole(%s, %w : tensor<2x3xf32>, tensor<3xf32>) -> tensor<3xf32>
       attributes {partial = array<i1: false>} {
  ^bb0(%part: index, %sums: tensor<2x3xf32>, %wt: tensor<3xf32>):
    %e = tensor.empty() : tensor<3xf32>
    %r = linalg.generic {
        indexing_maps = [affine_map<(c) -> (0, c)>, affine_map<(c) -> (c)>,
                         affine_map<(c) -> (c)>],
        iterator_types = ["parallel"]}
        ins(%sums, %wt : tensor<2x3xf32>, tensor<3xf32>) outs(%e : tensor<3xf32>) {
    ^bb0(%a: f32, %b: f32, %old: f32):
      %p = arith.subf %b, %a : f32
      linalg.yield %p : f32
    } -> tensor<3xf32>
    qat.fused_yield %r : tensor<3xf32>
  }
  bufferization.materialize_in_destination %n in writable %weight
    : (tensor<3xf32>, memref<3xf32>) -> ()
  return
}
