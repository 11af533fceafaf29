// RUN: qat-mlir-opt %s | qat-mlir-opt | FileCheck %s
// RUN: qat-mlir-opt %s -mlir-print-op-generic | qat-mlir-opt | FileCheck %s

// CHECK-LABEL: @batch_norm
func.func @batch_norm(%y: tensor<8x4x4x16xf32>, %g: tensor<8x4x4x16xf32>, %v: tensor<16xf32>, %m: tensor<f32>) {
  // CHECK: qat.channel_moments %{{.*}} : tensor<8x4x4x16xf32> -> tensor<16xf64>
  %s, %q = qat.channel_moments %y : tensor<8x4x4x16xf32> -> tensor<16xf64>
  // CHECK: qat.batch_statistics %{{.*}}, %{{.*}} {count = 128 : i64} : tensor<16xf64> -> tensor<16xf32>
  %mean, %variance = qat.batch_statistics %s, %q {count = 128 : i64} : tensor<16xf64> -> tensor<16xf32>
  // CHECK: qat.update_statistics {{.*}} {count = 128 : i64} : tensor<16xf32>
  %rm, %rv = qat.update_statistics %v, %v, %mean, %variance, %m {count = 128 : i64} : tensor<16xf32>
  // CHECK: qat.channel_products {{.*}} : tensor<8x4x4x16xf32>, tensor<16xf32> -> tensor<16xf64>
  %t, %p = qat.channel_products %g, %y, %mean : tensor<8x4x4x16xf32>, tensor<16xf32> -> tensor<16xf64>
  // CHECK: qat.batch_norm_gradient {{.*}} {count = 128 : i64, epsilon = {{.*}} : f32} : tensor<16xf64>, tensor<16xf32>
  %dg, %db, %k1, %k2, %k3 = qat.batch_norm_gradient %t, %p, %v, %mean, %variance {count = 128 : i64, epsilon = 1.0e-3 : f32} : tensor<16xf64>, tensor<16xf32>
  // CHECK: qat.channel_affine {{.*}} : tensor<8x4x4x16xf32>, tensor<16xf32>
  %dy = qat.channel_affine %g, %y, %k1, %k2, %k3 : tensor<8x4x4x16xf32>, tensor<16xf32>
  return
}

// CHECK-LABEL: @rank_2
func.func @rank_2(%y: tensor<8x16xf32>) {
  // CHECK: qat.channel_moments %{{.*}} : tensor<8x16xf32> -> tensor<16xf64>
  %s, %q = qat.channel_moments %y : tensor<8x16xf32> -> tensor<16xf64>
  // CHECK: qat.sum_to %{{.*}} : tensor<8x16xf32> -> tensor<1x16xf32>
  %r = qat.sum_to %y : tensor<8x16xf32> -> tensor<1x16xf32>
  // CHECK: qat.sum_to %{{.*}} : tensor<8x16xf32> -> tensor<f32>
  %f = qat.sum_to %y : tensor<8x16xf32> -> tensor<f32>
  return
}

// CHECK-LABEL: @gradients
func.func @gradients(%x: tensor<2x8x8x4xf32>, %g: tensor<2x4x4x4xf32>) {
  // CHECK: qat.clamp_gradient {{.*}} {maximum = 6.000000e+00 : f32, minimum = 0.000000e+00 : f32} : tensor<2x8x8x4xf32>
  %c = qat.clamp_gradient %x, %x {minimum = 0.0 : f32, maximum = 6.0 : f32} : tensor<2x8x8x4xf32>
  // CHECK: qat.avg_pool2d_gradient %{{.*}} : tensor<2x4x4x4xf32> -> tensor<2x8x8x4xf32>
  %a = qat.avg_pool2d_gradient %g {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : tensor<2x4x4x4xf32> -> tensor<2x8x8x4xf32>
  // CHECK: qat.max_pool2d_gradient {{.*}} : tensor<2x8x8x4xf32>, tensor<2x4x4x4xf32>
  %m = qat.max_pool2d_gradient %x, %g {kernel = array<i64: 3, 3>, stride = array<i64: 2, 2>, pad = array<i64: 1, 0, 1, 0>} : tensor<2x8x8x4xf32>, tensor<2x4x4x4xf32>
  // CHECK: qat.softmax_gradient {{.*}} : tensor<2x8x8x4xf32>
  %s = qat.softmax_gradient %x, %x : tensor<2x8x8x4xf32>
  return
}
