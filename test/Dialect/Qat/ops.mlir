// RUN: qat-mlir-opt %s --verify-roundtrip | FileCheck %s
// RUN: qat-mlir-opt %s --emit-bytecode | qat-mlir-opt | FileCheck %s
// RUN: qat-mlir-opt %s -mlir-print-op-generic | qat-mlir-opt | FileCheck %s
// RUN: qat-mlir-opt %s -mlir-print-debuginfo | qat-mlir-opt | FileCheck %s

//===----------------------------------------------------------------------===//
// Form F
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @batch_norm
func.func @batch_norm(%x: tensor<1x8x8x16xf32>, %c: tensor<16xf32>) -> tensor<1x8x8x16xf32> {
  // CHECK: qat.batch_norm %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 1.000000e-03 : f32} : tensor<1x8x8x16xf32>, tensor<16xf32>
  %0 = qat.batch_norm %x, %c, %c, %c, %c {epsilon = 1.0e-3 : f32} : tensor<1x8x8x16xf32>, tensor<16xf32>
  // CHECK: fold_type = #qat.fold_type<ICN>, frozen
  %1 = qat.batch_norm %0, %c, %c, %c, %c {epsilon = 1.0e-3 : f32, fold_type = #qat.fold_type<ICN>, frozen} : tensor<1x8x8x16xf32>, tensor<16xf32>
  return %1 : tensor<1x8x8x16xf32>
}

// CHECK-LABEL: func.func @grouped_conv2d
func.func @grouped_conv2d(%x: tensor<?x8x8x4xf32>, %w: tensor<6x3x3x2xf32>, %c: tensor<6xf32>) -> tensor<?x4x8x6xf32> {
  // CHECK: qat.grouped_conv2d %{{.*}}, %{{.*}}, %{{.*}} {dilation = array<i64: 1, 1>, groups = 2 : i64, pad = array<i64: 1, 0, 1, 1>, stride = array<i64: 2, 1>} : (tensor<?x8x8x4xf32>, tensor<6x3x3x2xf32>, tensor<6xf32>) -> tensor<?x4x8x6xf32>
  %0 = qat.grouped_conv2d %x, %w, %c {pad = array<i64: 1, 0, 1, 1>, stride = array<i64: 2, 1>, dilation = array<i64: 1, 1>, groups = 2 : i64} : (tensor<?x8x8x4xf32>, tensor<6x3x3x2xf32>, tensor<6xf32>) -> tensor<?x4x8x6xf32>
  return %0 : tensor<?x4x8x6xf32>
}

// CHECK-LABEL: func.func @softmax
func.func @softmax(%x: tensor<1x10xf32>) -> tensor<1x10xf32> {
  // CHECK: qat.softmax %{{.*}} : tensor<1x10xf32>
  %0 = qat.softmax %x : tensor<1x10xf32>
  return %0 : tensor<1x10xf32>
}

// CHECK-LABEL: func.func @fold
func.func @fold(%w: tensor<16x3x3x3xf32>, %dw: tensor<3x3x8x2xf32>, %c: tensor<16xf32>) {
  // CHECK: qat.fold_weight %{{.*}} {channel_axes = array<i64: 0>, epsilon = 1.000000e-03 : f32} : tensor<16x3x3x3xf32>, tensor<16xf32>
  %0 = qat.fold_weight %w, %c, %c {channel_axes = array<i64: 0>, epsilon = 1.0e-3 : f32} : tensor<16x3x3x3xf32>, tensor<16xf32>
  // CHECK: qat.fold_weight %{{.*}} {channel_axes = array<i64: 2, 3>
  %1 = qat.fold_weight %dw, %c, %c {channel_axes = array<i64: 2, 3>, epsilon = 1.0e-3 : f32} : tensor<3x3x8x2xf32>, tensor<16xf32>
  // CHECK: qat.fold_bias %{{.*}} {epsilon = 1.000000e-03 : f32} : tensor<16xf32>
  %2 = qat.fold_bias %c, %c, %c, %c, %c {epsilon = 1.0e-3 : f32} : tensor<16xf32>
  return
}

//===----------------------------------------------------------------------===//
// Form Q
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @activations
func.func @activations(%x: tensor<1x8x8x16xf32>, %a: tensor<f32>) -> tensor<1x8x8x16xf32> {
  // CHECK: qat.quantize_input %{{.*}} {maximum = 2.550000e+02 : f32, minimum = 0.000000e+00 : f32} : tensor<1x8x8x16xf32>
  %0 = qat.quantize_input %x {minimum = 0.0 : f32, maximum = 255.0 : f32} : tensor<1x8x8x16xf32>
  // CHECK: qat.pact %{{.*}}, %{{.*}} {bits = 8 : i32, float_bound = 6.000000e+00 : f32, rounding = #qat.rounding<nearest>} : tensor<1x8x8x16xf32>
  %1 = qat.pact %0, %a {bits = 8 : i32, rounding = #qat.rounding<nearest>, float_bound = 6.0 : f32} : tensor<1x8x8x16xf32>
  // CHECK: qat.bounded %{{.*}}, %{{.*}}, %{{.*}} {bits = 4 : i32, rounding = #qat.rounding<floor>} : tensor<1x8x8x16xf32>
  %2 = qat.bounded %1, %a, %a {bits = 4 : i32, rounding = #qat.rounding<floor>} : tensor<1x8x8x16xf32>
  return %2 : tensor<1x8x8x16xf32>
}

// CHECK-LABEL: func.func @weights
func.func @weights(%w: tensor<16x3x3x3xf32>, %b: tensor<f32>) {
  // CHECK: qat.weight_asymmetric_pact %{{.*}}, %{{.*}}, %{{.*}} {bits = 4 : i32} : tensor<16x3x3x3xf32>
  %0 = qat.weight_asymmetric_pact %w, %b, %b {bits = 4 : i32} : tensor<16x3x3x3xf32>
  // CHECK: qat.weight_symmetric_pact %{{.*}}, %{{.*}} {bits = 2 : i32} : tensor<16x3x3x3xf32>
  %1 = qat.weight_symmetric_pact %w, %b {bits = 2 : i32} : tensor<16x3x3x3xf32>
  // CHECK: qat.weight_min_max %{{.*}} {bits = 8 : i32} : tensor<16x3x3x3xf32>
  %2 = qat.weight_min_max %w {bits = 8 : i32} : tensor<16x3x3x3xf32>
  // CHECK: qat.weight_min_max %{{.*}} {bits = 8 : i32, channel_axes = array<i64: 0>} : tensor<16x3x3x3xf32>
  %3 = qat.weight_min_max %w {bits = 8 : i32, channel_axes = array<i64: 0>} : tensor<16x3x3x3xf32>
  return
}

//===----------------------------------------------------------------------===//
// Gradients
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @gradients
func.func @gradients(%x: tensor<2x8x8x16xf32>, %b: tensor<f32>, %g: tensor<2x8x8x16xf32>) {
  // CHECK: %{{.*}}, %{{.*}} = qat.pact_gradient %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x8x8x16xf32>
  %0:2 = qat.pact_gradient %x, %b, %g : tensor<2x8x8x16xf32>
  // CHECK: %{{.*}}, %{{.*}}, %{{.*}} = qat.bounded_gradient %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x8x8x16xf32>
  %1:3 = qat.bounded_gradient %x, %b, %b, %0#0 : tensor<2x8x8x16xf32>
  // CHECK: %{{.*}}, %{{.*}} = qat.symmetric_gradient %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x8x8x16xf32>
  %2:2 = qat.symmetric_gradient %x, %0#1, %1#0 : tensor<2x8x8x16xf32>
  return
}

//===----------------------------------------------------------------------===//
// Form I
//===----------------------------------------------------------------------===//

!u8 = !quant.uniform<u8:f32, 0.05>
!w8 = !quant.uniform<u8:f32, 0.02:128>
!w4c = !quant.uniform<u4:f32:0, {0.5:1, 0.25:2}>

// CHECK-LABEL: func.func @conv2d
func.func @conv2d(%x: tensor<1x8x8x4x!u8>, %w: tensor<2x3x3x2x!w4c>, %b: tensor<2xi32>) -> tensor<1x8x8x2x!u8> {
  // CHECK: qat.conv2d %{{.*}}, %{{.*}}, %{{.*}} {accumulator_bits = 32 : i32, dilation = array<i64: 1, 1>, groups = 2 : i64, multiplier = array<i32: 5, 6>, pad = array<i64: 1, 1, 1, 1>, shift = array<i8: 3, 4>, stride = array<i64: 1, 1>}
  %0 = qat.conv2d %x, %w, %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 2 : i64, multiplier = array<i32: 5, 6>, shift = array<i8: 3, 4>, accumulator_bits = 32 : i32} : (tensor<1x8x8x4x!u8>, tensor<2x3x3x2x!w4c>, tensor<2xi32>) -> tensor<1x8x8x2x!u8>
  return %0 : tensor<1x8x8x2x!u8>
}

// CHECK-LABEL: func.func @depthwise_conv2d
func.func @depthwise_conv2d(%x: tensor<1x9x8x4x!u8>, %w: tensor<3x3x8x!w8>, %b: tensor<8xi32>) -> tensor<1x4x4x8x!u8> {
  // CHECK: qat.depthwise_conv2d
  %0 = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 0, 0, 0, 1>, stride = array<i64: 2, 2>, dilation = array<i64: 1, 1>, multiplier = array<i32: 5>, shift = array<i8: 3>} : (tensor<1x9x8x4x!u8>, tensor<3x3x8x!w8>, tensor<8xi32>) -> tensor<1x4x4x8x!u8>
  return %0 : tensor<1x4x4x8x!u8>
}

// CHECK-LABEL: func.func @fully_connected
func.func @fully_connected(%x: tensor<1x64x!u8>, %w: tensor<10x64x!w8>, %b: tensor<10xi32>) -> tensor<1x10x!quant.uniform<i32:f32, 1.000000e-03>> {
  // CHECK: qat.fully_connected
  %0 = qat.fully_connected %x, %w, %b : (tensor<1x64x!u8>, tensor<10x64x!w8>, tensor<10xi32>) -> tensor<1x10x!quant.uniform<i32:f32, 1.000000e-03>>
  return %0 : tensor<1x10x!quant.uniform<i32:f32, 1.000000e-03>>
}

// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%x: tensor<1x8x8x4x!u8>, %y: tensor<1x8x8x4x!quant.uniform<i8:f32, 0.05:3>>) -> tensor<1x8x8x4x!u8> {
  // CHECK: qat.add
  %0 = qat.add %x, %y {lhs_multiplier = 524288 : i32, rhs_multiplier = 524288 : i32, offset = 262144 : i32, shift = 19 : i32} : (tensor<1x8x8x4x!u8>, tensor<1x8x8x4x!quant.uniform<i8:f32, 0.05:3>>) -> tensor<1x8x8x4x!u8>
  // CHECK: qat.requantize
  %1 = qat.requantize %0 {multiplier = 524288 : i32, offset = 0 : i32, shift = 19 : i32} : (tensor<1x8x8x4x!u8>) -> tensor<1x8x8x4x!u8>
  return %1 : tensor<1x8x8x4x!u8>
}

// CHECK-LABEL: func.func @moves
func.func @moves(%x: tensor<1x8x8x4x!u8>, %y: tensor<1x8x8x2x!u8>) -> tensor<1x9x11x6x!u8> {
  // CHECK: qat.concat %{{.*}}, %{{.*}} {axis = 3 : i64}
  %0 = qat.concat %x, %y {axis = 3 : i64} : (tensor<1x8x8x4x!u8>, tensor<1x8x8x2x!u8>) -> tensor<1x8x8x6x!u8>
  // CHECK: qat.pad %{{.*}} {high = array<i64: 0, 1, 2, 0>, low = array<i64: 0, 0, 1, 0>, value = 255 : i32}
  %1 = qat.pad %0 {low = array<i64: 0, 0, 1, 0>, high = array<i64: 0, 1, 2, 0>, value = 255 : i32} : (tensor<1x8x8x6x!u8>) -> tensor<1x9x11x6x!u8>
  return %1 : tensor<1x9x11x6x!u8>
}

// CHECK-LABEL: func.func @pools
func.func @pools(%x: tensor<1x8x8x4x!u8>) -> tensor<1x1x1x4x!u8> {
  // CHECK: qat.max_pool2d
  %0 = qat.max_pool2d %x {kernel = array<i64: 3, 3>, stride = array<i64: 2, 2>, pad = array<i64: 1, 1, 1, 1>} : (tensor<1x8x8x4x!u8>) -> tensor<1x4x4x4x!u8>
  // CHECK: qat.avg_pool2d
  %1 = qat.avg_pool2d %0 {kernel = array<i64: 4, 4>, stride = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, rounding = #qat.rounding<nearest>} : (tensor<1x4x4x4x!u8>) -> tensor<1x1x1x4x!u8>
  return %1 : tensor<1x1x1x4x!u8>
}

//===----------------------------------------------------------------------===//
// Form C
//===----------------------------------------------------------------------===//

memref.global "private" constant @conv1_weights : memref<2xi32> = dense<[1, 2]>

// CHECK-LABEL: func.func @kernel_call
func.func @kernel_call(%x: memref<3072xi8>, %y: memref<16384xi8>, %s: memref<64xi8>) {
  // CHECK: qat.kernel_call "qat_conv2d_u8_u8_u8" @conv1 ins(%{{.*}} : memref<3072xi8>) outs(%{{.*}} : memref<16384xi8>) scratch(%{{.*}} : memref<64xi8>) fields {in_h = 32 : i32, weights = @conv1_weights} {kind = "conv2d", macs = 442368 : i64, pitches = array<i32: 96, 512>, rows = 32 : i32, tensors =
  qat.kernel_call "qat_conv2d_u8_u8_u8" @conv1 ins(%x : memref<3072xi8>) outs(%y : memref<16384xi8>) scratch(%s : memref<64xi8>) fields {in_h = 32 : i32, weights = @conv1_weights} {kind = "conv2d", macs = 442368 : i64, rows = 32 : i32, pitches = array<i32: 96, 512>, tensors = [tensor<1x32x32x3x!u8>, tensor<1x32x32x16x!u8>]}
  return
}
