// RUN: qat-mlir-opt %s --qat-form-groups='part-bytes=16 max-tiles=2' | FileCheck %s

// A constant of one number a sample is cut as the batch is.

// CHECK-LABEL: func.func @step
// CHECK: qat.fused tiles(2) blocks(2)
// CHECK: ^bb0(%[[PART:.*]]: index, %[[XT:.*]]: tensor<1x3xf32>):
// CHECK: %[[ALL:.*]] = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
// CHECK: %[[ONE:.*]] = arith.constant 1 : index
// CHECK: %[[FIRST:.*]] = arith.muli %[[PART]], %[[ONE]]
// CHECK: %[[OWN:.*]] = tensor.extract_slice %[[ALL]][%[[FIRST]]] [1] [1] : tensor<4xi32> to tensor<1xi32>
// CHECK: linalg.generic {{.*}} ins(%[[XT]], %[[OWN]]
func.func @step(%input: memref<4x3xf32> {qat.role = "input"},
                %out: memref<4x3xf32> {qat.role = "output"}) {
  %x = bufferization.to_tensor %input restrict : memref<4x3xf32> to tensor<4x3xf32>
  %samples = arith.constant dense<[0, 1, 2, 3]> : tensor<4xi32>
  %e = tensor.empty() : tensor<4x3xf32>
  %r = linalg.generic {
      indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (n)>,
                       affine_map<(n, c) -> (n, c)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%x, %samples : tensor<4x3xf32>, tensor<4xi32>) outs(%e : tensor<4x3xf32>) {
  ^bb0(%a: f32, %n: i32, %old: f32):
    %f = arith.sitofp %n : i32 to f32
    %p = arith.mulf %a, %f : f32
    linalg.yield %p : f32
  } -> tensor<4x3xf32>
  bufferization.materialize_in_destination %r in restrict writable %out
    : (tensor<4x3xf32>, memref<4x3xf32>) -> ()
  return
}
