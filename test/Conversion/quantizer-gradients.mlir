// RUN: qat-mlir-opt %s -split-input-file -convert-qat-to-linalg | FileCheck %s

// The sum keeps the last dimension, in f64, then adds that up and rounds once.
// CHECK-LABEL: func.func @pact
// CHECK-SAME:    %[[X:.*]]: tensor<2x3x4xf32>, %[[A:.*]]: tensor<f32>, %[[G:.*]]: tensor<2x3x4xf32>
// CHECK:         %[[ALPHA:.*]] = tensor.extract %[[A]]
// CHECK:         %[[DX:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[G]]
// CHECK:           arith.cmpf ogt
// CHECK-NEXT:      arith.cmpf olt, %{{.*}}, %[[ALPHA]]
// CHECK:         %[[COLUMNS:.*]] = linalg.generic {{.*}} iterator_types = ["reduction", "reduction", "parallel"]
// CHECK-SAME:      ins(%[[X]], %[[G]] {{.*}} outs(%{{.*}} : tensor<4xf64>)
// CHECK:           arith.cmpf oge, %{{.*}}, %[[ALPHA]]
// CHECK:           arith.extf
// CHECK-NEXT:      arith.addf {{.*}} : f64
// CHECK:         linalg.generic {{.*}} iterator_types = ["reduction"]} ins(%[[COLUMNS]] : tensor<4xf64>)
// CHECK:           arith.truncf {{.*}} : f64 to f32
func.func @pact(%x: tensor<2x3x4xf32>, %a: tensor<f32>, %g: tensor<2x3x4xf32>) -> (tensor<2x3x4xf32>, tensor<f32>) {
  %0:2 = qat.pact_gradient %x, %a, %g : tensor<2x3x4xf32>
  return %0#0, %0#1 : tensor<2x3x4xf32>, tensor<f32>
}

// -----

// Nothing reads the bound's gradient: nothing is summed.
// CHECK-LABEL: func.func @pact_fixed_bound
// CHECK-COUNT-1: linalg.generic
// CHECK-NOT:     linalg.generic
func.func @pact_fixed_bound(%x: tensor<2x3x4xf32>, %a: tensor<f32>, %g: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %0:2 = qat.pact_gradient %x, %a, %g : tensor<2x3x4xf32>
  return %0#0 : tensor<2x3x4xf32>
}

// -----

// The masks compare with the bounds as the quantizer takes them.
// CHECK-LABEL: func.func @bounded
// CHECK:         %[[IS_LO:.*]] = arith.cmpf olt
// CHECK:         %[[LO:.*]] = arith.select %[[IS_LO]]
// CHECK:         %[[IS_HI:.*]] = arith.cmpf ogt
// CHECK:         %[[HI:.*]] = arith.select %[[IS_HI]]
// CHECK:           arith.cmpf ole, %{{.*}}, %[[LO]]
// CHECK:           arith.cmpf oge, %{{.*}}, %[[HI]]
func.func @bounded(%x: tensor<5xf32>, %lo: tensor<f32>, %hi: tensor<f32>, %g: tensor<5xf32>) -> (tensor<f32>, tensor<f32>) {
  %0:3 = qat.bounded_gradient %x, %lo, %hi, %g : tensor<5xf32>
  return %0#1, %0#2 : tensor<f32>, tensor<f32>
}

// -----

// An element on the negative side counts with the other sign.
// CHECK-LABEL: func.func @symmetric
// CHECK:         %[[HI:.*]] = arith.select
// CHECK:         %[[LO:.*]] = arith.negf %[[HI]]
// CHECK:           arith.cmpf oge, %{{.*}}, %[[HI]]
// CHECK:           arith.cmpf ole, %{{.*}}, %[[LO]]
// CHECK:           arith.negf
func.func @symmetric(%w: tensor<f32>, %hi: tensor<f32>, %g: tensor<f32>) -> tensor<f32> {
  %0:2 = qat.symmetric_gradient %w, %hi, %g : tensor<f32>
  return %0#1 : tensor<f32>
}
