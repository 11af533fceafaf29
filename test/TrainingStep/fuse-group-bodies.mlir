// RUN: qat-mlir-opt %s --qat-fuse-group-bodies --canonicalize --cse --split-input-file | FileCheck %s

// What is masked and its sum are one nest, though the sum's initial value is
// made after the first of them: the part is read once.

// CHECK-LABEL: func.func @shares_a_nest
// CHECK: qat.fused
// CHECK: %[[ZERO:.*]] = linalg.fill
// CHECK: linalg.generic
// CHECK-SAME: iterator_types = ["reduction", "parallel"]
// CHECK: -> (tensor<4x3xf32>, tensor<3xf32>)
// CHECK-NOT: linalg.generic
// CHECK: qat.fused_yield
func.func @shares_a_nest(%x: tensor<8x3xf32>) -> (tensor<8x3xf32>, tensor<2x3xf32>) {
  %r:2 = qat.fused tiles(2) blocks(1) batched(%x : tensor<8x3xf32>) whole()
         -> tensor<8x3xf32>, tensor<2x3xf32>
         attributes {partial = array<i1: false, true>} {
  ^bb0(%part: index, %t: tensor<4x3xf32>):
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<4x3xf32>
    %masked = linalg.generic {
        indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (n, c)>],
        iterator_types = ["parallel", "parallel"]}
        ins(%t : tensor<4x3xf32>) outs(%e : tensor<4x3xf32>) {
    ^bb0(%v: f32, %o: f32):
      %p = arith.cmpf ogt, %v, %zero : f32
      %s = arith.select %p, %v, %zero : f32
      linalg.yield %s : f32
    } -> tensor<4x3xf32>
    %se = tensor.empty() : tensor<3xf32>
    %f = linalg.fill ins(%zero : f32) outs(%se : tensor<3xf32>) -> tensor<3xf32>
    %sum = linalg.generic {
        indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (c)>],
        iterator_types = ["reduction", "parallel"]}
        ins(%masked : tensor<4x3xf32>) outs(%f : tensor<3xf32>) {
    ^bb0(%v: f32, %o: f32):
      %a = arith.addf %o, %v : f32
      linalg.yield %a : f32
    } -> tensor<3xf32>
    qat.fused_yield %masked, %sum : tensor<4x3xf32>, tensor<3xf32>
  }
  return %r#0, %r#1 : tensor<8x3xf32>, tensor<2x3xf32>
}

// -----

// A value that is added to what its buffer held does not go into its reader.

// CHECK-LABEL: func.func @keeps_initial_values
// CHECK: qat.fused
// CHECK: linalg.generic
// CHECK: arith.mulf
// CHECK: linalg.generic
// CHECK: arith.subf
// CHECK: qat.fused_yield
func.func @keeps_initial_values(%x: tensor<3xf32>, %y: tensor<3xf32>) -> tensor<3xf32> {
  %r = qat.fused tiles(1) blocks(1) batched()
       whole(%x, %y : tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
       attributes {partial = array<i1: false>} {
  ^bb0(%part: index, %a: tensor<3xf32>, %b: tensor<3xf32>):
    %added = linalg.generic {
        indexing_maps = [affine_map<(c) -> (c)>, affine_map<(c) -> (c)>],
        iterator_types = ["parallel"]}
        ins(%a : tensor<3xf32>) outs(%b : tensor<3xf32>) {
    ^bb0(%v: f32, %old: f32):
      %m = arith.mulf %v, %v : f32
      %s = arith.addf %m, %old : f32
      linalg.yield %s : f32
    } -> tensor<3xf32>
    %e = tensor.empty() : tensor<3xf32>
    %less = linalg.generic {
        indexing_maps = [affine_map<(c) -> (c)>, affine_map<(c) -> (c)>, affine_map<(c) -> (c)>],
        iterator_types = ["parallel"]}
        ins(%added, %a : tensor<3xf32>, tensor<3xf32>) outs(%e : tensor<3xf32>) {
    ^bb0(%v: f32, %w: f32, %o: f32):
      %d = arith.subf %v, %w : f32
      linalg.yield %d : f32
    } -> tensor<3xf32>
    qat.fused_yield %less : tensor<3xf32>
  }
  return %r : tensor<3xf32>
}
