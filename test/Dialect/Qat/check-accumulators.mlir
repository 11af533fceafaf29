// RUN: qat-mlir-opt %s -split-input-file -qat-check-accumulators -verify-diagnostics | FileCheck %s

// 255 * 100 and 0 * 100 around bias 0.
// CHECK-LABEL: func.func @small
func.func @small(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>) -> tensor<1x1x!quant.uniform<i32:f32, 1.0>> {
  %kw = arith.constant dense<[[100, -100]]> : tensor<1x2xi8>
  %w = quant.scast %kw : tensor<1x2xi8> to tensor<1x2x!quant.uniform<i8:f32, 1.0>>
  %b = arith.constant dense<0> : tensor<1xi32>
  // CHECK: accumulator_bits = 32 : i32
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<1x2x!quant.uniform<i8:f32, 1.0>>, tensor<1xi32>) -> tensor<1x1x!quant.uniform<i32:f32, 1.0>>
  return %0 : tensor<1x1x!quant.uniform<i32:f32, 1.0>>
}

// -----

// The highest sum, 255 * 100, is 2^31 - 1 with this bias.
// CHECK-LABEL: func.func @just_fits
func.func @just_fits(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>) -> tensor<1x1x!quant.uniform<i32:f32, 1.0>> {
  %kw = arith.constant dense<[[100, -100]]> : tensor<1x2xi8>
  %w = quant.scast %kw : tensor<1x2xi8> to tensor<1x2x!quant.uniform<i8:f32, 1.0>>
  %b = arith.constant dense<2147458147> : tensor<1xi32>
  // CHECK: accumulator_bits = 32 : i32
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<1x2x!quant.uniform<i8:f32, 1.0>>, tensor<1xi32>) -> tensor<1x1x!quant.uniform<i32:f32, 1.0>>
  return %0 : tensor<1x1x!quant.uniform<i32:f32, 1.0>>
}

// -----

// One more does not fit. The op prints no width: 64 is what it has by default.
// CHECK-LABEL: func.func @one_too_many
func.func @one_too_many(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>) -> tensor<1x1x!quant.uniform<i32:f32, 1.0>> {
  %kw = arith.constant dense<[[100, -100]]> : tensor<1x2xi8>
  %w = quant.scast %kw : tensor<1x2xi8> to tensor<1x2x!quant.uniform<i8:f32, 1.0>>
  %b = arith.constant dense<2147458148> : tensor<1xi32>
  // CHECK-NOT: accumulator_bits
  // expected-remark @+1 {{accumulators reach [-25500, 2147483648]: 64-bit accumulators}}
  %0 = qat.fully_connected %x, %w, %b {accumulator_bits = 32 : i32} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<1x2x!quant.uniform<i8:f32, 1.0>>, tensor<1xi32>) -> tensor<1x1x!quant.uniform<i32:f32, 1.0>>
  return %0 : tensor<1x1x!quant.uniform<i32:f32, 1.0>>
}

// -----

// The last sum fits, a partial one does not: -2^31 + 1 - 25500 on the way.
// CHECK-LABEL: func.func @partial_sum
func.func @partial_sum(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>) -> tensor<1x1x!quant.uniform<i32:f32, 1.0>> {
  %kw = arith.constant dense<[[100, -100]]> : tensor<1x2xi8>
  %w = quant.scast %kw : tensor<1x2xi8> to tensor<1x2x!quant.uniform<i8:f32, 1.0>>
  %b = arith.constant dense<-2147483647> : tensor<1xi32>
  // CHECK-NOT: accumulator_bits
  // expected-remark @+1 {{accumulators reach [-2147509147, 25500]: 64-bit accumulators}}
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<1x2x!quant.uniform<i8:f32, 1.0>>, tensor<1xi32>) -> tensor<1x1x!quant.uniform<i32:f32, 1.0>>
  return %0 : tensor<1x1x!quant.uniform<i32:f32, 1.0>>
}

// -----

// Unsigned weights: stored 255 (printed -1) less the zero point 5 is 250; inputs
// lie 3 below to 12 above theirs. The second channel has the zero point 255.
// CHECK-LABEL: func.func @zero_points
func.func @zero_points(%x: tensor<1x1x!quant.uniform<u4:f32, 1.0:3>>) -> tensor<1x2x!quant.uniform<i32:f32, 1.0>> {
  %kw = arith.constant dense<[[-1], [0]]> : tensor<2x1xi8>
  %w = quant.scast %kw : tensor<2x1xi8> to tensor<2x1x!quant.uniform<u8:f32:0, {1.0:5, 1.0:255}>>
  %b = arith.constant dense<[2147480647, -2147480588]> : tensor<2xi32>
  // 250 * 12 = 3000 and -255 * 12 = -3060
  // CHECK: accumulator_bits = 32 : i32
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x1x!quant.uniform<u4:f32, 1.0:3>>, tensor<2x1x!quant.uniform<u8:f32:0, {1.0:5, 1.0:255}>>, tensor<2xi32>) -> tensor<1x2x!quant.uniform<i32:f32, 1.0>>
  return %0 : tensor<1x2x!quant.uniform<i32:f32, 1.0>>
}

// -----

// One more in the second channel.
// CHECK-LABEL: func.func @zero_points_one_too_many
func.func @zero_points_one_too_many(%x: tensor<1x1x!quant.uniform<u4:f32, 1.0:3>>) -> tensor<1x2x!quant.uniform<i32:f32, 1.0>> {
  %kw = arith.constant dense<[[-1], [0]]> : tensor<2x1xi8>
  %w = quant.scast %kw : tensor<2x1xi8> to tensor<2x1x!quant.uniform<u8:f32:0, {1.0:5, 1.0:255}>>
  %b = arith.constant dense<[2147480647, -2147480589]> : tensor<2xi32>
  // expected-remark @+1 {{accumulators reach [-2147483649, 2147483647]: 64-bit accumulators}}
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x1x!quant.uniform<u4:f32, 1.0:3>>, tensor<2x1x!quant.uniform<u8:f32:0, {1.0:5, 1.0:255}>>, tensor<2xi32>) -> tensor<1x2x!quant.uniform<i32:f32, 1.0>>
  return %0 : tensor<1x2x!quant.uniform<i32:f32, 1.0>>
}

// -----

// 2-bit weights are signed where their type is: -2 of i2.
// CHECK-LABEL: func.func @two_bits
func.func @two_bits(%x: tensor<1x1x!quant.uniform<u8:f32, 1.0>>) -> tensor<1x1x!quant.uniform<i32:f32, 1.0>> {
  %kw = arith.constant dense<-2> : tensor<1x1xi2>
  %w = quant.scast %kw : tensor<1x1xi2> to tensor<1x1x!quant.uniform<i2:f32, 1.0>>
  %b = arith.constant dense<-2147483139> : tensor<1xi32>
  // expected-remark @+1 {{accumulators reach [-2147483649, 0]: 64-bit accumulators}}
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x1x!quant.uniform<u8:f32, 1.0>>, tensor<1x1x!quant.uniform<i2:f32, 1.0>>, tensor<1xi32>) -> tensor<1x1x!quant.uniform<i32:f32, 1.0>>
  return %0 : tensor<1x1x!quant.uniform<i32:f32, 1.0>>
}

// -----

// The channel of a depthwise weight is its last dimension: 1 and 100 alternate.
// CHECK-LABEL: func.func @depthwise
func.func @depthwise(%x: tensor<1x1x1x2x!quant.uniform<u8:f32, 1.0>>) -> tensor<1x1x1x4x!quant.uniform<i32:f32, 1.0>> {
  %k = arith.constant dense<[[[1, 100, 1, 100]]]> : tensor<1x1x4xi8>
  %w = quant.scast %k : tensor<1x1x4xi8> to tensor<1x1x4x!quant.uniform<i8:f32, 1.0>>
  %b = arith.constant dense<[2147483392, 2147458147, 2147483392, 2147458147]> : tensor<4xi32>
  // CHECK: accumulator_bits = 32 : i32
  %0 = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x1x1x2x!quant.uniform<u8:f32, 1.0>>, tensor<1x1x4x!quant.uniform<i8:f32, 1.0>>, tensor<4xi32>) -> tensor<1x1x1x4x!quant.uniform<i32:f32, 1.0>>
  return %0 : tensor<1x1x1x4x!quant.uniform<i32:f32, 1.0>>
}

// -----

// All taps of a convolution count: 4 * 255 * 127.
// CHECK-LABEL: func.func @conv
func.func @conv(%x: tensor<1x2x2x1x!quant.uniform<u8:f32, 1.0>>) -> tensor<1x1x1x2x!quant.uniform<i32:f32, 1.0>> {
  %k = arith.constant dense<127> : tensor<2x2x2x1xi8>
  %w = quant.scast %k : tensor<2x2x2x1xi8> to tensor<2x2x2x1x!quant.uniform<i8:f32, 1.0>>
  %b = arith.constant dense<[0, 2147354108]> : tensor<2xi32>
  // expected-remark @+1 {{accumulators reach [0, 2147483648]: 64-bit accumulators}}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>} : (tensor<1x2x2x1x!quant.uniform<u8:f32, 1.0>>, tensor<2x2x2x1x!quant.uniform<i8:f32, 1.0>>, tensor<2xi32>) -> tensor<1x1x1x2x!quant.uniform<i32:f32, 1.0>>
  return %0 : tensor<1x1x1x2x!quant.uniform<i32:f32, 1.0>>
}

// -----

// Weights that are not known prove nothing.
// CHECK-LABEL: func.func @weights_as_argument
func.func @weights_as_argument(%x: tensor<1x2x!quant.uniform<u8:f32, 1.0>>, %w: tensor<1x2x!quant.uniform<i8:f32, 1.0>>) -> tensor<1x1x!quant.uniform<i32:f32, 1.0>> {
  %b = arith.constant dense<0> : tensor<1xi32>
  // CHECK-NOT: accumulator_bits
  // expected-remark @+1 {{weights or bias are not constant: 64-bit accumulators}}
  %0 = qat.fully_connected %x, %w, %b {accumulator_bits = 32 : i32} : (tensor<1x2x!quant.uniform<u8:f32, 1.0>>, tensor<1x2x!quant.uniform<i8:f32, 1.0>>, tensor<1xi32>) -> tensor<1x1x!quant.uniform<i32:f32, 1.0>>
  return %0 : tensor<1x1x!quant.uniform<i32:f32, 1.0>>
}
