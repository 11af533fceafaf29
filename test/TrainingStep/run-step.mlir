// RUN: rm -rf %t.cache
// RUN: qat-run-step %s --list --cache=%t.cache --time | FileCheck %s --check-prefixes=CHECK,COLD
// RUN: qat-run-step %s --list --cache=%t.cache --time | FileCheck %s --check-prefixes=CHECK,WARM
// RUN: not qat-run-step %s --function=missing 2>&1 | FileCheck %s --check-prefix=MISSING

// COLD: not cached
// WARM: , cached
// CHECK: input f32 4x3
// CHECK-NEXT: hyper f32 16
// CHECK-NEXT: parameter:dense.weight f32 3x2
// CHECK-NEXT: metrics f32 4
// MISSING: error: there is no function 'missing'

#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @step(%input: memref<4x3xf32> {qat.name = "input", qat.role = "input"},
                %hyper: memref<16xf32> {qat.role = "hyper"},
                %weight: memref<3x2xf32> {qat.name = "dense.weight", qat.role = "parameter"},
                %metrics: memref<4xf32> {qat.role = "metrics"}) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %x = bufferization.to_tensor %input restrict : memref<4x3xf32> to tensor<4x3xf32>
  %w = bufferization.to_tensor %weight restrict writable : memref<3x2xf32> to tensor<3x2xf32>
  %h = bufferization.to_tensor %hyper restrict : memref<16xf32> to tensor<16xf32>
  %e = tensor.empty() : tensor<4x2xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x2xf32>) -> tensor<4x2xf32>
  %y = linalg.matmul ins(%x, %w : tensor<4x3xf32>, tensor<3x2xf32>) outs(%f : tensor<4x2xf32>) -> tensor<4x2xf32>
  // loss = sum y^2 / 2; dy = y; dw = x^T y
  %e2 = tensor.empty() : tensor<3x2xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<3x2xf32>) -> tensor<3x2xf32>
  %dw = linalg.generic {indexing_maps = [affine_map<(i, j, k) -> (k, i)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>],
     iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %y : tensor<4x3xf32>, tensor<4x2xf32>) outs(%f2 : tensor<3x2xf32>) {
     ^bb0(%a: f32, %b: f32, %c: f32):
       %m = arith.mulf %a, %b : f32
       %s = arith.addf %m, %c : f32
       linalg.yield %s : f32 } -> tensor<3x2xf32>
  %rate = tensor.extract %h[%c0] : tensor<16xf32>
  %new = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%dw : tensor<3x2xf32>) outs(%w : tensor<3x2xf32>) {
     ^bb0(%g: f32, %old: f32):
       %m = arith.mulf %g, %rate : f32
       %s = arith.subf %old, %m : f32
       linalg.yield %s : f32 } -> tensor<3x2xf32>
  %mz = tensor.empty() : tensor<4xf32>
  %mf = linalg.fill ins(%zero : f32) outs(%mz : tensor<4xf32>) -> tensor<4xf32>
  %m0 = linalg.generic {indexing_maps = [#id, affine_map<(d0, d1) -> (0)>], iterator_types = ["reduction", "reduction"]} ins(%y : tensor<4x2xf32>) outs(%mf : tensor<4xf32>) {
     ^bb0(%g: f32, %old: f32):
       %m = arith.mulf %g, %g : f32
       %s = arith.addf %old, %m : f32
       linalg.yield %s : f32 } -> tensor<4xf32>
  bufferization.materialize_in_destination %m0 in restrict writable %metrics : (tensor<4xf32>, memref<4xf32>) -> ()
  bufferization.materialize_in_destination %new in writable %weight : (tensor<3x2xf32>, memref<3x2xf32>) -> ()
  return
}
