// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics

func.func @channel_moments_c1(%y: tensor<8x4x4x16xf32>) {
  // expected-error @+1 {{'qat.channel_moments' op expects 'sum' to have one element a channel (16), but got 'tensor<4xf64>'}}
  %s, %q = qat.channel_moments %y : tensor<8x4x4x16xf32> -> tensor<4xf64>
  return
}

// -----

func.func @channel_moments_type(%y: tensor<8x4x4x16xf32>) {
  // expected-error @+1 {{'qat.channel_moments' op result #0 must be 1D tensor of 64-bit float values of static shape with 1 to 2^31-1 elements, but got 'tensor<16xf32>'}}
  %s, %q = qat.channel_moments %y : tensor<8x4x4x16xf32> -> tensor<16xf32>
  return
}

// -----

func.func @channel_products_c1(%y: tensor<8x4x4x16xf32>, %m: tensor<4xf32>) {
  // expected-error @+1 {{'qat.channel_products' op expects 'mean' to have one element a channel (16), but got 'tensor<4xf32>'}}
  %s, %p = qat.channel_products %y, %y, %m : tensor<8x4x4x16xf32>, tensor<4xf32> -> tensor<16xf64>
  return
}

// -----

func.func @channel_products_c1_sum(%y: tensor<8x4x4x16xf32>, %m: tensor<16xf32>) {
  // expected-error @+1 {{'qat.channel_products' op expects 'sum' to have one element a channel (16), but got 'tensor<8xf64>'}}
  %s, %p = qat.channel_products %y, %y, %m : tensor<8x4x4x16xf32>, tensor<16xf32> -> tensor<8xf64>
  return
}

// -----

func.func @sum_to_c1(%y: tensor<8x4x16xf32>) {
  // expected-error @+1 {{'qat.sum_to' op expects a result that broadcasts to 'tensor<8x4x16xf32>', but got 'tensor<8xf32>'}}
  %s = qat.sum_to %y : tensor<8x4x16xf32> -> tensor<8xf32>
  return
}

// -----

func.func @sum_to_c1_rank(%y: tensor<8x4xf32>) {
  // expected-error @+1 {{'qat.sum_to' op expects a result that broadcasts to 'tensor<8x4xf32>', but got 'tensor<1x8x4xf32>'}}
  %s = qat.sum_to %y : tensor<8x4xf32> -> tensor<1x8x4xf32>
  return
}

// -----

func.func @batch_statistics_c1(%s: tensor<4xf64>) {
  // expected-error @+1 {{'qat.batch_statistics' op expects 'mean' to have one element a channel (4), but got 'tensor<2xf32>'}}
  %m, %v = qat.batch_statistics %s, %s {count = 8 : i64} : tensor<4xf64> -> tensor<2xf32>
  return
}

// -----

func.func @batch_statistics_count(%s: tensor<4xf64>) {
  // expected-error @+1 {{'qat.batch_statistics' op attribute 'count' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %m, %v = qat.batch_statistics %s, %s {count = 0 : i64} : tensor<4xf64> -> tensor<4xf32>
  return
}

// -----

func.func @batch_norm_gradient_c1(%s: tensor<4xf64>, %v: tensor<2xf32>) {
  // expected-error @+1 {{'qat.batch_norm_gradient' op expects 'sum' to have one element a channel (2), but got 'tensor<4xf64>'}}
  %0:5 = qat.batch_norm_gradient %s, %s, %v, %v, %v {count = 8 : i64, epsilon = 1.0e-3 : f32} : tensor<4xf64>, tensor<2xf32>
  return
}

// -----

func.func @batch_norm_gradient_c2(%s: tensor<4xf64>, %v: tensor<4xf32>) {
  // expected-error @+1 {{'qat.batch_norm_gradient' op expects a finite 'epsilon' of at least 0, but got}}
  %0:5 = qat.batch_norm_gradient %s, %s, %v, %v, %v {count = 8 : i64, epsilon = -1.0e-3 : f32} : tensor<4xf64>, tensor<4xf32>
  return
}

// -----

func.func @channel_affine_c1(%y: tensor<8x16xf32>, %v: tensor<8xf32>) {
  // expected-error @+1 {{'qat.channel_affine' op expects 'offset' to have one element a channel (16), but got 'tensor<8xf32>'}}
  %0 = qat.channel_affine %y, %y, %v, %v, %v : tensor<8x16xf32>, tensor<8xf32>
  return
}

// -----

func.func @clamp_gradient_c1(%y: tensor<8x16xf32>) {
  // expected-error @+1 {{'qat.clamp_gradient' op expects bounds that are numbers}}
  %0 = qat.clamp_gradient %y, %y {minimum = 0x7FC00000 : f32, maximum = 6.0 : f32} : tensor<8x16xf32>
  return
}

// -----

func.func @avg_pool2d_gradient_c1(%g: tensor<2x4x4x4xf32>) {
  // expected-error @+1 {{'qat.avg_pool2d_gradient' op expects 'upstream' to have the shape [3, 4, 4, 4], but got [2, 4, 4, 4]}}
  %a = qat.avg_pool2d_gradient %g {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : tensor<2x4x4x4xf32> -> tensor<3x8x8x4xf32>
  return
}

// -----

func.func @avg_pool2d_gradient_c2(%g: tensor<2x4x4x4xf32>) {
  // expected-error @+1 {{'qat.avg_pool2d_gradient' op expects 'upstream' to have the shape [2, 7, 7, 4], but got [2, 4, 4, 4]}}
  %a = qat.avg_pool2d_gradient %g {kernel = array<i64: 2, 2>, stride = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>} : tensor<2x4x4x4xf32> -> tensor<2x8x8x4xf32>
  return
}

// -----

func.func @avg_pool2d_gradient_c3(%g: tensor<2x4x4x4xf32>) {
  // expected-error @+1 {{'qat.avg_pool2d_gradient' op expects each pad to be smaller than the kernel [2, 2], but got [2, 0, 0, 0]}}
  %a = qat.avg_pool2d_gradient %g {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 2, 0, 0, 0>} : tensor<2x4x4x4xf32> -> tensor<2x8x8x4xf32>
  return
}

// -----

func.func @max_pool2d_gradient_c1(%x: tensor<2x8x8x4xf32>, %g: tensor<2x4x4x3xf32>) {
  // expected-error @+1 {{'qat.max_pool2d_gradient' op expects 'upstream' to have the shape [2, 4, 4, 4], but got [2, 4, 4, 3]}}
  %m = qat.max_pool2d_gradient %x, %g {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : tensor<2x8x8x4xf32>, tensor<2x4x4x3xf32>
  return
}

// -----

func.func @max_pool2d_gradient_c2(%x: tensor<2x8x8x4xf32>, %g: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'qat.max_pool2d_gradient' op expects 'upstream' to have the shape [2, 4, 4, 4], but got [2, 5, 4, 4]}}
  %m = qat.max_pool2d_gradient %x, %g {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : tensor<2x8x8x4xf32>, tensor<2x5x4x4xf32>
  return
}

// -----

func.func @max_pool2d_gradient_c3(%x: tensor<2x8x8x4xf32>, %g: tensor<2x4x4x4xf32>) {
  // expected-error @+1 {{'qat.max_pool2d_gradient' op expects each pad to be smaller than the kernel [2, 2], but got [0, 0, 0, 3]}}
  %m = qat.max_pool2d_gradient %x, %g {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 3>} : tensor<2x8x8x4xf32>, tensor<2x4x4x4xf32>
  return
}

// -----

func.func @softmax_gradient_c1(%x: tensor<f32>) {
  // expected-error @+1 {{'qat.softmax_gradient' op expects 'result' to have at least one dimension}}
  %s = qat.softmax_gradient %x, %x : tensor<f32>
  return
}

// -----

func.func @update_statistics_count(%v: tensor<4xf32>, %m: tensor<f32>) {
  // expected-error @+1 {{'qat.update_statistics' op attribute 'count' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %0, %1 = qat.update_statistics %v, %v, %v, %v, %m {count = 0 : i64} : tensor<4xf32>
  return
}

// -----

func.func @channel_products_rank(%g: tensor<8x4x16xf32>, %v: tensor<16xf32>) {
  // expected-error @+1 {{'qat.channel_products' op operand #0 must be}}
  %0, %1 = qat.channel_products %g, %g, %v : tensor<8x4x16xf32>, tensor<16xf32> -> tensor<16xf64>
  return
}
