// RUN: qat-mlir-opt %s -qat-use-byte-contractions | FileCheck %s

!x = tensor<2x4x4x16xf32>

// Eight bits of weights: less a shift of each output channel, which comes back
// by the sums of the levels.
// CHECK-LABEL: func.func @eight
// CHECK-DAG: arith.minimumf
// CHECK: arith.fptosi %{{.*}} : f32 to i32
// CHECK: arith.trunci
// CHECK: arith.subf
// CHECK: arith.fptosi %{{.*}} : f32 to i8
// CHECK: %[[SUMS:.*]] = qat.contraction forward ins(%[[X:.*]], %{{.*}} : tensor<2x4x4x16xi8>, tensor<16x1x1x16xi8>)
// CHECK-SAME: unsigned_input
// CHECK: %[[ROWS:.*]] = linalg.generic {{.*}} "reduction"{{.*}} ins(%[[X]] :
// CHECK: arith.extui
// CHECK: linalg.generic {{.*}} ins(%[[SUMS]], %[[ROWS]],
// CHECK: arith.sitofp
func.func @eight(%x: !x, %w: tensor<16x1x1x16xf32>, %a: tensor<f32>, %s: tensor<f32>, %init: !x) -> !x {
  %p = qat.pact %x, %a {bits = 8 : i32, rounding = #qat.rounding<floor>} : !x
  %q = qat.weight_min_max %w {bits = 8 : i32} : tensor<16x1x1x16xf32>
  %l = qat.levels %p, %s : !x, tensor<f32>
  %m = qat.levels %q, %s : tensor<16x1x1x16xf32>, tensor<f32>
  %y = qat.contraction forward ins(%l, %m : !x, tensor<16x1x1x16xf32>) outs(%init : !x) -> !x
  return %y : !x
}

// Windows of several taps: sums by a contraction with ones.
// CHECK-LABEL: func.func @window
// CHECK: qat.contraction forward ins(%[[X:.*]], %{{.*}} : tensor<2x4x4x16xi8>, tensor<16x3x3x16xi8>)
// CHECK: %[[ONES:.*]] = arith.constant dense<1> : tensor<1x3x3x16xi8>
// CHECK: qat.contraction forward ins(%[[X]], %[[ONES]] : {{.*}} outs(%{{.*}} : tensor<2x4x4x1xi32>) {pad = array<i64: 1, 1, 1, 1>, unsigned_input}
func.func @window(%x: !x, %w: tensor<16x3x3x16xf32>, %a: tensor<f32>, %s: tensor<f32>, %init: !x) -> !x {
  %p = qat.pact %x, %a {bits = 8 : i32, rounding = #qat.rounding<floor>} : !x
  %q = qat.weight_min_max %w {bits = 8 : i32} : tensor<16x3x3x16xf32>
  %l = qat.levels %p, %s : !x, tensor<f32>
  %m = qat.levels %q, %s : tensor<16x3x3x16xf32>, tensor<f32>
  %y = qat.contraction forward ins(%l, %m : !x, tensor<16x3x3x16xf32>) outs(%init : !x) {pad = array<i64: 1, 1, 1, 1>} -> !x
  return %y : !x
}

// Fewer bits need no shift.
// CHECK-LABEL: func.func @four
// CHECK-NOT: arith.minimumf
// CHECK: qat.contraction forward {{.*}}xi8>
// CHECK-NOT: arith.muli
// CHECK: return
func.func @four(%x: !x, %w: tensor<16x1x1x16xf32>, %a: tensor<f32>, %s: tensor<f32>, %init: !x) -> !x {
  %p = qat.pact %x, %a {bits = 8 : i32, rounding = #qat.rounding<floor>} : !x
  %q = qat.weight_min_max %w {bits = 4 : i32} : tensor<16x1x1x16xf32>
  %l = qat.levels %p, %s : !x, tensor<f32>
  %m = qat.levels %q, %s : tensor<16x1x1x16xf32>, tensor<f32>
  %y = qat.contraction forward ins(%l, %m : !x, tensor<16x1x1x16xf32>) outs(%init : !x) -> !x
  return %y : !x
}

// Levels on both sides of 0, depthwise products and floats stay.
// CHECK-LABEL: func.func @others
// CHECK-NOT: i8
// CHECK: return
func.func @others(%x: !x, %w: tensor<16x1x1x16xf32>, %d: tensor<3x3x16x1xf32>, %a: tensor<f32>, %s: tensor<f32>, %init: !x) -> (!x, !x, !x) {
  %lo = arith.negf %a : tensor<f32>
  %b = qat.bounded %x, %lo, %a {bits = 8 : i32, rounding = #qat.rounding<floor>} : !x
  %p = qat.pact %x, %a {bits = 8 : i32, rounding = #qat.rounding<floor>} : !x
  %q = qat.weight_min_max %w {bits = 8 : i32} : tensor<16x1x1x16xf32>
  %lb = qat.levels %b, %s : !x, tensor<f32>
  %lp = qat.levels %p, %s : !x, tensor<f32>
  %m = qat.levels %q, %s : tensor<16x1x1x16xf32>, tensor<f32>
  %0 = qat.contraction forward ins(%lb, %m : !x, tensor<16x1x1x16xf32>) outs(%init : !x) -> !x
  %1 = qat.contraction forward ins(%lp, %d : !x, tensor<3x3x16x1xf32>) outs(%init : !x) {pad = array<i64: 1, 1, 1, 1>, depthwise} -> !x
  %2 = qat.contraction forward ins(%p, %q : !x, tensor<16x1x1x16xf32>) outs(%init : !x) -> !x
  return %0, %1, %2 : !x, !x, !x
}
