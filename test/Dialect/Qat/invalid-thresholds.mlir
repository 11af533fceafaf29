// RUN: qat-mlir-opt %s -split-input-file -verify-diagnostics

func.func @shape_rows(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>, %w: tensor<2x2x!quant.uniform<i8:f32, 1.0>>) {
  %b = arith.constant dense<0> : tensor<2xi32>
  %t = arith.constant dense<[[1, 2, 3]]> : tensor<1x3xi32>
  // expected-error @+1 {{'qat.fully_connected' op expects 'thresholds' of shape [2, 3], but got [1, 3]}}
  %0 = qat.fully_connected %x, %w, %b, %t {accumulator_bits = 32 : i32} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<2x2x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>, tensor<1x3xi32>) -> tensor<1x2x!quant.uniform<u2:f32, 1.0>>
  return
}

// -----

func.func @shape_levels(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>, %w: tensor<2x2x!quant.uniform<i8:f32, 1.0>>) {
  %b = arith.constant dense<0> : tensor<2xi32>
  %t = arith.constant dense<0> : tensor<2x4xi32>
  // expected-error @+1 {{'qat.fully_connected' op expects 'thresholds' of shape [2, 3], but got [2, 4]}}
  %0 = qat.fully_connected %x, %w, %b, %t {accumulator_bits = 32 : i32} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<2x2x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>, tensor<2x4xi32>) -> tensor<1x2x!quant.uniform<u2:f32, 1.0>>
  return
}

// -----

func.func @narrow_storage(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>, %w: tensor<2x2x!quant.uniform<i8:f32, 1.0>>) {
  %b = arith.constant dense<0> : tensor<2xi32>
  %t = arith.constant dense<[[1, 2, 3], [4, 4, 5]]> : tensor<2x3xi32>
  // expected-error @+1 {{'qat.fully_connected' op expects 'thresholds' of shape [2, 2], but got [2, 3]}}
  %0 = qat.fully_connected %x, %w, %b, %t {accumulator_bits = 32 : i32} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<2x2x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>, tensor<2x3xi32>) -> tensor<1x2x!quant.uniform<u2<0:2>:f32, 1.0>>
  return
}

// -----

func.func @ascending(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>, %w: tensor<2x2x!quant.uniform<i8:f32, 1.0>>) {
  %b = arith.constant dense<0> : tensor<2xi32>
  %t = arith.constant dense<[[1, 2, 3], [0, 4, 3]]> : tensor<2x3xi32>
  // expected-error @+1 {{'qat.fully_connected' op expects ascending 'thresholds', but channel 1 has 3 after 4}}
  %0 = qat.fully_connected %x, %w, %b, %t {accumulator_bits = 32 : i32} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<2x2x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>, tensor<2x3xi32>) -> tensor<1x2x!quant.uniform<u2:f32, 1.0>>
  return
}

// -----

func.func @constant(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>, %w: tensor<2x2x!quant.uniform<i8:f32, 1.0>>, %t: tensor<2x3xi32>) {
  %b = arith.constant dense<0> : tensor<2xi32>
  // expected-error @+1 {{'qat.fully_connected' op expects constant 'thresholds'}}
  %0 = qat.fully_connected %x, %w, %b, %t {accumulator_bits = 32 : i32} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<2x2x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>, tensor<2x3xi32>) -> tensor<1x2x!quant.uniform<u2:f32, 1.0>>
  return
}

// -----

func.func @eight_bits(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>, %w: tensor<2x2x!quant.uniform<i8:f32, 1.0>>) {
  %b = arith.constant dense<0> : tensor<2xi32>
  %t = arith.constant dense<[[1, 2, 3], [4, 4, 5]]> : tensor<2x3xi32>
  // expected-error @+1 {{'qat.fully_connected' op expects a result of at most 8 bits with 'thresholds', but got}}
  %0 = qat.fully_connected %x, %w, %b, %t {accumulator_bits = 32 : i32} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<2x2x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>, tensor<2x3xi32>) -> tensor<1x2x!quant.uniform<i32:f32, 1.0>>
  return
}

// -----

func.func @multiplier(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>, %w: tensor<2x2x!quant.uniform<i8:f32, 1.0>>) {
  %b = arith.constant dense<0> : tensor<2xi32>
  %t = arith.constant dense<[[1, 2, 3], [4, 4, 5]]> : tensor<2x3xi32>
  // expected-error @+1 {{'qat.fully_connected' op expects no 'multiplier', 'shift' or 'rounding' with 'thresholds'}}
  %0 = qat.fully_connected %x, %w, %b, %t {multiplier = array<i32: 1>, shift = array<i8: 3>} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<2x2x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>, tensor<2x3xi32>) -> tensor<1x2x!quant.uniform<u2:f32, 1.0>>
  return
}

// -----

func.func @shift(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>, %w: tensor<2x2x!quant.uniform<i8:f32, 1.0>>) {
  %b = arith.constant dense<0> : tensor<2xi32>
  %t = arith.constant dense<[[1, 2, 3], [4, 4, 5]]> : tensor<2x3xi32>
  // expected-error @+1 {{'qat.fully_connected' op expects no 'multiplier', 'shift' or 'rounding' with 'thresholds'}}
  %0 = qat.fully_connected %x, %w, %b, %t {shift = array<i8: 3>} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<2x2x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>, tensor<2x3xi32>) -> tensor<1x2x!quant.uniform<u2:f32, 1.0>>
  return
}

// -----

func.func @rounding(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>, %w: tensor<2x2x!quant.uniform<i8:f32, 1.0>>) {
  %b = arith.constant dense<0> : tensor<2xi32>
  %t = arith.constant dense<[[1, 2, 3], [4, 4, 5]]> : tensor<2x3xi32>
  // expected-error @+1 {{'qat.fully_connected' op expects no 'multiplier', 'shift' or 'rounding' with 'thresholds'}}
  %0 = qat.fully_connected %x, %w, %b, %t {rounding = #qat.scale_rounding<single_round>} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<2x2x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>, tensor<2x3xi32>) -> tensor<1x2x!quant.uniform<u2:f32, 1.0>>
  return
}

// -----

func.func @bias(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>, %w: tensor<2x2x!quant.uniform<i8:f32, 1.0>>) {
  %b = arith.constant dense<[0, 1]> : tensor<2xi32>
  %t = arith.constant dense<[[1, 2, 3], [4, 4, 5]]> : tensor<2x3xi32>
  // expected-error @+1 {{'qat.fully_connected' op expects a constant 'bias' of zeros with 'thresholds', which hold the bias}}
  %0 = qat.fully_connected %x, %w, %b, %t {accumulator_bits = 32 : i32} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<2x2x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>, tensor<2x3xi32>) -> tensor<1x2x!quant.uniform<u2:f32, 1.0>>
  return
}

// -----

func.func @constant_bias(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>, %w: tensor<2x2x!quant.uniform<i8:f32, 1.0>>, %b: tensor<2xi32>) {
  %t = arith.constant dense<[[1, 2, 3], [4, 4, 5]]> : tensor<2x3xi32>
  // expected-error @+1 {{'qat.fully_connected' op expects a constant 'bias' of zeros with 'thresholds', which hold the bias}}
  %0 = qat.fully_connected %x, %w, %b, %t {accumulator_bits = 32 : i32} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<2x2x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>, tensor<2x3xi32>) -> tensor<1x2x!quant.uniform<u2:f32, 1.0>>
  return
}

// -----

func.func @falling_count(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>, %w: tensor<2x2x!quant.uniform<i8:f32, 1.0>>) {
  %b = arith.constant dense<0> : tensor<2xi32>
  %t = arith.constant dense<[[1, 2, 3], [4, 4, 5]]> : tensor<2x3xi32>
  // expected-error @+1 {{'qat.fully_connected' op expects 'falling' to have one element a channel (2), but got 1}}
  %0 = qat.fully_connected %x, %w, %b, %t {falling = array<i1: true>} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<2x2x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>, tensor<2x3xi32>) -> tensor<1x2x!quant.uniform<u2:f32, 1.0>>
  return
}

// -----

func.func @falling_alone(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>, %w: tensor<2x2x!quant.uniform<i8:f32, 1.0>>) {
  %b = arith.constant dense<0> : tensor<2xi32>
  // expected-error @+1 {{'qat.fully_connected' op expects 'thresholds' with 'falling'}}
  %0 = qat.fully_connected %x, %w, %b {falling = array<i1: true, false>} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<2x2x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>) -> tensor<1x2x!quant.uniform<u2:f32, 1.0>>
  return
}

// -----

// The other layers have the same checks.
func.func @conv2d(%x: tensor<1x4x4x2x!quant.uniform<u8:f32, 1.0>>, %w: tensor<2x1x1x2x!quant.uniform<i8:f32, 1.0>>) {
  %b = arith.constant dense<0> : tensor<2xi32>
  %t = arith.constant dense<0> : tensor<2x4xi32>
  // expected-error @+1 {{'qat.conv2d' op expects 'thresholds' of shape [2, 3], but got [2, 4]}}
  %0 = qat.conv2d %x, %w, %b, %t {pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x4x4x2x!quant.uniform<u8:f32, 1.0>>, tensor<2x1x1x2x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>, tensor<2x4xi32>) -> tensor<1x4x4x2x!quant.uniform<u2:f32, 1.0>>
  return
}

// -----

func.func @depthwise_conv2d(%x: tensor<1x4x4x2x!quant.uniform<u8:f32, 1.0>>, %w: tensor<1x1x2x!quant.uniform<i8:f32, 1.0>>) {
  %b = arith.constant dense<0> : tensor<2xi32>
  %t = arith.constant dense<0> : tensor<2x4xi32>
  // expected-error @+1 {{'qat.depthwise_conv2d' op expects 'thresholds' of shape [2, 3], but got [2, 4]}}
  %0 = qat.depthwise_conv2d %x, %w, %b, %t {pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x4x4x2x!quant.uniform<u8:f32, 1.0>>, tensor<1x1x2x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>, tensor<2x4xi32>) -> tensor<1x4x4x2x!quant.uniform<u2:f32, 1.0>>
  return
}
