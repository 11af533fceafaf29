// RUN: qat-mlir-opt %s --qat-plan-scratch --split-input-file --verify-diagnostics | FileCheck %s

// The first and the last temporary do not live at the same time.

// CHECK-LABEL: func.func @group
// CHECK-SAME: (%[[X:.*]]: memref<16xf32>, %[[A:.*]]: memref<16xf32>, %[[B:.*]]: memref<16xf32>, %[[C:.*]]: memref<16xf32>)
// CHECK-SAME: qat.scratch = array<i64: [[FIRST:.*]], [[OTHER:.*]], [[FIRST]]>
// CHECK-SAME: qat.scratch_bytes = 128 : i64
// CHECK-NOT: memref.alloc
// CHECK: linalg.copy ins(%[[X]] : memref<16xf32>) outs(%[[A]]
// CHECK: linalg.copy ins(%[[A]] : memref<16xf32>) outs(%[[B]]
// CHECK: linalg.copy ins(%[[B]] : memref<16xf32>) outs(%[[C]]
// CHECK: linalg.copy ins(%[[C]] : memref<16xf32>) outs(%[[X]]
func.func @group(%x: memref<16xf32>) {
  %a = memref.alloc() : memref<16xf32>
  linalg.copy ins(%x : memref<16xf32>) outs(%a : memref<16xf32>)
  %b = memref.alloc() : memref<16xf32>
  linalg.copy ins(%a : memref<16xf32>) outs(%b : memref<16xf32>)
  %c = memref.alloc() : memref<16xf32>
  linalg.copy ins(%b : memref<16xf32>) outs(%c : memref<16xf32>)
  linalg.copy ins(%c : memref<16xf32>) outs(%x : memref<16xf32>)
  return
}

// -----

func.func @in_a_loop(%x: memref<16xf32>, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.for %i = %zero to %n step %one {
    // expected-error @below {{a temporary of a training step must be of static size and outside of loops}}
    %a = memref.alloc() : memref<16xf32>
    linalg.copy ins(%x : memref<16xf32>) outs(%a : memref<16xf32>)
  }
  return
}
