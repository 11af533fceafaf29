// RUN: qat-mlir-opt %s --qat-outline-groups | FileCheck %s

// Two sums that begin with one fill: each gets its own, which may then lie in
// the argument that takes the sum.

// CHECK-LABEL: func.func @step_group_0
// CHECK-COUNT-2: tensor.empty()
// CHECK-NOT: tensor.empty()
// CHECK: %[[F:.*]] = linalg.fill
// CHECK: %[[G:.*]] = linalg.fill
// CHECK-NOT: linalg.fill
// CHECK: linalg.generic {{.*}} outs(%[[G]] :
// CHECK: linalg.generic {{.*}} outs(%[[F]] :

func.func @step(%a: memref<3xf32> {qat.role = "parameter"},
                %b: memref<3xf32> {qat.role = "parameter"},
                %c: memref<f32> {qat.role = "metrics"},
                %d: memref<f32> {qat.role = "metrics"}) {
  %x = bufferization.to_tensor %a restrict : memref<3xf32> to tensor<3xf32>
  %y = bufferization.to_tensor %b restrict : memref<3xf32> to tensor<3xf32>
  %s:2 = qat.fused tiles(1) blocks(1) batched()
         whole(%x, %y : tensor<3xf32>, tensor<3xf32>) -> tensor<f32>, tensor<f32>
         attributes {partial = array<i1: false, false>} {
  ^bb0(%part: index, %xt: tensor<3xf32>, %yt: tensor<3xf32>):
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<f32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<f32>) -> tensor<f32>
    %sx = linalg.generic {
        indexing_maps = [affine_map<(c) -> (c)>, affine_map<(c) -> ()>],
        iterator_types = ["reduction"]}
        ins(%xt : tensor<3xf32>) outs(%f : tensor<f32>) {
    ^bb0(%v: f32, %old: f32):
      %t = arith.addf %old, %v : f32
      linalg.yield %t : f32
    } -> tensor<f32>
    %sy = linalg.generic {
        indexing_maps = [affine_map<(c) -> (c)>, affine_map<(c) -> ()>],
        iterator_types = ["reduction"]}
        ins(%yt : tensor<3xf32>) outs(%f : tensor<f32>) {
    ^bb0(%v: f32, %old: f32):
      %t = arith.addf %old, %v : f32
      linalg.yield %t : f32
    } -> tensor<f32>
    qat.fused_yield %sx, %sy : tensor<f32>, tensor<f32>
  }
  bufferization.materialize_in_destination %s#0 in restrict writable %c
    : (tensor<f32>, memref<f32>) -> ()
  bufferization.materialize_in_destination %s#1 in restrict writable %d
    : (tensor<f32>, memref<f32>) -> ()
  return
}
