// RUN: qat-mlir-opt %s --qat-vectorize-sums --split-input-file | FileCheck %s

// Runs of 49 of 2 x 7 x 7 pixels, 16 of 32 channels at a time: the elements are
// written, their sum stays in a register and is added in f64 after a run.

// CHECK-LABEL: func.func @masked_sum
// CHECK: %[[X:.*]] = memref.collapse_shape %arg0 {{.*}} into memref<3136xf32>
// CHECK-DAG: %[[PIXELS:.*]] = arith.constant 98 : index
// CHECK-DAG: %[[BLOCK:.*]] = arith.constant 49 : index
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[PIXELS]] step %[[BLOCK]]
// CHECK: scf.for %[[C:.*]] =
// CHECK: %[[SUM:.*]] = scf.for {{.*}} iter_args(%[[OLD:.*]] = %{{.*}}) -> (vector<16xf32>)
// CHECK: vector.load %[[X]]
// CHECK: arith.cmpf ogt, %{{.*}} : vector<16xf32>
// CHECK: %[[MASKED:.*]] = arith.select
// CHECK: %[[NEW:.*]] = arith.addf %[[OLD]], %[[MASKED]] : vector<16xf32>
// CHECK: vector.store %[[MASKED]]
// CHECK: scf.yield %[[NEW]]
// CHECK: %[[BEFORE:.*]] = vector.load %arg2[%[[C]]] : memref<32xf64>, vector<16xf64>
// CHECK: %[[WIDE:.*]] = arith.extf %[[SUM]] : vector<16xf32> to vector<16xf64>
// CHECK: arith.addf %[[BEFORE]], %[[WIDE]]
// CHECK: vector.store
func.func @masked_sum(%x: memref<2x7x7x32xf32>, %y: memref<2x7x7x32xf32>, %s: memref<32xf64>) {
  %zero = arith.constant 0.0 : f32
  linalg.generic {
      indexing_maps = [affine_map<(n, h, w, c) -> (n, h, w, c)>,
                       affine_map<(n, h, w, c) -> (n, h, w, c)>, affine_map<(n, h, w, c) -> (c)>],
      iterator_types = ["reduction", "reduction", "reduction", "parallel"]}
      ins(%x : memref<2x7x7x32xf32>) outs(%y, %s : memref<2x7x7x32xf32>, memref<32xf64>) {
  ^bb0(%v: f32, %o: f32, %old: f64):
    %p = arith.cmpf ogt, %v, %zero : f32
    %m = arith.select %p, %v, %zero : f32
    %wide = arith.extf %m : f32 to f64
    %a = arith.addf %old, %wide : f64
    linalg.yield %m, %a : f32, f64
  }
  return
}

// -----

// In double all the way: what checks gradients keeps its precision.

// CHECK-LABEL: func.func @doubles
// CHECK: linalg.generic
func.func @doubles(%x: memref<8x16xf64>, %s: memref<16xf64>) {
  linalg.generic {
      indexing_maps = [affine_map<(n, c) -> (n, c)>, affine_map<(n, c) -> (c)>],
      iterator_types = ["reduction", "parallel"]}
      ins(%x : memref<8x16xf64>) outs(%s : memref<16xf64>) {
  ^bb0(%v: f64, %old: f64):
    %a = arith.addf %old, %v : f64
    linalg.yield %a : f64
  }
  return
}
