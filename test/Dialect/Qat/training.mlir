// RUN: qat-mlir-opt %s | qat-mlir-opt | FileCheck %s
// RUN: qat-mlir-opt %s -mlir-print-op-generic | qat-mlir-opt | FileCheck %s
// RUN: qat-mlir-opt %s -convert-qat-to-linalg | FileCheck %s --check-prefix=LOOPS
// LOOPS-NOT: qat.

// CHECK-LABEL: func.func @losses
// CHECK: qat.count_samples %{{.*}} {classes = 3 : i64} : tensor<2xi32> -> tensor<f32>
// CHECK: qat.softmax_cross_entropy %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<2xi32>, tensor<f32>
// CHECK: qat.distillation_loss %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<2xi32>, tensor<f32>
// CHECK: qat.blend %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<f32>
// CHECK: qat.mean_loss %{{.*}}, %{{.*}} : tensor<2xf32>, tensor<f32>
// CHECK: qat.count_correct %{{.*}}, %{{.*}} : tensor<2x3xf32>, tensor<2xi32> -> tensor<f32>
func.func @losses(%x: tensor<2x3xf32>, %t: tensor<2x3xf32>, %y: tensor<2xi32>, %smoothing: tensor<f32>, %temperature: tensor<f32>, %weight: tensor<f32>)
    -> (tensor<f32>, tensor<2x3xf32>, tensor<f32>, tensor<f32>) {
  %n = qat.count_samples %y {classes = 3 : i64} : tensor<2xi32> -> tensor<f32>
  %l0, %g0 = qat.softmax_cross_entropy %x, %y, %smoothing, %n : tensor<2x3xf32>, tensor<2xi32>, tensor<f32>
  %l1, %g1 = qat.distillation_loss %x, %t, %y, %temperature, %n : tensor<2x3xf32>, tensor<2xi32>, tensor<f32>
  %l = qat.blend %l0, %l1, %weight : tensor<2xf32>, tensor<f32>
  %g = qat.blend %g0, %g1, %weight : tensor<2x3xf32>, tensor<f32>
  %mean = qat.mean_loss %l, %n : tensor<2xf32>, tensor<f32>
  %top1, %top5 = qat.count_correct %x, %y : tensor<2x3xf32>, tensor<2xi32> -> tensor<f32>
  return %mean, %g, %top1, %top5 : tensor<f32>, tensor<2x3xf32>, tensor<f32>, tensor<f32>
}

// CHECK-LABEL: func.func @reconstruction
// CHECK: qat.mean_squared_error %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x3x4xf64>, tensor<f64>
func.func @reconstruction(%x: tensor<2x3x4xf64>, %t: tensor<2x3x4xf64>, %n: tensor<f64>) -> (tensor<2xf64>, tensor<2x3x4xf64>) {
  %l, %g = qat.mean_squared_error %x, %t, %n : tensor<2x3x4xf64>, tensor<f64>
  return %l, %g : tensor<2xf64>, tensor<2x3x4xf64>
}

// CHECK-LABEL: func.func @optimizers
// CHECK: qat.squared_norm(%{{.*}}, %{{.*}} : tensor<4x3xf32>, tensor<f32>)
// CHECK: qat.squared_norm()
// CHECK: qat.clip_factor %{{.*}}, %{{.*}}, %{{.*}} : tensor<f32>
// CHECK: qat.are_finite(%{{.*}}, %{{.*}} : tensor<f32>, tensor<f32>)
// CHECK: qat.scale %{{.*}} {factor = 2.500000e-01 : f64} : tensor<4x3xf32>
// CHECK: qat.accumulate %{{.*}}, %{{.*}} if %{{.*}} : tensor<4x3xf32>
// CHECK: qat.adam %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} if %{{.*}} scale %{{.*}} rate %{{.*}} decay %{{.*}} beta %{{.*}}, %{{.*}} correction %{{.*}}, %{{.*}} epsilon %{{.*}} : tensor<4x3xf32>, tensor<f32>
// CHECK: qat.sgd %{{.*}}, %{{.*}}, %{{.*}} if %{{.*}} scale %{{.*}} rate %{{.*}} decay %{{.*}} momentum %{{.*}} : tensor<f32>, tensor<f32>
// CHECK: qat.select %{{.*}}, %{{.*}}, %{{.*}} : tensor<4x3xf32>
func.func @optimizers(%w: tensor<4x3xf32>, %b: tensor<f32>, %g: tensor<4x3xf32>, %h: tensor<f32>, %m: tensor<4x3xf32>, %v: tensor<4x3xf32>, %p: tensor<f32>)
    -> (tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f64>) {
  %squares = qat.squared_norm(%g, %h : tensor<4x3xf32>, tensor<f32>)
  %none = qat.squared_norm()
  %norm, %scale = qat.clip_factor %squares, %p, %p : tensor<f32>
  %finite = qat.are_finite(%norm, %p : tensor<f32>, tensor<f32>)
  %g1 = qat.scale %g {factor = 0.25 : f64} : tensor<4x3xf32>
  %g2 = qat.accumulate %g, %g1 if %finite : tensor<4x3xf32>
  %w1, %m1, %v1 = qat.adam %w, %g2, %m, %v if %finite scale %scale rate %p decay %p beta %p, %p correction %p, %p epsilon %p : tensor<4x3xf32>, tensor<f32>
  %b1, %n1 = qat.sgd %b, %h, %p if %finite scale %scale rate %p decay %p momentum %p : tensor<f32>, tensor<f32>
  %w2 = qat.select %finite, %w1, %w : tensor<4x3xf32>
  return %w2, %m1, %v1, %b1, %n1, %norm, %none : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x3xf32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f64>
}

// The index of the sample is read, that of the batch is not: a tile of the
// batch keeps its mask.
// CHECK-LABEL: func.func @dropout
// CHECK: qat.dropout %{{.*}}, %{{.*}}, %{{.*}} {rate = 2.000000e-01 : f64, stream = 1 : i32} : tensor<2x3x4xf32>, tensor<2xi32>
// LOOPS-LABEL: func.func @dropout
// LOOPS-NOT: linalg.index 0
// LOOPS: linalg.index 1
// LOOPS: linalg.index 2
func.func @dropout(%x: tensor<2x3x4xf32>, %seed: tensor<2xi32>, %samples: tensor<2xi32>) -> tensor<2x3x4xf32> {
  %y = qat.dropout %x, %seed, %samples {rate = 0.2 : f64, stream = 1 : i32} : tensor<2x3x4xf32>, tensor<2xi32>
  return %y : tensor<2x3x4xf32>
}
