// RUN: qat-mlir-opt %s --qat-form-groups='part-bytes=64 max-tiles=4' | FileCheck %s

// A constant with a number a sample: every part reads its own numbers.

// CHECK-LABEL: func.func @step
// CHECK: qat.fused tiles(4) blocks(2)
// CHECK: ^bb0(%[[PART:[^:]*]]: index, %{{.*}}: tensor<1x16xf32>
// CHECK-DAG: %[[NUMBERS:.*]] = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi32>
// CHECK-DAG: %[[SIZE:.*]] = arith.constant 1 : index
// CHECK: %[[FIRST:.*]] = arith.muli %[[PART]], %[[SIZE]]
// CHECK: %[[OWN:.*]] = tensor.extract_slice %[[NUMBERS]][%[[FIRST]]] [1] [1] : tensor<8xi32> to tensor<1xi32>
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[OWN]] : tensor<1x16xf32>, tensor<1xi32>)
func.func @step(%input: memref<8x16xf32> {qat.name = "input", qat.role = "input"},
                %out: memref<8x16xf32> {qat.role = "output"}) {
  %x = bufferization.to_tensor %input restrict : memref<8x16xf32> to tensor<8x16xf32>
  %numbers = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : tensor<8xi32>
  %e = tensor.empty() : tensor<8x16xf32>
  %y = linalg.generic {
      indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (n)>,
                       affine_map<(n, c) -> (n, c)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%x, %numbers : tensor<8x16xf32>, tensor<8xi32>) outs(%e : tensor<8x16xf32>) {
  ^bb0(%a: f32, %number: i32, %old: f32):
    %f = arith.sitofp %number : i32 to f32
    %s = arith.addf %a, %f : f32
    linalg.yield %s : f32
  } -> tensor<8x16xf32>
  bufferization.materialize_in_destination %y in restrict writable %out
      : (tensor<8x16xf32>, memref<8x16xf32>) -> ()
  return
}
