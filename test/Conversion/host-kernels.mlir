// RUN: qat-mlir-opt %s -convert-qat-to-linalg=host-kernels=avx512vnni -split-input-file -verify-diagnostics | FileCheck %s
// RUN: qat-mlir-opt %s -convert-qat-to-linalg -split-input-file | FileCheck %s --check-prefix=LOOPS

!u8 = !quant.uniform<u8:f32, 0.05>
!w8 = !quant.uniform<u8:f32, 0.02:128>
!i32 = !quant.uniform<i32:f32, 0.001>

// Three weights and the padding of their step of four, for one of 16 lanes;
// then 15 lanes of zeros. Channels: bias, factor, multiplier, shift.
// CHECK-LABEL: func.func @conv2d
// CHECK-SAME:    (%[[X:.*]]: tensor<1x2x2x3xi8>)
// CHECK-DAG:     %[[W:.*]] = arith.constant dense<[-1, 0, 2, 0, 0, {{.*}}]> : tensor<64xi8>
// CHECK-DAG:     %[[C:.*]] = arith.constant dense<[7, {{.*}}, 1518500250, {{.*}}, 38, {{.*}}]> : tensor<68xi32>
// CHECK-DAG:     %[[L:.*]] = arith.constant dense<[1, 2, 2, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 1, 0, 255, 0, 1, 0, 4, 0]> : tensor<26xi64>
// CHECK-DAG:     %[[E:.*]] = tensor.empty() : tensor<1x2x2x1xi8>
// CHECK:         %[[Y:.*]] = qat.host_call "qat_host_conv2d_avx512vnni" ins(%[[X]], %[[W]], %[[C]], %[[L]] :
// CHECK-SAME:        outs(%[[E]] : tensor<1x2x2x1xi8>) {scratch_bytes = {{[0-9]+}} : i64}
// CHECK:         return %[[Y]]
// LOOPS-NOT:   qat.host_call
func.func @conv2d(%x: tensor<1x2x2x3x!u8>) -> tensor<1x2x2x1x!u8> {
  %c = arith.constant dense<[[[[127, 128, 130]]]]> : tensor<1x1x1x3xi8>
  %w = quant.scast %c : tensor<1x1x1x3xi8> to tensor<1x1x1x3x!w8>
  %b = arith.constant dense<[7]> : tensor<1xi32>
  %y = qat.conv2d %x, %w, %b {pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, groups = 1 : i64, multiplier = array<i32: 1518500250>, shift = array<i8: 38>} : (tensor<1x2x2x3x!u8>, tensor<1x1x1x3x!w8>, tensor<1xi32>) -> tensor<1x2x2x1x!u8>
  return %y : tensor<1x2x2x1x!u8>
}

// CHECK-LABEL: func.func @fully_connected
// CHECK:         qat.host_call "qat_host_conv2d_avx512vnni_i32"
// CHECK-SAME:      outs(%{{.*}} : tensor<1x1xi32>)
func.func @fully_connected(%x: tensor<1x3x!u8>) -> tensor<1x1x!i32> {
  %c = arith.constant dense<[[127, 128, 130]]> : tensor<1x3xi8>
  %w = quant.scast %c : tensor<1x3xi8> to tensor<1x3x!w8>
  %b = arith.constant dense<[7]> : tensor<1xi32>
  %y = qat.fully_connected %x, %w, %b : (tensor<1x3x!u8>, tensor<1x3x!w8>, tensor<1xi32>) -> tensor<1x1x!i32>
  return %y : tensor<1x1x!i32>
}

// CHECK-LABEL: func.func @depthwise_conv2d
// CHECK:         qat.host_call "qat_host_depthwise_conv2d_avx512vnni"
func.func @depthwise_conv2d(%x: tensor<1x2x2x1x!u8>) -> tensor<1x1x1x1x!u8> {
  %c = arith.constant dense<[[[1], [2]], [[3], [4]]]> : tensor<2x2x1xi8>
  %w = quant.scast %c : tensor<2x2x1xi8> to tensor<2x2x1x!w8>
  %b = arith.constant dense<[7]> : tensor<1xi32>
  %y = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 1518500250>, shift = array<i8: 38>} : (tensor<1x2x2x1x!u8>, tensor<2x2x1x!w8>, tensor<1xi32>) -> tensor<1x1x1x1x!u8>
  return %y : tensor<1x1x1x1x!u8>
}

// A depth multiplier, weights that are no constants and sums of more than 32
// bits stay loops.
// CHECK-LABEL: func.func @depth_multiplier
// CHECK-NOT:     qat.host_call
func.func @depth_multiplier(%x: tensor<1x2x2x1x!u8>) -> tensor<1x1x1x2x!u8> {
  %c = arith.constant dense<[[[1, 2], [2, 2]], [[3, 2], [4, 2]]]> : tensor<2x2x2xi8>
  %w = quant.scast %c : tensor<2x2x2xi8> to tensor<2x2x2x!w8>
  %b = arith.constant dense<[7, 7]> : tensor<2xi32>
  %y = qat.depthwise_conv2d %x, %w, %b {pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>, multiplier = array<i32: 1518500250>, shift = array<i8: 38>} : (tensor<1x2x2x1x!u8>, tensor<2x2x2x!w8>, tensor<2xi32>) -> tensor<1x1x1x2x!u8>
  return %y : tensor<1x1x1x2x!u8>
}

// CHECK-LABEL: func.func @variable_weights
// CHECK-NOT:     qat.host_call
func.func @variable_weights(%x: tensor<1x3x!u8>, %w: tensor<1x3x!w8>) -> tensor<1x1x!i32> {
  %b = arith.constant dense<[7]> : tensor<1xi32>
  %y = qat.fully_connected %x, %w, %b : (tensor<1x3x!u8>, tensor<1x3x!w8>, tensor<1xi32>) -> tensor<1x1x!i32>
  return %y : tensor<1x1x!i32>
}

// CHECK-LABEL: func.func @wide_sum
// CHECK-NOT:     qat.host_call
func.func @wide_sum(%x: tensor<1x3x!u8>) -> tensor<1x1x!i32> {
  %c = arith.constant dense<[[127, 128, 130]]> : tensor<1x3xi8>
  %w = quant.scast %c : tensor<1x3xi8> to tensor<1x3x!w8>
  %b = arith.constant dense<[2147483647]> : tensor<1xi32>
  %y = qat.fully_connected %x, %w, %b : (tensor<1x3x!u8>, tensor<1x3x!w8>, tensor<1xi32>) -> tensor<1x1x!i32>
  return %y : tensor<1x1x!i32>
}

// An imported network keeps its rounding: 2, before the last two words.
// CHECK-LABEL: func.func @double_round
// CHECK:         arith.constant dense<[{{.*}}, 1, 2, 1, 0]> : tensor<26xi64>
// CHECK:         qat.host_call "qat_host_conv2d_avx512vnni"
func.func @double_round(%x: tensor<1x3x!u8>) -> tensor<1x1x!u8> {
  %c = arith.constant dense<[[127, 128, 130]]> : tensor<1x3xi8>
  %w = quant.scast %c : tensor<1x3xi8> to tensor<1x3x!w8>
  %b = arith.constant dense<[7]> : tensor<1xi32>
  %y = qat.fully_connected %x, %w, %b {multiplier = array<i32: 1518500250>, shift = array<i8: 38>, rounding = #qat.scale_rounding<double_round>} : (tensor<1x3x!u8>, tensor<1x3x!w8>, tensor<1xi32>) -> tensor<1x1x!u8>
  return %y : tensor<1x1x!u8>
}
